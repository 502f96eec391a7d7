"""Reading ahead in a process of its own: events become rows in one, and rows get into the tables in another.

1. The reading process is told the page size and the URL of the database on its standard input.
2. It writes each page to its standard output, and after the last a none; instead of a page, what it refuses.
3. It is sent one byte once the copy is there to be read back, and one for each page that was committed to it;
   it is at most `PAGES_AHEAD` of them ahead.
4. Either end notices when the other is gone: a pipe ends with the process that holds it. What interrupts
   the one at a terminal does not reach the other, which would have a word to say about it.
"""

import marshal
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import IO

from adapters.readmodels.filling import Page
from domain.errors import BrokenLedger, LedgerError, LedgerUnavailable

PAGES_AHEAD = 2
"""Some MB of rows in memory: none of the two waits for the other for the length of one page."""
_LENGTH = struct.Struct(">Q")
_COMMITTED = b"+"
_REFUSALS = {kind.__name__: kind for kind in (BrokenLedger, LedgerUnavailable)}
_LOST = "the process that reads the events ahead ended, with status {}: run it again"


class _Gone(Exception):
    """The process that writes has ended."""


@contextmanager
def reading(process: "subprocess.Popen[bytes]", url: str, events: int) -> Iterator[Iterator[Page]]:
    """Have *process*, which does what `serve` does, read the ledger at *url*, and lend its pages.

    Asking for the first says that the copy is there, and for each other that the last one is in it.
    It has ended when this has. What it refuses is raised, and `LedgerUnavailable` when it fell.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    heard: SimpleQueue[bytes] = SimpleQueue()
    listener = threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True)
    listener.start()
    try:
        with suppress(BrokenPipeError):
            _send(process.stdin, marshal.dumps((events, url)))
        yield _pages(process, process.stdin, heard)
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        listener.join()
        process.stdout.close()


def serve(
    told: IO[bytes],
    out: IO[bytes],
    pages: Callable[[str, int, Callable[[], None]], Iterator[Page]],
) -> None:
    """Write what *pages* makes of the URL, the page size, and of what waits until all before is committed.

    Returns when all is written, or nobody reads it, or asks for it.
    """
    ahead = 1  # the copy itself

    def wait(pages_ahead: int = 0) -> None:
        nonlocal ahead
        while ahead > pages_ahead:
            if not told.read(1):
                raise _Gone
            ahead -= 1

    with suppress(_Gone, BrokenPipeError):
        if not (hello := _received(told)):
            return
        events, url = marshal.loads(hello)  # noqa: S302 - written by the process that started this
        try:
            for page in pages(url, events, wait):
                wait(PAGES_AHEAD - 1)
                _send(out, marshal.dumps(tuple(page)))
                ahead += 1
        except LedgerError as refusal:
            _send(out, marshal.dumps((type(refusal).__name__, str(refusal))))
        else:
            _send(out, marshal.dumps(None))


def _pages(
    process: "subprocess.Popen[bytes]", commits: IO[bytes], heard: "SimpleQueue[bytes]"
) -> Iterator[Page]:
    _say(commits)
    while content := heard.get():
        found = marshal.loads(content)  # noqa: S302 - written by the process that was started here
        if found is None:
            return
        if len(found) != len(Page._fields):
            kind, said = found
            raise _REFUSALS.get(kind, LedgerUnavailable)(said)
        yield Page(*found)
        _say(commits)
    raise LedgerUnavailable(_LOST.format(process.wait()))


def _say(commits: IO[bytes]) -> None:
    """Say that what was made or lent last is committed."""
    with suppress(BrokenPipeError):  # if it fell, that is noticed where its next page is missing
        commits.write(_COMMITTED)
        commits.flush()


def _listen(source: IO[bytes], heard: "SimpleQueue[bytes]") -> None:
    """Take what the other process writes as it comes, so that it can go on; at the end, nothing."""
    try:
        while content := _received(source):
            heard.put(content)
    finally:
        heard.put(b"")


def _send(out: IO[bytes], content: bytes) -> None:
    out.write(_LENGTH.pack(len(content)))
    out.write(content)
    out.flush()


def _received(source: IO[bytes]) -> bytes:
    """Return what `_send` wrote; nothing when its end is missing."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    content = source.read(length)
    return content if len(content) == length else b""
