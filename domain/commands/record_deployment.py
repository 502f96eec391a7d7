"""Record how far an attempt to run a release got."""

from dataclasses import dataclass

from domain import deployment, history, instant, release, report
from domain.commands.telling import Told, once, worked_out_once
from domain.deployment import Deployment, DeploymentOutcome
from domain.digest import Digest
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import target_stream
from domain.target import MAIN, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeployment(Told):
    """The command: which release, in which slot, and how it went."""

    target: Target
    release: int
    slot: str = MAIN
    outcome: DeploymentOutcome = DeploymentOutcome.SUCCEEDED
    deployment: str | None = None
    rollback: bool = False
    reason: str | None = None
    sequence: int = 0


def record_deployment(command: RecordDeployment, *, ledger: Ledger) -> Receipt:
    """Append the report to *ledger*, once. Raises `UnknownRelease` and what `deployment.record` does."""
    told = tell(command)

    def decide() -> list[Deployment]:
        known = ledger.load(target_stream(command.target), history.fold)
        return [event(command, told, known or history.TargetHistory())]

    natural = natural_key(command, told)
    return once(
        told,
        natural,
        occurred_at=command.occurred_at,
        stream=target_stream(command.target),
        ledger=ledger,
        decide=decide,
    )


def natural_key(command: RecordDeployment, told: Report) -> Digest:
    """Return the key of the start, or of the end, that *command* is about."""
    name = command.deployment or deployment.name_of(told)
    ended = command.outcome is not DeploymentOutcome.STARTED
    return deployment.key_of(command.target, name, ended=ended)


@worked_out_once
def tell(command: RecordDeployment) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "deployment",
            {
                "target": str(command.target),
                "slot": command.slot,
                "release": command.release,
                "outcome": command.outcome,
                "deployment": command.deployment,
                "rollback": command.rollback,
                "reason": command.reason,
                "sequence": command.sequence,
                "occurred_at": instant.text(command.occurred_at),
            },
        )
    )


def event(
    command: RecordDeployment,
    told: Report,
    known: history.TargetHistory,
    *,
    corrects: int | None = None,
) -> Deployment:
    """Decide the event; a correction takes a place further on and is not held to an open attempt."""
    ahead = 1 if corrects is None else 2
    return deployment.record(
        known.attempts if corrects is None else deployment.Attempts(),
        version=known.version + ahead,
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        target=command.target,
        slot_name=command.slot,
        release=release.numbered(known.releases, command.release, command.target),
        outcome=command.outcome,
        deployment=command.deployment,
        rollback=command.rollback,
        reason=command.reason,
        sequence=command.sequence,
        corrects=corrects,
    )
