"""What the domain needs to have evidence verified, and what may be trusted for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.admission import Kind
from domain.digest import Digest
from domain.evidence import Identity, Signs
from domain.statement import Statement
from domain.supply_chain import LayoutJudged
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
        files: Iterable[bytes],
        *,
        artifact: Mapping[str, str] | None = None,
        distrusted: Collection[Digest] = (),
        one_owner: bool = False,
        at: datetime,
    ) -> LayoutJudged:
        """Hold the links in *files* against *layout*, which all *owners* must have signed, as of *at*.

        With *one_owner* one of them suffices; all that did are named. With *artifact*, its digests by
        algorithm, the last step must have left it. What is in *files* beside links by keys that may do a
        step is passed over: other evidence, other steps, strangers, keys that are *distrusted*, links of
        other artifacts, the same link again. Two links by such keys that say different things of the same
        step fail it. No more than `LINKS_MAX` pieces are looked at.

        Raises `LayoutNotHeld`, and `EvidenceRefused` for a layout that its owners did not sign, was expired
        at *at*, would run a command (an inspection), takes another layout for a step, lets one key count
        twice, or has rules that let something pass unseen (a REQUIRE that is not first, a list that does
        not end in DISALLOW *). No command is run and no file is read. What *files* raises is passed on.
        """
        ...


class ReadPieces(Protocol):
    """A file that was read into its pieces; for one thread."""

    def statement(self, place: int, identity: Identity) -> Statement | None:
        """Return what the piece at *place* says; None when it is no Statement.

        Raises `EvidenceRefused` when the piece is not the one that *identity* was made from.
        """
        ...


class EvidenceReader(Protocol):
    """Says what files are, and verifies nothing. Safe to call from any thread."""

    def kind(self, content: bytes) -> Kind:
        """Return what the file *content* is; raises `EvidenceRefused` when it cannot be read."""
        ...

    def pieces(self, content: bytes) -> ReadPieces:
        """Read the file *content* once, for what its pieces say; raises `EvidenceRefused`."""
        ...

    def root(self, content: bytes) -> Digest:
        """Return how verifications name this trusted root; raises `EvidenceRefused` for what is none."""
        ...

    def key(self, content: bytes) -> Digest:
        """Return the fingerprint of this public key; raises `EvidenceRefused` for what is none."""
        ...
