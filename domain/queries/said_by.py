"""What verified pieces of evidence say, read from the files that were kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.admission import EvidenceVerified
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost
from domain.evidence import EvidenceRefused
from domain.evidence_port import EvidenceReader, ReadPieces
from domain.ports import BlobReader
from domain.statement import Statement


@dataclass(frozen=True, slots=True)
class Said:
    """What a piece says."""

    statement: Statement | None
    """None, with which nothing holds, when this program no longer reads it so."""
    lost: str | None = None
    """Why nobody can tell: the file that was admitted is not there, or another is."""


def said_by(
    verified: Sequence[EvidenceVerified], *, blobs: BlobReader, reader: EvidenceReader
) -> Iterator[tuple[int, Said]]:
    """Yield what each of *verified* says, with its place among them.

    File by file, each fetched and read once, so that no more than one is held.
    Raises `LedgerUnavailable`.
    """
    by_file: dict[Digest, list[int]] = {}
    for place, event in enumerate(verified):
        by_file.setdefault(event.evidence, []).append(place)
    for file, places in by_file.items():
        try:
            pieces = _read(blobs.get(file), reader)
        except (EvidenceLost, BrokenLedger) as gone:
            yield from ((place, Said(None, str(gone))) for place in places)
            continue
        for place in places:
            yield place, Said(_statement(pieces, verified[place]))


def _read(content: bytes, reader: EvidenceReader) -> ReadPieces | None:
    try:
        return reader.pieces(content)
    except EvidenceRefused:
        return None


def _statement(pieces: ReadPieces | None, event: EvidenceVerified) -> Statement | None:
    try:
        return None if pieces is None else pieces.statement(event.place, event.identity)
    except EvidenceRefused:
        return None
