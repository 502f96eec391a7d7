"""Trust: what may vouch for evidence, and signers whose word no longer counts.

A trusted root is a recorded thing like any other, so that each verification can be repeated with the very
root it names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain import names
from domain.digest import Digest
from domain.errors import ContradictoryReport
from domain.event import Event, Subject
from domain.evidence import Signs
from domain.verification import CertificateSigner, Signer, TrustedTime


class RootKind(StrEnum):
    """What vouches."""

    SIGSTORE = "sigstore"
    """An instance of Sigstore: its authorities, logs and timestamp authorities."""
    KEY = "key"
    """A public key that was agreed on beforehand."""


@dataclass(frozen=True, kw_only=True)
class TrustRootImported(Event):
    """From here on evidence is verified against this root as well."""

    topic: ClassVar[str] = "trust-root-imported.v1"

    kind: RootKind
    root: Digest
    """As verifications name it: digest of the root's file, or fingerprint of the key."""
    content: Digest
    """Of the file that was imported, which is kept with the evidence."""
    name: str
    source: str | None = None
    """Where it came from, in words."""
    log: Digest | None = None
    """The root whose logs and timestamp authorities may say when a key signed."""
    key_id: str | None = None
    signs: Signs | None = None
    """Only for a key."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """First and last instant at which a key's signatures count."""

    def subjects(self) -> tuple[Subject, ...]:
        """Return the file that was imported."""
        return (Subject(self.name, "sha256", self.content.hex),)


@dataclass(frozen=True, kw_only=True)
class SignerDistrusted(Event):
    """What this signer signed at `since` or later does not count, whoever vouches for it."""

    topic: ClassVar[str] = "signer-distrusted.v1"

    identity: str | None = None
    """Of a certificate, to the letter; otherwise `key`."""
    issuer: str | None = None
    """Who vouched for the identity; None is whoever did."""
    key: Digest | None = None
    """Fingerprint of a key or a certificate."""
    since: datetime
    reason: str

    def concerns(self, signer: Signer, times: Sequence[TrustedTime]) -> bool:
        """Say whether what *signer* signed, as of the trusted *times*, does not count.

        The earliest time proves that the signature existed; one without any may be from any time.
        """
        return self._names(signer) and not any(each.instant < self.since for each in times)

    def _names(self, signer: Signer) -> bool:
        if self.key is not None:
            return signer.fingerprint == self.key
        same = isinstance(signer, CertificateSigner) and signer.identity == self.identity
        return same and self.issuer in (None, getattr(signer, "issuer", None))


@dataclass(frozen=True, slots=True)
class Trust:
    """The folded stream: what is trusted now."""

    version: int = 0
    roots: Mapping[Digest, TrustRootImported] = field(default_factory=dict)
    """By how verifications name them; the one imported last is last."""
    distrusted: tuple[SignerDistrusted, ...] = ()

    def distrust(self, signer: Signer, times: Sequence[TrustedTime]) -> SignerDistrusted | None:
        """Return why what *signer* signed does not count; None when nothing speaks against it."""
        return next((each for each in self.distrusted if each.concerns(signer, times)), None)


def fold(known: Trust | None, event: Event) -> Trust:
    """Advance *known* by one event of the stream; a root that is imported again is as it was said last."""
    known = known or Trust()
    match event:
        case TrustRootImported():
            others = {name: each for name, each in known.roots.items() if name != event.root}
            return Trust(event.version, {**others, event.root: event}, known.distrusted)
        case SignerDistrusted():
            return Trust(event.version, known.roots, (*known.distrusted, event))
        case _:
            raise AssertionError(f"{event.topic} is not about trust")


def checked_signer(identity: str | None, issuer: str | None, key: Digest | None) -> None:
    """Refuse what names no signer, or two."""
    if (identity is None) == (key is None):
        raise ContradictoryReport("give the identity of a certificate, or the fingerprint of a key")
    if issuer is not None and identity is None:
        raise ContradictoryReport("an issuer vouches for an identity, not for a key")
    for text, what in ((identity, "identity"), (issuer, "issuer")):
        if text is not None:
            names.line(text, what)
