"""First-parent history: what each commit did to which files, oldest first, and what is in them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Self
from urllib.parse import urlsplit

from api.gitops.documents import BYTES_MAX
from api.gitops.git import Git, GitFailed, Stream
from domain import instant, names
from domain.errors import MalformedValue

FILES = (b"100644", b"100755")
"""Modes of regular files; links and submodules have no content of their own."""
_GONE = b"000000"
_SCP = re.compile(r"(?:[^@/:]+@)?([^/:]+:.+)")


class NotARepository(Exception):
    """No git repository there, or no such commit in it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the GitOps repository."""

    id: str
    at: datetime | None
    """The committer's time, UTC; None when it is outside what the ledger takes."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit made of one path."""

    path: str
    blob: str | None
    """None: no regular file there any more."""
    odd: bool = False
    """There is something, but no regular file."""


class Repository:
    """One local repository, bare or not, read through two long-lived git processes."""

    def __init__(self, git: Git, name: str, blobs: tuple[Popen[bytes], Stream]) -> None:
        self._git = git
        self._name = name
        self._asked, self._told = blobs

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self]:
        """Lend the repository at *folder*. Raises `NotARepository`, `GitFailed`."""
        git = Git(folder)
        if git.line("rev-parse", "--git-dir") is None:
            raise NotARepository(f"no git repository at {str(folder)!r}")
        with ExitStack() as stack:
            blobs = stack.enter_context(git.conversation("cat-file", "--batch"))
            yield cls(git, folder.resolve().name.removesuffix(".git"), blobs)

    def resolve(self, ref: str) -> str:
        """Return the commit that *ref* names."""
        found = self._git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found is None:
            raise NotARepository(f"no commit {ref[:120]!r} in the repository")
        return found

    def shallow(self) -> bool:
        """Say whether the history was cut off when it was cloned."""
        return self._git.line("rev-parse", "--is-shallow-repository") == "true"

    def source(self) -> str:
        """Return where the repository came from, without user, password or query; else its folder's name."""
        url = self._git.line("config", "--get", "remote.origin.url")
        cleaned = None if url is None else _without_credentials(url)
        try:
            return names.line(cleaned or self._name, "source")
        except MalformedValue:
            return "gitops"

    def leads_to(self, commit: str, head: str) -> bool:
        """Say whether *commit* is in the first-parent history of *head*."""
        wanted = commit.encode()
        with self._git.stream("rev-list", "--first-parent", head, "--") as told:
            while (name := told.until(b"\n")) is not None:
                if name == wanted:
                    return True
        return False

    def count(self, head: str, folders: Sequence[str]) -> int:
        """Return how many commits `commits` will yield."""
        counted = self._git.line("rev-list", "--count", "--first-parent", head, "--", *folders)
        return int(counted or 0)

    def commits(self, head: str, folders: Sequence[str]) -> Iterator[tuple[Commit, list[Change]]]:
        """Yield the commits up to *head* that changed something below *folders*, oldest first."""
        arguments = (
            *("log", "--first-parent", "-m", "--root", "--reverse", "--format=tformat:%x01%H %ct"),
            *("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"),
            *(head, "--", *folders),
        )
        with self._git.stream(*arguments) as told:
            commit, changes = None, list[Change]()
            while (part := told.until(b"\0")) is not None:
                part = part.removeprefix(b"\n")
                if part.startswith(b"\x01"):
                    if commit is not None:
                        yield commit, changes
                    commit, changes = _commit(part), []
                elif part.startswith(b":"):
                    changes.append(_change(part, told.until(b"\0")))
                elif part:
                    raise GitFailed(f"git log says what nobody asked for: {part[:60]!r}")
            if commit is not None:
                yield commit, changes

    def files(self, head: str) -> Iterator[Change]:
        """Yield every regular file in the tree of *head*."""
        with self._git.stream("ls-tree", "-r", "-z", "--full-tree", head) as told:
            while (entry := told.until(b"\0")) is not None:
                described, _, path = entry.partition(b"\t")
                mode, _, blob = described.split(b" ")
                if mode in FILES:
                    yield Change(path.decode("utf-8", "surrogateescape"), blob.decode())

    def blob(self, name: str) -> bytes:
        """Return the content of a blob, its first megabyte and a byte at most."""
        assert self._asked.stdin is not None, "started with a pipe"
        try:
            self._asked.stdin.write(name.encode() + b"\n")
            self._asked.stdin.flush()
        except OSError as gone:
            raise GitFailed("git cat-file stopped") from gone
        head = (self._told.until(b"\n") or b"").split(b" ")
        if len(head) != 3 or head[1] != b"blob":  # noqa: PLR2004 - name, type, size: git-cat-file(1), "BATCH OUTPUT"
            raise GitFailed(f"blob {name} is not in the repository; a partial clone has not all of them")
        content = self._told.exactly(int(head[2]), keep=BYTES_MAX + 1)
        self._told.exactly(1, keep=0)
        return content


def _commit(part: bytes) -> Commit:
    name, _, seconds = part[1:].strip().decode().partition(" ")
    try:
        at = instant.checked(instant.EARLIEST + timedelta(seconds=int(seconds)))
    except (MalformedValue, OverflowError, ValueError):
        return Commit(name, None)
    return Commit(name, at)


def _change(entry: bytes, path: bytes | None) -> Change:
    if path is None:
        raise GitFailed("git stopped in the middle of a record")
    _, mode, _, blob, _ = entry.split(b" ")
    spelled = path.decode("utf-8", "surrogateescape")
    if mode in FILES:
        return Change(spelled, blob.decode())
    return Change(spelled, None, odd=mode != _GONE)


def _without_credentials(url: str) -> str | None:
    """Return *url* without what may be secret; None for a path, which says nothing elsewhere."""
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file" or not parts.hostname:
            return None
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    found = _SCP.fullmatch(url)
    return None if found is None else found[1]
