"""Whether what vouched for a verification is still trusted, by what is known at the moment asked about."""

from collections.abc import Iterator
from datetime import datetime

from domain import instant
from domain.admission import EvidenceVerified
from domain.event import Recorded
from domain.expectations.judgement import Check
from domain.trust import SignerDistrusted, Trust
from domain.trust_root import TrustRootWithdrawn

_NOTHING = "nothing against it"


def still_trusted(recorded: Recorded, event: EvidenceVerified, trust: Trust) -> Iterator[Check]:
    """Yield a check of the roots that *event* rests on, of its key, and of its signer."""
    yield _withdrawn(event, recorded.recorded_at, trust)
    yield from _key_in_use(event, recorded.recorded_at, trust)
    yield _distrusted(event, trust)


def _withdrawn(event: EvidenceVerified, recorded_at: datetime, trust: Trust) -> Check:
    """Return the check of the root, and of the one whose log said when a key signed."""
    roots = [root for root in (event.root, event.log_root) if root is not None]
    against = next((each for root in roots if (each := trust.withdrawal(root, recorded_at))), None)
    return Check(
        "withdrawn", held=against is None, expected="a root that is not withdrawn", found=_words(against)
    )


def _key_in_use(event: EvidenceVerified, recorded_at: datetime, trust: Trust) -> Iterator[Check]:
    """Yield the check that a pinned key was in use, by the span that it has now.

    What counts is the earliest instant at which its signature is known: without a trusted time, when we
    saw it.
    """
    imported = trust.roots.get(event.root)
    if event.key is None or imported is None:
        return
    first = min((each.instant for each in event.times), default=recorded_at)
    held = imported.in_use(first)
    yield Check("key_in_use", held, "a key in its span of use", f"signed {instant.text(first)}")


def _distrusted(event: EvidenceVerified, trust: Trust) -> Check:
    against = trust.distrust(event.signer, event.times)
    return Check(
        "distrusted", held=against is None, expected="a signer that is not distrusted", found=_words(against)
    )


def _words(against: TrustRootWithdrawn | SignerDistrusted | None) -> str:
    return _NOTHING if against is None else f"since {instant.text(against.since)}: {against.reason}"
