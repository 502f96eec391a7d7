"""Which keys a report is going to occupy, where that can be said before anything is decided."""

from collections.abc import Sequence

from domain import report
from domain.commands import (
    declare,
    record_build,
    record_deployment,
    record_observation,
    record_removal,
)
from domain.commands.declare import Declare
from domain.commands.record import Command
from domain.commands.record_build import RecordBuild
from domain.commands.record_deployment import RecordDeployment
from domain.commands.record_observation import RecordObservation
from domain.commands.record_removal import RecordRemoval
from domain.digest import Digest


def expected_keys(command: Command) -> Sequence[Digest]:
    """Return the keys that *command* will be looked up under; none for one that must be decided first."""
    match command:
        case RecordBuild():
            told = record_build.tell(command)
            return (*report.keys(told, record_build.natural_key(command)), told.fingerprint)
        case RecordDeployment():
            told = record_deployment.tell(command)
            return (*report.keys(told, record_deployment.natural_key(command, told)), told.fingerprint)
        case Declare():
            told = declare.tell(command)
        case RecordRemoval():
            told = record_removal.tell(command)
        case RecordObservation():
            told = record_observation.tell(command)
        case _:
            return ()
    return report.keys(told, told.fingerprint)
