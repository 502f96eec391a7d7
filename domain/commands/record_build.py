"""Record a build."""

from dataclasses import dataclass

from domain import build, report
from domain.build import Artifact, BuildOutcome, Source
from domain.commands.telling import Told, once, worked_out_once
from domain.digest import Digest
from domain.ports import Ledger, Receipt
from domain.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBuild(Told):
    """The command: what a builder says it built."""

    service: str
    build: str
    outcome: BuildOutcome
    source: Source
    builder: str | None = None
    label: str | None = None
    artifacts: tuple[Artifact, ...] = ()


def record_build(command: RecordBuild, *, ledger: Ledger) -> Receipt:
    """Append the build to *ledger*, once.

    When it happened is not part of what makes two reports the same: a CI job
    that retries says a later time and must not fail.
    """
    told = tell(command)

    def decide() -> list[build.BuildRecorded]:
        known = ledger.load(build.stream_of(command.service, command.build), build.fold)
        event = build.record(
            known,
            occurred_at=command.occurred_at,
            actor=command.actor,
            told=told,
            service=command.service,
            build=command.build,
            outcome=command.outcome,
            source=command.source,
            builder=command.builder,
            label=command.label,
            artifacts=command.artifacts,
        )
        return [] if event is None else [event]

    natural = natural_key(command)
    return once(
        told,
        natural,
        occurred_at=command.occurred_at,
        stream=build.stream_of(command.service, command.build),
        ledger=ledger,
        decide=decide,
    )


def natural_key(command: RecordBuild) -> Digest:
    """Return the key of the build that *command* is about."""
    return build.key_of(command.service, command.build)


@worked_out_once
def tell(command: RecordBuild) -> Report:
    """Return the report that *command* makes."""
    return command.report(
        report.fingerprint(
            "build",
            {
                "service": command.service,
                "build": command.build,
                "outcome": command.outcome,
                "source": [
                    command.source.repository,
                    command.source.commit,
                    command.source.ref,
                ],
                "builder": command.builder,
                "label": command.label,
                "artifacts": [[a.name, str(a.digest), a.purl] for a in command.artifacts],
            },
        )
    )
