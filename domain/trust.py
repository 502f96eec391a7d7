"""Trust: what may vouch for evidence, which builders count for what, and signers whose word no longer counts.

A trusted root is a recorded thing like any other, so that each verification can be repeated with the very
root it names. So is the table of builders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from domain import names
from domain.digest import Digest
from domain.errors import ContradictoryReport
from domain.event import Event, Subject
from domain.suspect import Suspect
from domain.trust_root import TrustRootImported, TrustRootWithdrawn, key_of
from domain.verification import Signer, TrustedTime


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

    @property
    def suspect(self) -> Suspect:
        """Return whose word does not count, and since when."""
        return Suspect(identity=self.identity, issuer=self.issuer, key=self.key, since=self.since)


@dataclass(frozen=True, kw_only=True)
class BuildersImported(Event):
    """From here on this table says which builder counts for which level; it replaces the one before."""

    topic: ClassVar[str] = "builders-imported.v1"

    table: Digest
    """Of the file, which is kept with the evidence."""
    source: str | None = None
    """Where it came from, in words."""

    def subjects(self) -> tuple[Subject, ...]:
        """Return the file."""
        return (Subject("builders", "sha256", self.table.hex),)

    def natural_key(self) -> Digest | None:
        """Return the key of saying so at this place."""
        return key_of(self.report, self.version)


@dataclass(frozen=True, slots=True)
class Trust:
    """The folded stream: what is trusted now."""

    version: int = 0
    roots: Mapping[Digest, TrustRootImported] = field(default_factory=dict)
    """By how verifications name them, also those that are withdrawn; the one imported last is last."""
    withdrawn: Mapping[Digest, TrustRootWithdrawn] = field(default_factory=dict)
    distrusted: tuple[SignerDistrusted, ...] = ()
    builders: BuildersImported | None = None

    @property
    def in_force(self) -> Sequence[TrustRootImported]:
        """The roots that evidence is verified with; the one imported last is last."""
        return [each for name, each in self.roots.items() if name not in self.withdrawn]

    def distrust(self, signer: Signer, times: Sequence[TrustedTime]) -> SignerDistrusted | None:
        """Return why what *signer* signed does not count; None when nothing speaks against it."""
        return next((each for each in self.distrusted if each.suspect.concerns(signer, times)), None)

    def withdrawal(self, root: Digest, recorded_at: datetime) -> TrustRootWithdrawn | None:
        """Return why what was verified with *root*, and recorded then, does not count; None when it does."""
        withdrawn = self.withdrawn.get(root)
        return withdrawn if withdrawn is not None and recorded_at >= withdrawn.since else None

    def instance(self, root: Digest) -> str | None:
        """Return the instance of Sigstore that *root* is of, when that was said."""
        imported = self.roots.get(root)
        return None if imported is None else imported.instance


def fold(known: Trust | None, event: Event) -> Trust:
    """Advance *known* by one event of the stream; a root that is imported again is as it was said last."""
    known = replace(known or Trust(), version=event.version)
    match event:
        case TrustRootImported(root=root):
            others = {name: each for name, each in known.roots.items() if name != root}
            withdrawn = {name: each for name, each in known.withdrawn.items() if name != root}
            return replace(known, roots={**others, root: event}, withdrawn=withdrawn)
        case TrustRootWithdrawn(root=root):
            return replace(known, withdrawn={**known.withdrawn, root: event})
        case SignerDistrusted():
            return replace(known, distrusted=(*known.distrusted, event))
        case BuildersImported():
            return replace(known, builders=event)
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
