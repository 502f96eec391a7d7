"""Correct a report: withdraw it, and say what was really so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain import canonical, correction, heartbeat, history, instant, report
from domain.commands import (
    declare,
    record_deployment,
    record_heartbeat,
    record_observation,
    record_removal,
)
from domain.commands.declare import Declare
from domain.commands.record_deployment import RecordDeployment
from domain.commands.record_heartbeat import RecordHeartbeat
from domain.commands.record_observation import RecordObservation
from domain.commands.record_removal import RecordRemoval
from domain.commands.telling import Told, named, once
from domain.correction import Corrected
from domain.declaration import Declared
from domain.deployment import Deployment
from domain.errors import AlreadyCorrected, AlreadyRecorded, CorrectionElsewhere, NotCorrectable, UnknownEvent
from domain.event import Event
from domain.heartbeat import EnvironmentHeartbeat
from domain.observation import EnvironmentObserved
from domain.ports import Ledger, Receipt
from domain.removal import Removed
from domain.report import Report
from domain.stream import environment_stream, target_stream

Replacement = RecordDeployment | RecordRemoval | Declare | RecordObservation | RecordHeartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Told):
    """The command: which event was wrong, why, and what replaces it; None withdraws it."""

    of: int
    """Position of the event that was wrong."""
    reason: str
    replacement: Replacement | None = None


def correct(command: Correct, *, ledger: Ledger) -> Receipt:
    """Append the correction to *ledger*, once.

    Raises `UnknownEvent` for what is not recorded yet, `NotCorrectable` for
    builds, configurations and releases, which never change, `AlreadyCorrected`,
    and `CorrectionElsewhere` when the replacement is of another kind or about
    another target.
    """
    if not 0 < command.of <= canonical.INTEGER_MAX:
        raise UnknownEvent(f"there is no event at position {command.of}")
    withdrawn = ledger.at(command.of).event
    command = _named(command, withdrawn)
    replacement_report = _check(command, withdrawn)
    told = command.report(
        report.fingerprint(
            "correction",
            {
                "of": command.of,
                "reason": command.reason,
                "occurred_at": instant.text(command.occurred_at),
                "replacement": replacement_report and str(replacement_report.fingerprint),
            },
        )
    )
    natural = correction.key_of(command.of)
    known = ledger.reported((natural,))
    if known is not None and known.fingerprint != told.fingerprint:
        raise AlreadyCorrected(
            f"the event at position {command.of} was corrected already, by {named(known.position)}"
        )

    def decide() -> Sequence[Event]:
        length = ledger.load(withdrawn.stream, history.count)
        assert length is not None, "the stream has the event that is withdrawn"
        withdrawal = correction.record(
            withdrawn,
            version=length.version + 1,
            occurred_at=command.occurred_at,
            actor=command.actor,
            told=told,
            of=command.of,
            reason=command.reason,
            replaced=command.replacement is not None,
        )
        if command.replacement is None or replacement_report is None:
            return [withdrawal]
        if isinstance(command.replacement, RecordDeployment):
            _check_name(command.replacement, replacement_report, withdrawn, ledger)
        return [
            withdrawal,
            _replacement(command.replacement, replacement_report, ledger, withdrawal),
        ]

    return once(
        told, natural, occurred_at=command.occurred_at, stream=withdrawn.stream, ledger=ledger, decide=decide
    )


def _named(command: Correct, withdrawn: Event) -> Correct:
    """Return *command* with the attempt's name in the replacement, unless it gives another."""
    by = command.replacement
    if isinstance(by, RecordDeployment) and isinstance(withdrawn, Deployment) and by.deployment is None:
        return replace(command, replacement=replace(by, deployment=withdrawn.deployment))
    return command


def _check_name(by: RecordDeployment, told: Report, withdrawn: Event, ledger: Ledger) -> None:
    """Refuse a replacement under the name of another attempt: a name stands for one."""
    if isinstance(withdrawn, Deployment) and by.deployment == withdrawn.deployment:
        return
    other = ledger.reported((record_deployment.natural_key(by, told),))
    if other is not None:
        raise AlreadyRecorded(f"deployment {by.deployment} is {named(other.position)} already")


def _check(command: Correct, withdrawn: Event) -> Report | None:
    """Return the report of the replacement, when it fits what it replaces."""
    fits: bool
    told: Report
    place: object
    match withdrawn, command.replacement:
        case (
            (Deployment() | Removed() | Declared() | EnvironmentObserved() | EnvironmentHeartbeat()),
            None,
        ):
            return None
        case Deployment(), RecordDeployment() as by:
            told, place, fits = record_deployment.tell(by), by.target, by.target == withdrawn.target
        case Removed(), RecordRemoval() as by:
            told, place, fits = record_removal.tell(by), by.target, by.target == withdrawn.target
        case Declared(), Declare() as by:
            told, place, fits = declare.tell(by), by.target, by.target == withdrawn.target
        case ((EnvironmentObserved() | EnvironmentHeartbeat()), RecordObservation() as by):
            told, place = record_observation.tell(by), by.environment
            fits = by.environment == withdrawn.environment
        case ((EnvironmentObserved() | EnvironmentHeartbeat()), RecordHeartbeat() as by):
            told, place = record_heartbeat.tell(by), by.environment
            fits = by.environment == withdrawn.environment
        case ((Deployment() | Removed() | Declared() | EnvironmentObserved() | EnvironmentHeartbeat()), _):
            raise CorrectionElsewhere(
                f"the event at position {command.of} is {withdrawn.topic}; what replaces it is"
                f" another kind ({type(command.replacement).__name__})"
            )
        case _:
            raise NotCorrectable(
                f"the event at position {command.of} is {withdrawn.topic}, which never changes"
            )
    if not fits:
        # Not what it is about instead: whoever may report here need not know what there is elsewhere.
        raise CorrectionElsewhere(
            f"the event at position {command.of} is not about {place}, as its replacement is"
        )
    return Report(fingerprint=told.fingerprint)


def _replacement(by: Replacement, told: Report, ledger: Ledger, withdrawal: Corrected) -> Event:
    of = withdrawal.of
    if isinstance(by, RecordObservation | RecordHeartbeat):
        reported = ledger.load(environment_stream(by.environment), heartbeat.fold)
        observers = heartbeat.fold(reported, withdrawal)
        if isinstance(by, RecordHeartbeat):
            return record_heartbeat.event(by, told, observers, corrects=of)
        return record_observation.event(by, told, observers, corrects=of)
    known = ledger.load(target_stream(by.target), history.fold) or history.TargetHistory()
    match by:
        case RecordDeployment():
            return record_deployment.event(by, told, known, corrects=of)
        case RecordRemoval():
            return record_removal.event(by, told, known, corrects=of)
        case Declare():
            return declare.event(by, told, known, corrects=of)
