"""Ask where an environment does not run what was released and deployed."""

from typing import Annotated

from pydantic import Field

from api.fields import Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, InstantQuery, head, known
from api.v1.shapes import LedgerShape, settled
from api.v1.values import ContentDigest, Environment
from domain.drift import Finding, FindingKind
from domain.errors import UnknownEnvironment
from domain.queries.asking import Clocks
from domain.queries.drift_of import FINDINGS_MAX, drift_of


class FindingShape(Output):
    """One thing that does not agree, in one slot; without a slot, in the environment."""

    kind: FindingKind
    service: str | None
    slot: str | None
    since: Instant | None
    """Since when it is so by the ledger; null where the ledger has nothing."""
    seen_at: Instant | None
    """When `observer` last reported what tells so."""
    observer: str | None
    release: int | None
    """The release that is deployed there."""
    runs: int | None
    """The release whose build was seen instead."""
    build: str | None
    """The build that made what was seen, where no release has it."""
    observed: list[ContentDigest]
    position: int | None
    """Of the event that put there what is deployed."""
    why: str

    @classmethod
    def of(cls, finding: Finding) -> "FindingShape":
        """Show *finding*."""
        return cls(
            kind=finding.kind,
            service=finding.service,
            slot=finding.slot,
            since=finding.since,
            seen_at=finding.seen_at,
            observer=finding.observer,
            release=finding.release,
            runs=finding.runs,
            build=finding.build,
            observed=list(finding.observed),
            position=finding.position,
            why=finding.why,
        )


class DriftShape(Output):
    """What does not agree at `as_of`: the first findings, and how many there are in all."""

    environment: str
    as_of: Instant
    ledger: LedgerShape
    total: int
    findings: Annotated[list[FindingShape], Field(max_length=FINDINGS_MAX)]


@operation(
    "GET",
    "/v1/environments/<environment>/drift",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEnvironment),
    tag="ask",
)
def environment_drift(
    *, environment: Environment, query: InstantQuery, services: Services
) -> Reply[DriftShape]:
    """Tell where what was observed, what was released and what was deployed do not agree."""
    clocks = Clocks(query.as_of, known(query))
    answer = drift_of(environment, clocks, ledger=services.ledger, placements=services.placements)
    prefix = answer.asked.prefix
    shape = DriftShape(
        environment=environment,
        as_of=answer.asked.as_of,
        ledger=LedgerShape.of(prefix),
        total=answer.total,
        findings=[FindingShape.of(each) for each in answer.findings],
    )
    return Reply(shape, head=head(prefix), settled=settled(query.as_of, query.known_at, prefix))


OPERATIONS = (environment_drift,)
