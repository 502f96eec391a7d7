"""The git binary, held at arm's length: it reads one repository, and nothing in there is run or obeyed.

No shell. Of the environment only PATH is passed on; the configuration of the system and
the user is not read, and what the repository's own could have executed or fetched is
switched off. Replacements and grafts do not apply: what is read is what is signed by its
object names. Every wait is bounded.
"""

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

WAIT_SECONDS_MAX = 300
"""For each wait for bytes. `log --reverse` is silent until it has seen the whole history."""
LINE_BYTES_MAX = 1 << 20
CHUNK_BYTES = 1 << 16
_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "safe.directory=*"),  # the owner does not matter to someone who obeys nothing
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", f"diff.orderFile={os.devnull}"),
    *("-c", "core.commitGraph=false"),  # a cache, and so a second opinion about who is whose parent
    *("-c", "log.showSignature=false"),
    *("-c", "log.diffMerges=separate"),
    *("-c", "log.follow=false"),
    *("-c", "color.ui=never"),
    *("-c", "i18n.logOutputEncoding=UTF-8"),
    *("-c", "protocol.allow=never"),
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # for versions that know nothing of the line above
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,
    "LC_ALL": "C",
}


class GitFailed(Exception):
    """Git is missing, refuses, or does not answer in time."""


class Stream:
    """What a process writes, in parts that end with a given byte, or of a given length."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None, "started with a pipe"
        self._process = process
        self._descriptor = process.stdout.fileno()
        self._buffer = bytearray()

    def until(self, end: bytes) -> bytes | None:
        """Return the bytes before the next *end*; None when there are no more."""
        searched = 0
        while (place := self._buffer.find(end, searched)) < 0:
            searched = len(self._buffer)
            if searched > LINE_BYTES_MAX:
                raise GitFailed(f"git sends a record longer than {LINE_BYTES_MAX} bytes")
            if not self._more():
                if self._buffer:
                    raise GitFailed("git stopped in the middle of a record")
                return None
        part = bytes(self._buffer[:place])
        del self._buffer[: place + 1]
        return part

    def exactly(self, count: int, *, keep: int) -> bytes:
        """Read *count* bytes and return the first *keep* of them."""
        kept, left = bytearray(), count
        while left:
            if not self._buffer and not self._more():
                raise GitFailed("git stopped in the middle of a file")
            part = self._buffer[:left]
            del self._buffer[:left]
            left -= len(part)
            kept += part[: max(keep - len(kept), 0)]
        return bytes(kept)

    def _more(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], WAIT_SECONDS_MAX)
        if not ready:
            raise GitFailed(f"git was silent for {WAIT_SECONDS_MAX} seconds")
        chunk = os.read(self._descriptor, CHUNK_BYTES)
        self._buffer += chunk
        return bool(chunk)


class Git:
    """Runs git on the repository at *folder*, which is its own top or a bare one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._environment = {
            **_ENVIRONMENT,
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CEILING_DIRECTORIES": str(self._folder.parent),
        }

    def line(self, *arguments: str) -> str | None:
        """Return the one line that git says, None when it refuses."""
        began = monotonic()
        try:
            ran = subprocess.run(  # noqa: S603 - our own words; what is the user's comes after `--` or is a path
                self._command(arguments),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=WAIT_SECONDS_MAX,
                check=False,
            )
        except OSError as missing:
            raise GitFailed(f"git does not run: {missing.strerror}") from missing
        except subprocess.TimeoutExpired as late:
            raise GitFailed(f"git {arguments[0]} took {monotonic() - began:.0f} seconds") from late
        return ran.stdout.decode("utf-8", "replace").strip() if ran.returncode == 0 else None

    @contextmanager
    def stream(self, *arguments: str) -> Iterator[Stream]:
        """Lend what git writes; raises `GitFailed` when it ends badly, unless it was left early."""
        with self._running(arguments, stdin=subprocess.DEVNULL) as process:
            yield Stream(process)
            code = process.wait(WAIT_SECONDS_MAX)
            if code:
                raise GitFailed(f"git {arguments[0]} ended with {code}")

    @contextmanager
    def conversation(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Stream]]:
        """Lend a process that answers what is written to it."""
        with self._running(arguments, stdin=subprocess.PIPE) as process:
            yield process, Stream(process)

    @contextmanager
    def _running(self, arguments: tuple[str, ...], *, stdin: int) -> Iterator[subprocess.Popen[bytes]]:
        try:
            process = subprocess.Popen(  # noqa: S603 - see `line`
                self._command(arguments),
                cwd=self._folder,
                env=self._environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as missing:
            raise GitFailed(f"git does not run: {missing.strerror}") from missing
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @staticmethod
    def _command(arguments: tuple[str, ...]) -> list[str]:
        return ["git", *_OPTIONS, *arguments]
