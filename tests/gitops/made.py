"""Little git repositories, made by the git binary itself, with times of the test's choosing."""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NOON = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp())
"""Well before the noon of `tests.builders`, so that no commit is from the future."""
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "someone",
    "GIT_AUTHOR_EMAIL": "someone@example.org",
    "GIT_COMMITTER_NAME": "someone",
    "GIT_COMMITTER_EMAIL": "someone@example.org",
    "GIT_ALLOW_PROTOCOL": "file",
}


@dataclass
class Made:
    """A repository with a work tree."""

    folder: Path
    clock: int = NOON

    @classmethod
    def at(cls, folder: Path) -> "Made":
        """Make an empty one."""
        folder.mkdir(parents=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    def git(self, *arguments: str) -> str:
        """Run git in it; the time of anything it makes is the clock's."""
        when = f"@{self.clock} +0200"
        ran = subprocess.run(  # noqa: S603 - our own words
            ["git", *arguments],  # noqa: S607 - the git that is on PATH is the one under test
            cwd=self.folder,
            env={
                **_ENVIRONMENT,
                "PATH": os.environ["PATH"],
                "GIT_AUTHOR_DATE": when,
                "GIT_COMMITTER_DATE": when,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.strip()

    def commit(self, files: dict[str, str | None], *, after: int = 60) -> str:
        """Write *files*, None to delete, and commit *after* seconds; return the commit."""
        self.clock += after
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def blob(self, path: str) -> str:
        """Return how a declared line refers to the file at *path* as it is now."""
        return "git-blob:" + self.git("rev-parse", f"HEAD:{path}")

    def bare(self, folder: Path) -> Path:
        """Return a bare copy at *folder*."""
        self.git("clone", "--quiet", "--bare", str(self.folder), str(folder))
        return folder


def text(seconds: int) -> str:
    """Spell a time as a line does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
