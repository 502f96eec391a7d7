"""Where an environment does not run what was released and deployed, as far as observers can tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain import drift
from domain.drift import Finding
from domain.ports import LedgerReader, Placements, Scope
from domain.queries.asking import Clocks, Resolved, check_known, resolve

FINDINGS_MAX = 500
"""How many findings one answer tells; how many there are is told always."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What does not agree at an instant."""

    asked: Resolved
    total: int
    findings: Sequence[Finding]
    """The first of them, at most `FINDINGS_MAX`."""


def drift_of(environment: str, clocks: Clocks, *, ledger: LedgerReader, placements: Placements) -> Drift:
    """Answer from one prefix; raises `UnknownEnvironment`."""
    asked = resolve(clocks, ledger)
    prefix, as_of = asked.prefix, asked.as_of
    scope = Scope(environment=environment)
    check_known(scope, prefix, placements)
    running = placements.running(scope, as_of, prefix)
    compared = drift.differing(
        running,
        placements.emptied(environment, as_of, prefix),
        placements.observed(environment, as_of, prefix),
    )
    strange = {(each.place[0], each.listed) for each in compared if each.listed is not None}
    found = drift.findings(
        environment,
        running,
        compared,
        placements.origins(environment, strange, prefix),
        placements.unknown_at(scope, as_of, prefix),
    )
    return Drift(asked, len(found), found[:FINDINGS_MAX])
