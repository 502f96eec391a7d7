"""A root of trust: what may vouch for evidence, imported and withdrawn as recorded facts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain import report
from domain.digest import Digest
from domain.event import Event, Subject
from domain.evidence import Signs
from domain.report import Report

PUBLIC_GOOD = "public-good"
"""The instance of Sigstore that everybody may use, at sigstore.dev. GitHub's own goes by `github`."""


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
    instance: str | None = None
    """Which instance of Sigstore it is a root of; an instance has another root each time it rotates keys.

    Builders count under the instance that the table of builders names for them; under none without this.
    """
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

    def natural_key(self) -> Digest | None:
        """Return the key of saying so at this place."""
        return key_of(self.report, self.version)

    def in_use(self, instant: datetime) -> bool:
        """Whether signatures of a key, made or first seen at *instant*, count."""
        early = self.valid_from is not None and instant < self.valid_from
        return not early and (self.valid_until is None or instant <= self.valid_until)


@dataclass(frozen=True, kw_only=True)
class TrustRootWithdrawn(Event):
    """From here on nothing is verified with this root, unless it is imported again.

    What this ledger recorded as verified with it before `since` still counts. The times that the root
    itself vouches for do not matter: whoever has its keys can write any.
    """

    topic: ClassVar[str] = "trust-root-withdrawn.v1"

    root: Digest
    since: datetime
    reason: str

    def subjects(self) -> tuple[Subject, ...]:
        """Return the root."""
        return (Subject("root", "sha256", self.root.hex),)

    def natural_key(self) -> Digest | None:
        """Return the key of saying so at this place."""
        return key_of(self.report, self.version)


def key_of(told: Report | None, version: int) -> Digest | None:
    """Return the key of what was *told* at that place in the stream of trust.

    What was said last holds, so the same may be said again once something else was said in between.
    """
    return None if told is None else report.key("trust", told.fingerprint.text, str(version))
