"""Record that an observer of an environment was there."""

from dataclasses import dataclass

from domain import heartbeat, instant, report
from domain.commands.telling import Told, once, worked_out_once
from domain.heartbeat import EnvironmentHeartbeat, Observers
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import environment_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHeartbeat(Told):
    """The command: what the observer told last still holds, or it has nothing to list."""

    environment: str
    observer: str
    every: int | None
    """Seconds within which the observer will be heard again; None for its last report."""


def record_heartbeat(command: RecordHeartbeat, *, ledger: Ledger) -> Receipt:
    """Append the heartbeat to *ledger*, once."""
    told = tell(command)

    def decide() -> list[EnvironmentHeartbeat]:
        known = ledger.load(environment_stream(command.environment), heartbeat.fold)
        return [event(command, told, known or Observers())]

    return once(
        told,
        told.fingerprint,
        occurred_at=command.occurred_at,
        stream=environment_stream(command.environment),
        ledger=ledger,
        decide=decide,
    )


@worked_out_once
def tell(command: RecordHeartbeat) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "heartbeat",
            {
                "environment": command.environment,
                "observer": command.observer,
                "every": command.every,
                "occurred_at": instant.text(command.occurred_at),
            },
        )
    )


def event(
    command: RecordHeartbeat,
    told: Report,
    known: Observers,
    *,
    corrects: int | None = None,
) -> EnvironmentHeartbeat:
    """Decide the event that follows what is *known* of the environment's observers."""
    return heartbeat.record(
        version=known.version + 1,
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        environment=command.environment,
        observer=command.observer,
        every=command.every,
        confirms=known.told(command.observer, command.occurred_at),
        corrects=corrects,
    )
