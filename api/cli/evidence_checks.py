"""What `shiplog doctor` looks at where evidence is kept. Nothing is kept by it but one small object in S3."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from api.cli import clock
from api.cli.found import Finding, Level
from api.s3_place import S3Place
from api.services import Services
from domain import instant
from domain.commands.trusted import trusted
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable
from domain.ports import Blobs
from domain.prefix import Prefix

ROOM_BYTES_MIN = 1 << 30
"""With less the next weeks' evidence may find no room."""
SAMPLE_FILES = 16
_CHECK = "evidence"
_PUT_BACK = "restore the backup, or hand it in again"


def found(place: Path | S3Place, services: Services, prefix: Prefix) -> Iterator[Finding]:
    """Check that evidence can be kept, and that what is recorded is there; raises what the ledger does."""
    blobs = services.evidence.blobs
    try:
        yield from store(place, blobs)
        yield roots(services)
        yield files(_sample(services, prefix), blobs)
    except LedgerUnavailable as refusal:
        remedy = "check SHIPLOG_BLOBS, and who may read and write there"
        yield Finding(Level.FAIL, _CHECK, f"{place}: {refusal}", remedy)


def store(place: Path | S3Place, blobs: Blobs) -> Iterator[Finding]:
    """Check that content can be written; raises `LedgerUnavailable`."""
    room = blobs.check()
    if isinstance(place, S3Place) and place.in_the_clear:
        yield Finding(Level.WARN, _CHECK, f"{place} is not encrypted on its way", "use https")
    if room is not None and room < ROOM_BYTES_MIN:
        yield Finding(Level.WARN, _CHECK, f"{place} has room for {room >> 20} MB", "make room")
    else:
        said = "" if room is None else f", {room >> 30} GB free"
        yield Finding(Level.OK, _CHECK, f"{place} can be written{said}")


def roots(services: Services) -> Finding:
    """Check that everything that is trusted is there: without it nothing is admitted."""
    try:
        _, names = trusted(services.ledger, services.evidence.blobs)
    except (EvidenceLost, BrokenLedger) as gone:
        return Finding(Level.FAIL, _CHECK, f"of what is trusted, {gone}", _PUT_BACK)
    return Finding(Level.OK, _CHECK, f"everything that is trusted is there: {len(names)}")


def files(sample: Sequence[Digest], blobs: Blobs) -> Finding:
    """Check that the files of *sample* are as they came in."""
    gone = []
    for digest in sample:
        try:
            blobs.get(digest)
        except (EvidenceLost, BrokenLedger) as refusal:
            gone.append(str(refusal))
    if gone:
        of = f"of {len(sample)} files looked at {len(gone)} are lost: {gone[0]}"
        return Finding(Level.FAIL, _CHECK, of, _PUT_BACK)
    return Finding(Level.OK, _CHECK, f"of what is recorded {len(sample)} files were looked at, none is lost")


def _sample(services: Services, prefix: Prefix) -> Sequence[Digest]:
    """Return some files that were admitted, others at every instant."""
    start = Digest.of(instant.text(clock.now()).encode())
    index = services.evidence.index
    after = index.admitted(prefix, after=start, limit=SAMPLE_FILES)
    if len(after) == SAMPLE_FILES:
        return after
    from_the_first = index.admitted(prefix, after=None, limit=SAMPLE_FILES - len(after))
    return sorted({*after, *from_the_first})
