"""Record what a reporter saw running in an environment."""

from dataclasses import dataclass

from domain import history, instant, observation, report
from domain.commands.telling import Told, once
from domain.observation import EnvironmentObserved, Observed
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import environment_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordObservation(Told):
    """The command: the full list of what runs; what is not listed does not run."""

    environment: str
    observer: str
    running: tuple[Observed, ...]


def record_observation(command: RecordObservation, *, ledger: Ledger) -> Receipt:
    """Append the observation to *ledger*, once."""
    told = tell(command)

    def decide() -> list[EnvironmentObserved]:
        known = ledger.load(environment_stream(command.environment), history.count)
        return [event(command, told, known or history.Length())]

    return once(
        told,
        told.fingerprint,
        occurred_at=command.occurred_at,
        stream=environment_stream(command.environment),
        ledger=ledger,
        decide=decide,
    )


def tell(command: RecordObservation) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "observation",
            {
                "environment": command.environment,
                "observer": command.observer,
                "occurred_at": instant.text(command.occurred_at),
                "running": sorted(
                    [seen.service, seen.slot, sorted(map(str, seen.artifacts))] for seen in command.running
                ),
            },
        )
    )


def event(
    command: RecordObservation,
    told: Report,
    known: history.Length,
    *,
    corrects: int | None = None,
) -> EnvironmentObserved:
    """Decide the event; a correction takes a place further on."""
    return observation.record(
        version=known.version + (1 if corrects is None else 2),
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        environment=command.environment,
        observer=command.observer,
        running=command.running,
        corrects=corrects,
    )
