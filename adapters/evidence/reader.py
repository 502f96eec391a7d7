"""What files are, and what their pieces say, without verifying anything."""

from collections.abc import Sequence

from adapters.evidence import plain, reading, signatures
from adapters.evidence.pieces import Bundle, Envelope, Piece, Unread
from adapters.evidence.plain import ReadLarge
from domain import json_text, statement
from domain.admission import Kind
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Identity, Reason
from domain.statement import Statement

_MAY_BE_PLAIN = frozenset({Reason.UNKNOWN_FORMAT, Reason.NOT_JSON, Reason.TOO_LARGE})


class FileReader:
    """Implements `EvidenceReader`."""

    def __init__(self, read_large: ReadLarge) -> None:
        """Read what may be an SBOM by *read_large*."""
        self._read_large = read_large

    def kind(self, content: bytes) -> Kind:
        """See `EvidenceReader.kind`."""
        document: object = None
        try:
            documents = reading.documents(content)
            if isinstance(documents, tuple):
                (document,) = documents
            reading.pieces(documents)
        except EvidenceRefused as unsigned:
            if unsigned.reason not in _MAY_BE_PLAIN:
                raise
            found = plain.kind(content, document, self._read_large)
            if found is None:
                raise
            return found
        return Kind.SIGNED

    def pieces(self, content: bytes) -> "FilePieces":
        """See `EvidenceReader.pieces`."""
        return FilePieces(reading.read(content))

    def root(self, content: bytes) -> Digest:
        """See `EvidenceReader.root`."""
        from adapters.evidence.roots import Root  # noqa: PLC0415 - 0.4 s, and only when needed

        try:
            return Root(content).digest
        except EvidenceRefused:
            raise
        except Exception as wrong:  # whatever a library says about a file from outside
            raise EvidenceRefused(
                Reason.UNUSABLE_ANCHOR, f"no trusted root: {type(wrong).__name__}"
            ) from wrong

    def key(self, content: bytes) -> Digest:
        """See `EvidenceReader.key`."""
        return Digest.of(signatures.der(signatures.load(content)))


class FilePieces:
    """Implements `ReadPieces`; each payload is read once, however many verified it."""

    def __init__(self, pieces: Sequence[Piece | Unread]) -> None:
        self._pieces = pieces
        self._said: dict[int, Statement | None] = {}

    def statement(self, place: int, identity: Identity) -> Statement | None:
        """See `ReadPieces.statement`."""
        if place >= len(self._pieces):
            raise EvidenceRefused(Reason.CONTRADICTORY, f"there is no piece {place}")
        piece = self._pieces[place]
        if isinstance(piece, Unread):
            raise piece.refusal
        inner = piece.content.content if isinstance(piece.content, Bundle) else piece.content
        if not isinstance(inner, Envelope):
            return None
        if identity.signed not in (Digest.of(inner.pae), Digest.of(inner.payload)):
            raise EvidenceRefused(Reason.CONTRADICTORY, f"piece {place} is not the one that was verified")
        if place not in self._said:
            self._said[place] = _said(inner.payload)
        return self._said[place]


def _said(payload: bytes) -> Statement | None:
    try:
        return statement.of_document(json_text.read(payload))
    except EvidenceRefused:
        return None
