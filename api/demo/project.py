"""The project as its own subject: its commits, its wheel, and what is in its environment."""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from domain.errors import NothingFound

SHIPPED = ("domain", "adapters", "api", "policies", "pyproject.toml")
"""What a commit has to touch to make another wheel."""
BUILD_SECONDS_MAX = 120
GIT_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, and when it was made (RFC 3339). Whose it is stays in git."""

    sha: str
    committed_at: str


@dataclass(frozen=True, slots=True)
class Project:
    """A source tree to build from."""

    root: Path

    @classmethod
    def found(cls) -> "Project":
        """Return the tree this program runs from; raises `NothingFound` for an installed wheel."""
        root = Path(__file__).resolve().parents[2]
        if not (root / "pyproject.toml").is_file():
            raise NothingFound("the demo records the project it runs from: run it in a checkout")
        return cls(root)

    @property
    def has_history(self) -> bool:
        """Whether the tree is a git checkout, and git is here to read it."""
        return (self.root / ".git").exists() and shutil.which("git") is not None

    def history(self, *, limit: int) -> Sequence[Commit]:
        """Return the last *limit* first-parent commits, oldest first."""
        listed = self._git("log", "--first-parent", f"--max-count={limit}", "--format=%H %cI")
        commits = [Commit(*line.split(" ", 1)) for line in listed.decode().splitlines()]
        return commits[::-1]

    def releasable(self) -> Sequence[Commit]:
        """Return the last two commits that changed what is shipped, oldest first."""
        listed = self._git("log", "--first-parent", "--max-count=2", "--format=%H %cI", "--", *SHIPPED)
        return [Commit(*line.split(" ", 1)) for line in listed.decode().splitlines()][::-1]

    def unpack(self, commit: Commit, folder: Path) -> "Project":
        """Return the tree of *commit*, laid out in *folder*."""
        archive = self._git("archive", "--format=tar", commit.sha)
        folder.mkdir(parents=True)
        with tarfile.open(fileobj=BytesIO(archive)) as tree:
            tree.extractall(folder, filter="data")
        return Project(folder)

    def fingerprint(self) -> str:
        """Return the SHA-256 over the shipped files, for a tree that no commit names."""
        digest = sha256()
        for path in sorted(self._shipped_files()):
            content = sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(self.root).as_posix()} {content}\n".encode())
        return digest.hexdigest()

    def build_wheel(self, folder: Path) -> Path:
        """Build the wheel of this tree into *folder*, unless it was built before; offline."""
        known = sorted(folder.glob("*.whl"))
        if known:
            return known[0]
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
        _run([*command, "--outdir", str(folder), str(self.root)], cwd=self.root)
        return next(folder.glob("*.whl"))

    def _shipped_files(self) -> Sequence[Path]:
        found = []
        for name in SHIPPED:
            path = self.root / name
            found += [path] if path.is_file() else [p for p in path.rglob("*.py") if p.is_file()]
        return found

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-c", "safe.directory=*", *arguments]
        return _run(command, cwd=self.root, seconds=GIT_SECONDS_MAX)


def digest_of(path: Path) -> str:
    """Return the digest of a file as OCI descriptors write it."""
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _run(command: Sequence[str], *, cwd: Path, seconds: int = BUILD_SECONDS_MAX) -> bytes:
    done = subprocess.run(command, cwd=cwd, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-5:]
        raise RuntimeError(f"{' '.join(command[:4])} … failed: " + " | ".join(said))
    return done.stdout
