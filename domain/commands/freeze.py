"""Declare change freezes, and lift them."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, report
from domain.commands.deciding_access import Decided
from domain.commands.deciding_law import make_law
from domain.policy.freeze import FreezeDeclared, FreezeLifted
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareFreeze(Decided):
    """The command: what waits, from when until when."""

    freeze: str
    name: str
    starts_at: datetime
    ends_at: datetime
    environments: tuple[str, ...]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftFreeze(Decided):
    """The command: which freeze is over, and why."""

    freeze: str
    reason: str


def declare_freeze(command: DeclareFreeze, *, ledger: Ledger) -> Receipt:
    """Append the freeze to *ledger*, once; raises what `Decider.freeze` refuses with."""
    environments, services = tuple(sorted(command.environments)), tuple(sorted(command.services))
    said = {
        "freeze": command.freeze,
        "name": command.name,
        "starts_at": instant.text(command.starts_at),
        "ends_at": instant.text(command.ends_at),
        "environments": environments,
        "services": services,
    }
    return make_law(
        command,
        command.report(report.fingerprint("freeze", said)),
        lambda _: report.key(FreezeDeclared.topic, command.freeze),
        lambda decider: decider.freeze(
            freeze=command.freeze,
            name=command.name,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            environments=environments,
            services=services,
        ),
        ledger=ledger,
    )


def lift_freeze(command: LiftFreeze, *, ledger: Ledger) -> Receipt:
    """Append the end of the freeze to *ledger*, once; raises what `Decider.lift` refuses with."""
    said = {"freeze": command.freeze, "reason": command.reason}
    return make_law(
        command,
        command.report(report.fingerprint("freeze-lifted", said)),
        lambda _: report.key(FreezeLifted.topic, command.freeze),
        lambda decider: decider.lift(command.freeze, command.reason),
        ledger=ledger,
    )
