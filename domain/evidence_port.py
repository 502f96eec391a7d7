"""What the domain needs to have evidence verified, and what may be trusted for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.admission import Kind
from domain.digest import Digest
from domain.evidence import Identity, Signs
from domain.statement import Statement
from domain.supply_chain import LayoutHeld, Products
from domain.verification import Outcome


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """One instance of Sigstore: certificate authorities, logs and timestamp authorities.

    Roots of two instances are never merged: what one vouches for, the other does not.
    """

    content: bytes
    """The `trusted_root.json` (protobuf-specs, sigstore_trustroot.proto), byte for byte."""

    @property
    def digest(self) -> Digest:
        """Name it."""
        return Digest.of(self.content)


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A public key that was agreed on beforehand."""

    public_key: bytes
    """PEM, or DER (SubjectPublicKeyInfo)."""
    key_id: str | None = None
    """When given, only signatures that name this key are held against it."""
    signs: Signs = Signs.PAE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """First and last instant at which its signatures count."""
    log: TrustedRoot | None = None
    """Whose logs and timestamp authorities may say when it signed."""


Anchor = TrustedRoot | PinnedKey


class EvidenceVerifier(Protocol):
    """Says what is true about evidence. Safe to call from any thread."""

    def verify(self, content: bytes, anchors: Sequence[Anchor], *, at: datetime) -> Sequence[Outcome]:
        """Verify each piece of the file *content* against *anchors*, as of the instant *at*.

        An outcome for every piece, in the order of the file; one refusal when it cannot be read into
        pieces. A piece is verified by the first anchor that can; it is refused with the reason of the
        anchor that came furthest. Whatever happens inside becomes a refusal: nothing is raised.

        The same content, anchors and instant give the same outcome for ever: no network, no file, no
        setting and no clock is asked. What was signed after *at* is refused.
        """
        ...


class LayoutVerifier(Protocol):
    """Says whether a supply chain was as its owners laid it out. Safe to call from any thread."""

    def verify_layout(
        self,
        layout: bytes,
        owners: Sequence[PinnedKey],
        links: Sequence[bytes],
        *,
        products: Products | None = None,
        at: datetime,
    ) -> LayoutHeld:
        """Hold *links* against *layout*, which all *owners* must have signed, as of *at*.

        With *products*, the last step must have left exactly these. Raises `EvidenceRefused`: for a layout
        that was expired at *at*, would run a command (an inspection), takes another layout for a step, lets
        one key count twice, or has rules that let something pass unseen (a REQUIRE that is not first, a
        list that does not end in DISALLOW *). No command is run and no file is read.
        """
        ...


class EvidenceReader(Protocol):
    """Says what files are, and verifies nothing. Safe to call from any thread."""

    def kind(self, content: bytes) -> Kind:
        """Return what the file *content* is; raises `EvidenceRefused` when it cannot be read."""
        ...

    def statement(self, content: bytes, place: int, identity: Identity) -> Statement | None:
        """Return what the piece at *place* says; None when it is no Statement.

        Raises `EvidenceRefused` when the piece is not the one that *identity* was made from.
        """
        ...

    def root(self, content: bytes) -> Digest:
        """Return how verifications name this trusted root; raises `EvidenceRefused` for what is none."""
        ...

    def key(self, content: bytes) -> Digest:
        """Return the fingerprint of this public key; raises `EvidenceRefused` for what is none."""
        ...
