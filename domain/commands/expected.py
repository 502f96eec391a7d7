"""What is going to be asked about a report, where that can be said before anything is decided."""

from collections.abc import Callable, Sequence
from typing import Any

from domain import build, heartbeat, history, report
from domain.commands import (
    cut_release,
    declare,
    record_build,
    record_config,
    record_deployment,
    record_heartbeat,
    record_observation,
    record_removal,
)
from domain.commands.cut_release import CutRelease
from domain.commands.declare import Declare
from domain.commands.record import Command
from domain.commands.record_build import RecordBuild
from domain.commands.record_config import RecordConfig
from domain.commands.record_deployment import RecordDeployment
from domain.commands.record_heartbeat import RecordHeartbeat
from domain.commands.record_observation import RecordObservation
from domain.commands.record_removal import RecordRemoval
from domain.digest import Digest
from domain.ports import KeyedDigests
from domain.stream import environment_stream, target_stream

Fold = Callable[[Any, Any], Any]


def expected_streams(command: Command) -> Sequence[tuple[str, Fold]]:
    """Return the streams that *command* will be decided on, and how each is folded."""
    match command:
        case RecordBuild():
            return ((build.stream_of(command.service, command.build), build.fold),)
        case CutRelease():
            made = build.stream_of(command.target.service, command.build)
            return ((made, build.fold), (target_stream(command.target), history.fold))
        case RecordConfig() | RecordDeployment() | RecordRemoval() | Declare():
            return ((target_stream(command.target), history.fold),)
        case RecordObservation() | RecordHeartbeat():
            return ((environment_stream(command.environment), heartbeat.fold),)
        case _:
            return ()


def expected_keys(command: Command, digests: KeyedDigests) -> Sequence[Digest]:
    """Return the keys that *command* will be looked up under, as far as they do not depend on the ledger."""
    match command:
        case RecordBuild():
            told = record_build.digested(command, digests).told
            return (*report.keys(told, record_build.natural_key(command)), told.fingerprint)
        case RecordDeployment():
            told = record_deployment.tell(command)
            return (*report.keys(told, record_deployment.natural_key(command, told)), told.fingerprint)
        case RecordConfig():
            told = record_config.digested(command, digests).told
        case CutRelease():
            told = cut_release.tell(command)
        case Declare():
            told = declare.tell(command)
        case RecordRemoval():
            told = record_removal.tell(command)
        case RecordObservation():
            told = record_observation.tell(command)
        case RecordHeartbeat():
            told = record_heartbeat.tell(command)
        case _:
            return ()
    return report.keys(told, told.fingerprint)
