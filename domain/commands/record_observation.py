"""Record what a reporter saw running in an environment."""

from dataclasses import dataclass

from domain import heartbeat, instant, observation, report
from domain.commands.telling import Told, once, worked_out_once
from domain.heartbeat import EnvironmentHeartbeat, Observers
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
    every: int | None = None
    """Seconds within which the observer will be heard again; None promises nothing."""


def record_observation(command: RecordObservation, *, ledger: Ledger) -> Receipt:
    """Append the observation to *ledger*, once; as a heartbeat when it repeats what was told last."""
    told = tell(command)

    def decide() -> list[EnvironmentObserved | EnvironmentHeartbeat]:
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
def tell(command: RecordObservation) -> Report:
    """Return the report that *command* makes."""
    promised = {} if command.every is None else {"every": command.every}
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
                **promised,
            },
        )
    )


def event(
    command: RecordObservation,
    told: Report,
    known: Observers,
    *,
    corrects: int | None = None,
) -> EnvironmentObserved | EnvironmentHeartbeat:
    """Decide the event that follows what is *known* of the environment's observers."""
    seen = observation.record(
        version=known.version + 1,
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        environment=command.environment,
        observer=command.observer,
        running=command.running,
        every=command.every,
        corrects=corrects,
    )
    return heartbeat.unless_repeated(seen, known)
