"""SBOMs that were admitted, read from the files that are kept, and the lists of the last few at hand.

What reads them is imported when there is one to read: most commands of the command line never do.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from adapters.sbom.summaries import Summaries, summary_of
from domain.component import Coordinates
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, MalformedValue
from domain.evidence import EvidenceRefused
from domain.evidence_port import EvidenceReader, ReadPieces
from domain.ports import Blobs
from domain.sbom import Sbom, Summary
from domain.sbom_evidence import Piece, SbomEvidence

if TYPE_CHECKING:
    from adapters.sbom.question import Asked

AT_HAND_MAX = 50_000
"""Components, in all lists together, some 20 MB; the last list is at hand however long it is."""

Inside = frozenset[Coordinates]


class KeptSboms:
    """Implements `SbomReader`, and reads what is to be admitted."""

    def __init__(self, blobs: Blobs, evidence: EvidenceReader) -> None:
        """Read files from *blobs*, and the signed pieces of them by *evidence*."""
        self._blobs = blobs
        self._evidence = evidence
        self._at_hand: OrderedDict[SbomEvidence, Inside] = OrderedDict()
        self._summaries = Summaries()
        self._lock = Lock()

    def wanted(self, text: str) -> "Asked":
        """See `SbomReader.wanted`."""
        from adapters.sbom.question import asked  # noqa: PLC0415 - see above

        return asked(text)

    def taken_in(self, content: bytes) -> object:
        """Return the JSON document *content*, which comes in now; of an SBOM, all of it was read.

        What it lists is then at hand for the read models, which follow at once. Raises `MalformedValue`
        for a document, or for an SBOM, that cannot be read.
        """
        from adapters.sbom import document, reader  # noqa: PLC0415 - see above

        found = document.read(content)
        if reader.is_sbom(found):
            self._remember(SbomEvidence(Digest.of(content), None), reader.of(found).inside())
        return found

    def read(self, sbom: SbomEvidence) -> Sbom:
        """See `SbomReader.read`."""
        from adapters.sbom import reader  # noqa: PLC0415 - see above

        content = self._blobs.get(sbom.evidence)
        if sbom.piece is None:
            return reader.read(content)
        return reader.of(_predicate(self._pieces(content), sbom.piece))

    def summaries(self, file: Digest, content: bytes, pieces: Sequence[Piece]) -> Sequence[Summary | None]:
        """See `SbomReader.summaries`."""
        sboms = [SbomEvidence(file, piece) for piece in pieces]
        known = self._summaries.known(sboms)
        missing = [piece for sbom, piece in zip(sboms, pieces, strict=True) if sbom not in known]
        if missing:
            made = dict(self._summarised(file, content, missing))
            self._summaries.remember(made)
            known |= made
        return [known[sbom] for sbom in sboms]

    def _summarised(
        self, file: Digest, content: bytes, pieces: Sequence[Piece]
    ) -> Iterator[tuple[SbomEvidence, Summary | None]]:
        from adapters.sbom import reader  # noqa: PLC0415 - see above

        read = self._pieces(content)
        for piece in pieces:
            try:
                summary = summary_of(reader.of(_predicate(read, piece)))
            except MalformedValue:
                summary = None
            yield SbomEvidence(file, piece), summary

    def inside(self, sbom: SbomEvidence) -> Inside | None:
        """Return what the artifact contains by *sbom*; None when that cannot be read, or is lost.

        Raises `LedgerUnavailable` when nobody can tell now: that is no answer.
        """
        with self._lock:
            known = self._at_hand.get(sbom)
        if known is not None:
            return known
        try:
            found = self.read(sbom).inside()
        except (MalformedValue, EvidenceLost, BrokenLedger):
            return None
        self._remember(sbom, found)
        return found

    def _pieces(self, content: bytes) -> ReadPieces | EvidenceRefused:
        try:
            return self._evidence.pieces(content)
        except EvidenceRefused as wrong:
            return wrong

    def _remember(self, sbom: SbomEvidence, found: Inside) -> None:
        with self._lock:
            self._at_hand[sbom] = found
            while len(self._at_hand) > 1 and sum(map(len, self._at_hand.values())) > AT_HAND_MAX:
                self._at_hand.popitem(last=False)


def _predicate(read: ReadPieces | EvidenceRefused, piece: Piece) -> object:
    try:
        if isinstance(read, EvidenceRefused):
            raise read
        statement = read.statement(piece.place, piece.identity)
    except EvidenceRefused as wrong:
        raise MalformedValue(f"the signed piece can no longer be read: {wrong.words}") from wrong
    if statement is None:
        raise MalformedValue("the signed piece is no Statement")
    return _unwrapped(dict(statement.predicate))


def _unwrapped(predicate: dict[str, Any]) -> object:
    """Return the SBOM in *predicate*, which cosign before 2.0 put beside a time, as `Data`."""
    data = predicate.get("Data")
    return data if isinstance(data, dict) else predicate
