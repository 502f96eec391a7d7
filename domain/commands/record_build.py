"""Record a build."""

from dataclasses import dataclass, replace

from domain import build, report
from domain.build import Artifact, BuildOutcome, Source
from domain.commands.telling import Told, once, worked_out_once
from domain.digest import Digest
from domain.identity import Identity, Named
from domain.ports import KeyedDigests, Ledger, Receipt
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
    author: Named | None = None
    merged_by: Named | None = None
    """Who wrote and who let in what was built; of an e-mail address only a keyed digest is kept."""


def record_build(command: RecordBuild, *, ledger: Ledger, digests: KeyedDigests) -> Receipt:
    """Append the build to *ledger*, once; addresses of people end here.

    When it happened is not part of what makes two reports the same: a CI job
    that retries says a later time and must not fail.
    """
    meant = digested(command, digests)

    def decide() -> list[build.BuildRecorded]:
        known = ledger.load(build.stream_of(command.service, command.build), build.fold)
        event = build.record(
            known,
            occurred_at=command.occurred_at,
            actor=command.actor,
            told=meant.told,
            service=command.service,
            build=command.build,
            outcome=command.outcome,
            source=meant.source,
            builder=command.builder,
            label=command.label,
            artifacts=command.artifacts,
        )
        return [] if event is None else [event]

    natural = natural_key(command)
    return once(
        meant.told,
        natural,
        occurred_at=command.occurred_at,
        stream=build.stream_of(command.service, command.build),
        ledger=ledger,
        decide=decide,
    )


def natural_key(command: RecordBuild) -> Digest:
    """Return the key of the build that *command* is about."""
    return build.key_of(command.service, command.build)


@dataclass(frozen=True, slots=True)
class Digested:
    """What a command says once people are named as the record may name them."""

    told: Report
    source: Source


@worked_out_once
def digested(command: RecordBuild, digests: KeyedDigests) -> Digested:
    """Return the report that *command* makes, and what was built with the people behind it."""
    source = replace(
        command.source,
        author=_recorded(command.author, digests),
        merged_by=_recorded(command.merged_by, digests),
    )
    content: dict[str, object] = {
        "service": command.service,
        "build": command.build,
        "outcome": command.outcome,
        "source": [source.repository, source.commit, source.ref],
        "builder": command.builder,
        "label": command.label,
        "artifacts": [[a.name, str(a.digest), a.purl] for a in command.artifacts],
    }
    people = {"author": source.author, "merged_by": source.merged_by}
    content |= {role: [who.issuer, who.subject] for role, who in people.items() if who is not None}
    return Digested(command.report(report.fingerprint("build", content)), source)


def _recorded(named: Named | None, digests: KeyedDigests) -> Identity | None:
    return None if named is None else named.recorded(digests.person)
