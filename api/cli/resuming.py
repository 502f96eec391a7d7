"""How far an import has come, kept in a file, so that the next run sends only what is left.

What is kept says exactly what may be passed over:

1. the part of the input that was answered, by its length and digest: another input, or one that was
   changed there, is refused, and one that has grown is gone on with;
2. the head of the ledger that answered, by position and digest: another ledger, or one that was restored
   from an older backup, is refused;
3. it is written after the answer, and replaced in one step: killed in between, a batch is sent once more,
   and whatever is recorded already is not recorded again.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import orjson

from api.cli import exits, sending
from api.cli.client import Client, Document, Refused
from api.cli.exits import Failure
from api.cli.sending import Placed, Tally

CHUNK_BYTES = 1 << 20
ALL_AGAIN = "without the STATE all of it is sent: what is recorded already is not recorded twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one run leaves to the next."""

    lines: int
    bytes: int
    digest: str
    """SHA-256 over these bytes, in hex."""
    ended: bool
    """Whether they end with the end of a line; a last line without one may not have been whole."""
    position: int
    ledger: str
    """Digest of the event at `position`; empty when no batch was answered yet."""
    new: int
    existing: int
    refused: int
    malformed: bool

    def __post_init__(self) -> None:
        """Refuse what no run has written."""
        for name, kind in self.__annotations__.items():
            value = getattr(self, name)
            if type(value) is not kind or (kind is int and value < 0):
                raise TypeError(f"{name} is {value!r}")


class Input:
    """The lines of a file, or of stdin, counted and digested as they are read."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        """Read *source*, which goes by *name*."""
        self.name = name
        self.lines = self.bytes = 0
        self._source = source
        self._digest = sha256()
        self._ended = True
        self._head = (0, "")

    def __iter__(self) -> Iterator[Placed]:
        """Yield each line that is not blank, by its number; of one too long only enough to see that it is."""
        while line := self._part():
            self.lines += self._ended
            self._ended = line.endswith(b"\n")
            while not self._ended and (rest := self._part()):
                self._ended = rest.endswith(b"\n")
            if len(line) > sending.LINE_BYTES_MAX or line.strip():
                yield str(self.lines), line if len(line) > sending.LINE_BYTES_MAX else line.rstrip(b"\r\n")

    def go_on_after(self, kept: Kept) -> None:
        """Pass over what *kept* says was answered (1)."""
        left = kept.bytes
        while left and (part := self._source.read(min(left, CHUNK_BYTES))):
            self._digest.update(part)
            left -= len(part)
        rest = b"" if kept.ended else self._source.readline(sending.LINE_BYTES_MAX + 1)
        if left or self._digest.hexdigest() != kept.digest or rest.strip():
            what = f"{self.name} does not begin with what was sent of it before"
            raise Failure(exits.CONFLICT, what, (ALL_AGAIN,))
        self._digest.update(rest)
        self.lines, self.bytes, self._ended = kept.lines, kept.bytes + len(rest), True
        self._head = (kept.position, kept.ledger)

    def kept(self, tally: Tally, ledger: Document | None) -> Kept:
        """Return what may be passed over now: all that was read, which became what *tally* says.

        *ledger* is the head that the last batch was answered with; None when it recorded nothing.
        """
        if ledger is not None:
            self._head = (ledger["position"], ledger["digest"])
        position, digest = self._head
        return Kept(
            lines=self.lines,
            bytes=self.bytes,
            digest=self._digest.hexdigest(),
            ended=self._ended,
            position=position,
            ledger=digest,
            new=tally.new,
            existing=tally.existing,
            refused=tally.refused,
            malformed=tally.malformed,
        )

    def _part(self) -> bytes:
        line = self._source.readline(sending.LINE_BYTES_MAX + 1)
        self._digest.update(line)
        self.bytes += len(line)
        return line


def go_on(file: Path, lines: Input, tally: Tally, api: Client) -> bool:
    """Go on with *lines* and *tally* where *file* says; return whether it says anything."""
    kept = read(file)
    if kept is None:
        return False
    check_ledger(kept, api)
    lines.go_on_after(kept)
    tally.new, tally.existing, tally.refused = kept.new, kept.existing, kept.refused
    tally.malformed = kept.malformed
    return True


def read(file: Path) -> Kept | None:
    """Return what a run before has kept in *file*; None when there is none."""
    try:
        return Kept(**orjson.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise Failure(exits.USAGE, f"{file} cannot be read: {failure.strerror}") from failure
    except (orjson.JSONDecodeError, TypeError) as wrong:
        raise Failure(exits.USAGE, f"{file} is not what an import has kept; name another file") from wrong


def write(file: Path, kept: Kept) -> None:
    """Keep it in *file*, whole or not at all (3)."""
    fresh = file.with_name(f"{file.name}.new")
    try:
        with fresh.open("wb") as out:
            out.write(orjson.dumps(asdict(kept)) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as failure:
        raise Failure(exits.USAGE, f"{file} cannot be written: {failure.strerror}") from failure


def check_ledger(kept: Kept, api: Client) -> None:
    """Refuse when the ledger has not got the event that was its head (2)."""
    if not kept.ledger:
        return
    try:
        found = api.ask("v1", "events", query={"after": kept.position - 1, "limit": 1})["events"]
    except Refused as refused:
        if refused.slug != "beyond-the-head":
            raise
        found = []
    if not found or (found[0]["position"], found[0]["digest"]) != (kept.position, kept.ledger):
        what = f"this is not the ledger that was sent to before: its event {kept.position} is another"
        raise Failure(exits.CONFLICT, what, (ALL_AGAIN,))
