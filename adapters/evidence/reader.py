"""What files are, and what their pieces say, without verifying anything."""

from adapters.evidence import plain, reading, signatures
from adapters.evidence.pieces import Bundle, Envelope, Unread
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
        try:
            reading.read(content)
        except EvidenceRefused as unsigned:
            found = plain.kind(content, self._read_large) if unsigned.reason in _MAY_BE_PLAIN else None
            if found is None:
                raise
            return found
        return Kind.SIGNED

    def statement(self, content: bytes, place: int, identity: Identity) -> Statement | None:
        """See `EvidenceReader.statement`."""
        pieces = reading.read(content)
        if place >= len(pieces):
            raise EvidenceRefused(Reason.CONTRADICTORY, f"there is no piece {place}")
        piece = pieces[place]
        if isinstance(piece, Unread):
            raise piece.refusal
        inner = piece.content.content if isinstance(piece.content, Bundle) else piece.content
        if not isinstance(inner, Envelope):
            return None
        if identity.signed not in (Digest.of(inner.pae), Digest.of(inner.payload)):
            raise EvidenceRefused(Reason.CONTRADICTORY, f"piece {place} is not the one that was verified")
        try:
            return statement.of_document(json_text.read(inner.payload))
        except EvidenceRefused:
            return None

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
