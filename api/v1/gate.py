"""Ask the gate what it would say of a release; nothing is recorded."""

from typing import Any

from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, head
from api.v1.law_shapes import InForceShape
from api.v1.shapes import LedgerShape
from api.v1.values import Environment, Label, Line, Number, TargetName
from domain import errors
from domain.actor import Actor
from domain.policy.outcome import Outcome, RuleResult, Violation
from domain.queries.gate.evaluate import Asked, Evaluated, evaluate
from domain.queries.gate.sources import Sources


class GateBody(Input):
    """A release, by the number it has in its target, and what would be said when it is requested."""

    target: TargetName
    release: Number
    from_environment: Environment | None = None
    """Where it has to have run before."""
    reason: Line | None = None
    ticket: Label | None = None
    emergency: bool = False
    facts: bool = False
    """Whether the answer is to hold the facts."""


class ViolationShape(Output):
    """One thing that is not as a rule requires. `awaits`: what would end it by itself, if it comes."""

    check: str
    term: str
    message: str
    awaits: str | None
    waiver: str | None
    waiver_expires: Instant | None

    @classmethod
    def of(cls, violation: Violation) -> "ViolationShape":
        """Show *violation*."""
        return cls(
            check=violation.check,
            term=violation.term,
            message=violation.message,
            awaits=violation.awaits,
            waiver=violation.waiver,
            waiver_expires=violation.waiver_expires,
        )


class RuleShape(Output):
    """What became of one rule. `fix`: what somebody can do about it."""

    rule: str
    title: str
    severity: str
    status: str
    controls: list[str]
    fix: str
    evidence: list[str]
    violations: list[ViolationShape]
    effective_on: Instant | None
    error: str | None

    @classmethod
    def of(cls, result: RuleResult) -> "RuleShape":
        """Show *result*."""
        return cls(
            rule=result.rule,
            title=result.title,
            severity=result.severity,
            status=result.status,
            controls=list(result.controls),
            fix=result.fix,
            evidence=list(result.evidence),
            violations=[ViolationShape.of(each) for each in result.violations],
            effective_on=result.effective_on,
            error=result.error,
        )


class GateShape(Output):
    """What the gate would say at `at`. `because`: why nothing could be evaluated, if nothing could."""

    verdict: str
    permits: bool
    at: Instant
    ledger: LedgerShape
    policy: InForceShape | None
    because: str | None
    blocking: list[str]
    warnings: list[str]
    waivers_used: list[str]
    rules: list[RuleShape]
    facts_digest: str | None
    outcome_digest: str | None
    result_digest: str | None
    facts: dict[str, Any] | None


@operation(
    "POST",
    "/v1/gate:evaluate",
    scope=SCOPE,
    refusals=(
        *ANY_QUESTION,
        errors.UnknownRelease,
        errors.NothingFound,
        errors.BrokenLedger,
        errors.EvidenceLost,
    ),
    tag="gate",
)
def evaluate_gate(*, body: GateBody, actor: Actor, services: Services) -> Reply[GateShape]:
    """Tell what the policy in force says of a release by now, rule by rule. Nothing is recorded."""
    asked = Asked(
        target=body.target,
        release=body.release,
        requester=actor,
        from_environment=body.from_environment,
        reason=body.reason or "",
        ticket=body.ticket or "",
        emergency=body.emergency,
    )
    with services.together():
        found = evaluate(asked, sources=_sources(services), load=services.loaded_policies)
    return Reply(_shape(found, facts=body.facts), head=head(found.prefix))


def _sources(services: Services) -> Sources:
    evidence = services.evidence
    return Sources(
        ledger=services.ledger,
        placements=services.placements,
        index=evidence.index,
        blobs=evidence.blobs,
        reader=evidence.reader,
        read_builders=evidence.read_builders,
        sboms=evidence.sboms,
    )


def _shape(found: Evaluated, *, facts: bool) -> GateShape:
    outcome, active = found.outcome, found.active
    return GateShape(
        verdict=found.verdict,
        permits=outcome is not None and outcome.permits,
        at=found.at,
        ledger=LedgerShape.of(found.prefix),
        policy=None if active is None else InForceShape.of(active),
        because=found.because,
        **_parts(outcome),
        facts=found.facts if facts else None,
    )


def _parts(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        digests = dict.fromkeys(("facts_digest", "outcome_digest", "result_digest"))
        return {"blocking": [], "warnings": [], "waivers_used": [], "rules": [], **digests}
    return {
        "blocking": list(outcome.blocking),
        "warnings": list(outcome.warnings),
        "waivers_used": list(outcome.waivers_used),
        "rules": [RuleShape.of(each) for each in outcome.rules],
        "facts_digest": None if outcome.facts is None else str(outcome.facts),
        "outcome_digest": str(outcome.outcome_digest),
        "result_digest": str(outcome.result_digest),
    }


OPERATIONS = (evaluate_gate,)
