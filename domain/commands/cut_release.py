"""Cut a release: join a build with a config version."""

from dataclasses import dataclass

from domain import build, config_version, history, instant, release, report
from domain.build import BuildRecorded
from domain.commands.telling import Told, existing, once, worked_out_once
from domain.digest import Digest
from domain.errors import UnknownBuild, UnknownConfig
from domain.ports import Ledger, Receipt
from domain.release import BuildName, Identity, ReleaseCut
from domain.report import Report
from domain.stream import target_stream
from domain.target import Target

CURRENT = "current"
"""The configuration meant for the target when the release was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRelease(Told):
    """The command: a build of the target's service, and `current`, a number or a digest of a config."""

    target: Target
    build: str
    config: str | int | Digest = CURRENT


def cut_release(command: CutRelease, *, ledger: Ledger) -> Receipt:
    """Append the release to *ledger*; the one that joined the same two already is answered as it is.

    Raises `UnknownBuild`, `FailedBuild` and `UnknownConfig`.
    """
    told = tell(command)
    before = ledger.reported((told.fingerprint,))
    if before is not None:
        return existing(before.position, ledger)
    config = _config(command, _history(command, ledger))

    def natural() -> Digest:
        """Return the key of the joint once there is one: until then nobody can have told of it."""
        known = _history(command, ledger).releases
        joined = release.found(known, BuildName(command.build, Identity.REPORTED), config[1])
        return (
            told.fingerprint if joined is None else release.key_of(command.target, command.build, config[1])
        )

    def decide() -> list[ReleaseCut]:
        known = _history(command, ledger)
        event = release.cut(
            known.releases,
            version=known.version + 1,
            occurred_at=command.occurred_at,
            actor=command.actor,
            told=told,
            target=command.target,
            build=_build(command, ledger),
            config=config,
        )
        return [] if event is None else [event]

    return once(
        told,
        natural,
        occurred_at=command.occurred_at,
        stream=target_stream(command.target),
        ledger=ledger,
        decide=decide,
        joint=True,
    )


@worked_out_once
def tell(command: CutRelease) -> Report:
    """Return the report that *command* makes: what was asked for, not what it came to."""
    return command.report(
        report.fingerprint(
            "release",
            {
                "target": str(command.target),
                "build": command.build,
                "config": str(command.config),
                "occurred_at": instant.text(command.occurred_at),
            },
        )
    )


def _history(command: CutRelease, ledger: Ledger) -> history.TargetHistory:
    return ledger.load(target_stream(command.target), history.fold) or history.TargetHistory()


def _build(command: CutRelease, ledger: Ledger) -> BuildRecorded:
    service = command.target.service
    known = ledger.load(build.stream_of(service, command.build), build.fold)
    if known is None:
        raise UnknownBuild(f"no build {command.build} of {service} is recorded")
    return known.recorded


def _config(command: CutRelease, known: history.TargetHistory) -> tuple[int, Digest]:
    meant = command.config
    if meant == CURRENT:
        return config_version.in_force(known.configs, command.occurred_at)
    found = config_version.known_as(known.configs, meant)
    if found is None:
        raise UnknownConfig(f"{command.target} has no configuration {meant}")
    return found
