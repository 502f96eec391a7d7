"""What the gate would say, without recording anything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access.access import Access
from domain.access.fold import fold as fold_access
from domain.actor import Actor
from domain.errors import BrokenLedger, EvidenceLost, MalformedPolicy, MalformedValue
from domain.policy.decide import decide
from domain.policy.engine import LoadedSet
from domain.policy.law import Law
from domain.policy.law import fold as fold_law
from domain.policy.outcome import Outcome, Verdict
from domain.policy.proposal import Active
from domain.prefix import Prefix
from domain.queries.gate.facts_for import Wanted, facts_for
from domain.queries.gate.sources import Moment, Sources
from domain.stream import ACCESS, POLICY
from domain.target import Target

Load = Callable[[Active], LoadedSet]
"""Loads the policy that is in force, from the files that were kept; raises `MalformedPolicy` and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A release, where it is to run, and what would be said of it when it is requested."""

    target: Target
    release: int
    requester: Actor
    from_environment: str | None = None
    reason: str = ""
    ticket: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The answer, with all that it comes from."""

    prefix: Prefix
    at: datetime
    verdict: Verdict
    active: Active | None
    outcome: Outcome | None
    facts: dict[str, Any] | None
    because: str | None
    """Why nothing could be evaluated, if nothing could."""


def evaluate(asked: Asked, *, sources: Sources, load: Load) -> Evaluated:
    """Say what the policy in force says by now; whatever is in doubt is indeterminate.

    Raises `UnknownRelease`, and `LedgerUnavailable` when something that is needed cannot be reached.
    """
    ledger = sources.ledger
    prefix = ledger.prefix(None)
    law = ledger.load_until(POLICY, fold_law, prefix) or Law()
    access = ledger.load_until(ACCESS, fold_access, prefix) or Access()
    at = max(ledger.now(), prefix.recorded_at, law.at)
    target = asked.target
    release = sources.placements.release(target.service, target.environment, asked.release, prefix)
    active = law.active(target.environment, at)
    if active is None:
        because = f"no policy decides in {target.environment}"
        return Evaluated(prefix, at, Verdict.INDETERMINATE, None, None, None, because)
    try:
        loaded = load(active)
        wanted = Wanted(
            release=release,
            requester=asked.requester,
            from_environment=asked.from_environment,
            reason=asked.reason,
            ticket=asked.ticket,
            emergency=asked.emergency,
        )
        facts = facts_for(wanted, at, Moment(prefix, law, access), sources)
    except (MalformedPolicy, MalformedValue, EvidenceLost, BrokenLedger) as wrong:
        return Evaluated(prefix, at, Verdict.INDETERMINATE, active, None, None, str(wrong))
    outcome = decide(loaded, facts)
    return Evaluated(prefix, at, outcome.verdict, active, outcome, facts, outcome.because)
