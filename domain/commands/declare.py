"""Declare what the source of truth said before there was a ledger."""

from dataclasses import dataclass

from domain import declaration, history, instant, report
from domain.commands.telling import Told, once, worked_out_once
from domain.declaration import Declared
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import target_stream
from domain.target import MAIN, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Declare(Told):
    """The command: a label and a reference to a configuration; a null label is a removal."""

    target: Target
    label: str | None
    config: str | None = None
    slot: str = MAIN
    commit: str | None = None
    source: str | None = None
    sequence: int = 0


def declare(command: Declare, *, ledger: Ledger) -> Receipt:
    """Append the declaration to *ledger*, once."""
    told = tell(command)

    def decide() -> list[Declared]:
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
def tell(command: Declare) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "declared",
            {
                "target": str(command.target),
                "slot": command.slot,
                "label": command.label,
                "config": command.config,
                "commit": command.commit,
                "source": command.source,
                "sequence": command.sequence,
                "occurred_at": instant.text(command.occurred_at),
            },
        )
    )


def event(
    command: Declare,
    told: Report,
    known: history.TargetHistory,
    *,
    corrects: int | None = None,
) -> Declared:
    """Decide the event; a correction takes a place further on."""
    return declaration.record(
        known.configs,
        known.releases,
        version=known.version + (1 if corrects is None else 2),
        occurred_at=command.occurred_at,
        actor=command.actor,
        told=told,
        target=command.target,
        slot_name=command.slot,
        label=command.label,
        config=command.config,
        commit=command.commit,
        source=command.source,
        sequence=command.sequence,
        corrects=corrects,
    )
