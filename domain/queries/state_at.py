"""What ran at an instant, as known at another."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.coverage import Unknown
from domain.placement import Placement
from domain.ports import LedgerReader, Placements, Scope
from domain.queries.asking import Clocks, Resolved, check_known, resolve


@dataclass(frozen=True, slots=True)
class State:
    """What ran in a scope: an environment, a service, a slot, or everything; and where nobody can tell."""

    asked: Resolved
    running: Sequence[Placement]
    unknown: Sequence[Unknown]


def state_at(scope: Scope, clocks: Clocks, *, ledger: LedgerReader, placements: Placements) -> State:
    """Answer from one prefix; raises `UnknownEnvironment` and `UnknownService`."""
    asked = resolve(clocks, ledger)
    check_known(scope, asked.prefix, placements)
    running = placements.running(scope, asked.as_of, asked.prefix)
    return State(asked, running, placements.unknown_at(scope, asked.as_of, asked.prefix))
