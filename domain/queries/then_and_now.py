"""Whether a verification counts, as it was judged before a signer was distrusted and as it is judged now."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from domain import instant, trust
from domain.admission import EvidenceVerified
from domain.event import Recorded
from domain.queries.still_trusted import still_trusted
from domain.suspect import Suspect
from domain.trust import SignerDistrusted, Trust


@dataclass(frozen=True, slots=True)
class Counted:
    """Whether a verification counts, and if not, why."""

    counts: bool
    why: str | None = None


COUNTS = Counted(True)


@dataclass(frozen=True, slots=True)
class ThenAndNow:
    """How one verification is judged."""

    then: Counted | None
    """As known just before the signer was distrusted; None for one that was recorded later."""
    now: Counted
    """With the signer distrusted, which need not be recorded."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What was trusted just before the signer was distrusted, and what is now, but for the signer."""

    suspect: Suspect
    distrusted: int | None
    """Position at which the signer was first distrusted; None when it never was."""
    before: Trust
    after: Trust

    @classmethod
    def by(cls, suspect: Suspect, said: Sequence[Recorded]) -> "Judging":
        """Judge by what is *said* of trust, oldest first."""
        distrusted = next((each.position for each in said if _distrusts(each, suspect)), None)
        if distrusted is None:
            return cls(suspect, None, known := _folded(said), known)
        earlier = [each for each in said if each.position < distrusted]
        return cls(suspect, distrusted, _folded(earlier), _folded(said))

    def judge(self, recorded: Recorded, event: EvidenceVerified) -> ThenAndNow:
        """Say how *event* was judged, and is."""
        now = _counted(recorded, event, self.after)
        then: Counted | None = now
        if self.distrusted is not None:
            known_then = recorded.position < self.distrusted
            then = _counted(recorded, event, self.before) if known_then else None
        if now.counts and self.suspect.concerns(event.signer, event.times):
            since = instant.text(self.suspect.since)
            now = Counted(False, f"distrusted: since {since}, as is asked about")
        return ThenAndNow(then, now)


def _distrusts(recorded: Recorded, suspect: Suspect) -> bool:
    event = recorded.event
    if not isinstance(event, SignerDistrusted):
        return False
    same = (suspect.identity, suspect.issuer, suspect.key)
    return (event.identity, event.issuer, event.key) == same


def _folded(said: Sequence[Recorded]) -> Trust:
    return reduce(trust.fold, (each.event for each in said), Trust())


def _counted(recorded: Recorded, event: EvidenceVerified, known: Trust) -> Counted:
    against = next((each for each in still_trusted(recorded, event, known) if not each.held), None)
    return COUNTS if against is None else Counted(False, f"{against.name}: {against.found}")
