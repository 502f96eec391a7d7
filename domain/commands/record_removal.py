"""Record that a slot stopped running anything."""

from dataclasses import dataclass

from domain import history, instant, removal, report
from domain.commands.telling import Told, once, worked_out_once
from domain.ports import Ledger, Receipt
from domain.removal import Removed
from domain.report import Report
from domain.stream import target_stream
from domain.target import MAIN, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRemoval(Told):
    """The command: which slot."""

    target: Target
    slot: str = MAIN
    reason: str | None = None
    sequence: int = 0


def record_removal(command: RecordRemoval, *, ledger: Ledger) -> Receipt:
    """Append the removal to *ledger*, once."""
    told = tell(command)

    def decide() -> list[Removed]:
        known = ledger.load(target_stream(command.target), history.fold)
        return [event(command, told, known or history.TargetHistory())]

    return once(
        told,
        told.fingerprint,
        occurred_at=command.occurred_at,
        stream=target_stream(command.target),
        ledger=ledger,
        decide=decide,
    )


@worked_out_once
def tell(command: RecordRemoval) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "removal",
            {
                "target": str(command.target),
                "slot": command.slot,
                "reason": command.reason,
                "sequence": command.sequence,
                "occurred_at": instant.text(command.occurred_at),
            },
        )
    )


def event(
    command: RecordRemoval,
    told: Report,
    known: history.TargetHistory,
    *,
    corrects: int | None = None,
) -> Removed:
    """Decide the event; a correction takes a place further on."""
    return removal.record(
        version=known.version + (1 if corrects is None else 2),
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        target=command.target,
        slot_name=command.slot,
        reason=command.reason,
        sequence=command.sequence,
        corrects=corrects,
    )
