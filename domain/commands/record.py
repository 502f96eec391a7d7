"""Any report at all: which verb it is."""

from domain.commands.correct import Correct, correct
from domain.commands.cut_release import CutRelease, cut_release
from domain.commands.declare import Declare, declare
from domain.commands.record_build import RecordBuild, record_build
from domain.commands.record_config import RecordConfig, record_config
from domain.commands.record_deployment import RecordDeployment, record_deployment
from domain.commands.record_heartbeat import RecordHeartbeat, record_heartbeat
from domain.commands.record_observation import RecordObservation, record_observation
from domain.commands.record_removal import RecordRemoval, record_removal
from domain.ports import KeyedDigests, Ledger, Receipt

Command = (
    RecordBuild
    | RecordConfig
    | CutRelease
    | RecordDeployment
    | RecordRemoval
    | RecordObservation
    | RecordHeartbeat
    | Correct
    | Declare
)


def record(  # noqa: PLR0911 - one line a verb
    command: Command, *, ledger: Ledger, digests: KeyedDigests
) -> Receipt:
    """Carry out *command*."""
    match command:
        case RecordBuild():
            return record_build(command, ledger=ledger, digests=digests)
        case RecordConfig():
            return record_config(command, ledger=ledger, digests=digests)
        case CutRelease():
            return cut_release(command, ledger=ledger)
        case RecordDeployment():
            return record_deployment(command, ledger=ledger)
        case RecordRemoval():
            return record_removal(command, ledger=ledger)
        case RecordObservation():
            return record_observation(command, ledger=ledger)
        case RecordHeartbeat():
            return record_heartbeat(command, ledger=ledger)
        case Correct():
            return correct(command, ledger=ledger)
        case Declare():
            return declare(command, ledger=ledger)
