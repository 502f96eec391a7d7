"""Starts the process that reads ahead for a rebuild, which can load what it needs while this one does."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

COMMAND = (sys.executable, "-P", "-m", "api.ahead")
"""Without the folder it is started in, which may be anybody's."""
LARGE_BYTES = 40_000_000
"""A SQLite file that is smaller holds fewer than some 20,000 events, which are rebuilt in one process."""
_FILE = "sqlite:///"

Reader = subprocess.Popen[bytes]


def start(command: Sequence[str] = COMMAND) -> Reader:
    """Start it; it waits to be told what to read. What interrupts this at a terminal does not reach it."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter, with a module of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    )


@contextmanager
def early(url: str) -> Iterator[Reader | None]:
    """Lend it, started already, if the database of *url* may hold a large ledger; it has ended afterwards."""
    if not _may_be_large(url):
        yield None
        return
    reader = start()
    try:
        yield reader
    finally:
        end(reader)


def end(reader: Reader) -> None:
    """End it, at whatever it is: it writes nothing. Safe to repeat."""
    reader.kill()
    with reader:
        pass  # its pipes are closed, and it is waited for


def _may_be_large(url: str) -> bool:
    if not url.startswith("sqlite"):
        return True
    file = Path(url.removeprefix(_FILE))
    return url.startswith(_FILE) and file.is_file() and file.stat().st_size >= LARGE_BYTES
