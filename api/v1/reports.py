"""Report facts: one operation for each kind of report, and the batch of all kinds."""

from typing import Annotated, Literal

from pydantic import Field

from api.access.asking import Asking
from api.fields import Input, Output
from api.operations import operation
from api.refusals import BatchRefused
from api.replies import LedgerHead, Reply
from api.services import Services
from api.v1 import jsonl
from api.v1.asking import head
from api.v1.build_line import BuildReport
from api.v1.lines import (
    ConfigReport,
    CorrectionReport,
    DeclaredReport,
    DeploymentReport,
    HeartbeatReport,
    ObservationReport,
    ReleaseReport,
    RemovalReport,
)
from api.v1.shapes import LedgerShape, RecordedShape
from domain import errors
from domain.access.scopes import REPORTS, Scope
from domain.actor import Actor
from domain.commands.record import Command, record
from domain.errors import (
    AlreadyRecorded,
    ConflictingAppend,
    ContradictoryReport,
    FromTheFuture,
    KeyUnusable,
    LedgerUnavailable,
    MalformedValue,
)

LINES = REPORTS - {Scope.REPORT_EVIDENCE}
"""Scopes for lines of a batch, one for each type."""
ANY_REPORT = (
    AlreadyRecorded,
    ConflictingAppend,
    ContradictoryReport,
    FromTheFuture,
    KeyUnusable,
    LedgerUnavailable,
    MalformedValue,
)
BATCH_BYTES_MAX = 16 << 20
OBSERVATION_BYTES_MAX = 4 << 20


@operation(
    "POST", "/v1/builds", scope=Scope.REPORT_BUILD, status=201, also=(200,), refusals=ANY_REPORT, tag="report"
)
def record_build(*, body: BuildReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record how a build ended."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/configs",
    scope=Scope.REPORT_CONFIG,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, errors.SecretInClear),
    tag="report",
)
def record_config(*, body: ConfigReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record the configuration meant for a target. Secret values are digested on arrival and dropped."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/releases",
    scope=Scope.REPORT_RELEASE,
    status=201,
    also=(200,),
    refusals=(*ANY_REPORT, errors.UnknownBuild, errors.FailedBuild, errors.UnknownConfig),
    tag="report",
)
def cut_release(*, body: ReleaseReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Cut a release: join a build with a configuration, under the target's next number.

    The same build with the same configuration is the same release, and is answered as it is.
    """
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/deployments",
    scope=Scope.REPORT_DEPLOYMENT,
    status=201,
    also=(200,),
    refusals=(
        *ANY_REPORT,
        errors.UnknownRelease,
        errors.DeploymentClosed,
        errors.DeploymentMismatch,
        errors.NotARollback,
    ),
    tag="report",
)
def record_deployment(*, body: DeploymentReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record how far an attempt to run a release got: started, succeeded or failed."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/removals",
    scope=Scope.REPORT_REMOVAL,
    status=201,
    also=(200,),
    refusals=ANY_REPORT,
    tag="report",
)
def record_removal(*, body: RemovalReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record that a slot stopped running anything."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/observations",
    scope=Scope.REPORT_OBSERVATION,
    status=201,
    also=(200,),
    refusals=ANY_REPORT,
    tag="report",
    body_bytes_max=OBSERVATION_BYTES_MAX,
)
def record_observation(*, body: ObservationReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record the full list of what a reporter saw running in an environment.

    The list it told last, told again, is recorded as a heartbeat.
    """
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/heartbeats",
    scope=Scope.REPORT_HEARTBEAT,
    status=201,
    also=(200,),
    refusals=ANY_REPORT,
    tag="report",
)
def record_heartbeat(*, body: HeartbeatReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Record that a reporter was there, and that what it listed last still runs."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/declarations",
    scope=Scope.REPORT_DECLARED,
    status=201,
    also=(200,),
    refusals=ANY_REPORT,
    tag="report",
)
def declare(*, body: DeclaredReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Declare what the source of truth said before there was a ledger."""
    return _record(body.command(actor), services)


@operation(
    "POST",
    "/v1/corrections",
    scope=Scope.REPORT_CORRECTION,
    status=201,
    also=(200,),
    refusals=(
        *ANY_REPORT,
        errors.UnknownEvent,
        errors.NotCorrectable,
        errors.AlreadyCorrected,
        errors.CorrectionElsewhere,
        errors.UnknownRelease,
        errors.BrokenLedger,
    ),
    tag="report",
    body_bytes_max=OBSERVATION_BYTES_MAX,
)
def record_correction(*, body: CorrectionReport, actor: Actor, services: Services) -> Reply[RecordedShape]:
    """Withdraw an earlier report and say what was really so; answers known before stay as they were."""
    return _record(body.command(actor), services)


class BatchQuery(Input):
    """`mode`: `atomic` records all lines or none; `each` leaves out the refused ones and says so."""

    mode: Literal["atomic", "each"] = "atomic"


class LineShape(Output):
    """What became of one line: `recorded`, or the `problem` it was refused with."""

    line: Annotated[int, Field(ge=1)]
    recorded: RecordedShape | None
    problem: jsonl.LineProblem | None


class BatchShape(Output):
    """What became of every line, and the head of the ledger after it."""

    ledger: LedgerShape
    new: int
    existing: int
    refused: int
    results: list[LineShape]


@operation(
    "POST",
    "/v1/reports:batch",
    scope=LINES,
    refusals=(ConflictingAppend, KeyUnusable, LedgerUnavailable, BatchRefused),
    tag="report",
    accepts=("application/jsonl", "application/x-ndjson"),
    body_bytes_max=BATCH_BYTES_MAX,
)
def record_batch(*, body: bytes, query: BatchQuery, asking: Asking, services: Services) -> Reply[BatchShape]:
    """Record up to 10,000 reports, one JSON object a line; later lines may build on earlier ones.

    Each line needs the scope for its type, and is refused by itself without it.
    """
    outcomes = jsonl.record(body, asking, services, atomic=query.mode == "atomic")
    results = [
        LineShape(
            line=number,
            recorded=None if isinstance(outcome, jsonl.LineProblem) else RecordedShape.of(outcome),
            problem=outcome if isinstance(outcome, jsonl.LineProblem) else None,
        )
        for number, outcome in outcomes
    ]
    existing = sum(1 for each in results if each.recorded and each.recorded.existing)
    refused = sum(1 for each in results if each.problem)
    prefix = services.ledger.prefix(None)
    shape = BatchShape(
        ledger=LedgerShape.of(prefix),
        new=len(results) - existing - refused,
        existing=existing,
        refused=refused,
        results=results,
    )
    return Reply(shape, head=head(prefix))


def _record(command: Command, services: Services) -> Reply[RecordedShape]:
    receipt = record(command, ledger=services.ledger, digests=services.digests)
    return Reply(
        RecordedShape.of(receipt),
        status=200 if receipt.existing else 201,
        headers={"Location": f"/v1/events/{receipt.position}"},
        head=LedgerHead(receipt.position, str(receipt.digest)),
    )


OPERATIONS = (
    record_build,
    record_config,
    cut_release,
    record_deployment,
    record_removal,
    record_observation,
    record_heartbeat,
    declare,
    record_correction,
    record_batch,
)
