"""Record the configuration meant for a target."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain import config_version, history, instant, report
from domain.commands.telling import Told, once, worked_out_once
from domain.config_version import ConfigRecorded, Entry
from domain.digest import Digest
from domain.errors import ContradictoryReport
from domain.ports import KeyedDigests, Ledger, Receipt
from domain.report import Report
from domain.stream import target_stream
from domain.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConfig(Told):
    """The command: entries, or only their digest."""

    target: Target
    digest: Digest | None = None
    plain: Mapping[str, str] | None = None
    """Values that may be read by whoever may read the ledger."""
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secret values, or keyed digests made at the source (`hmac-sha256:…`)."""
    author: str | None = field(default=None, repr=False)
    """Who changed it, by any name; only a keyed digest is kept."""


def record_config(command: RecordConfig, *, ledger: Ledger, digests: KeyedDigests) -> Receipt:
    """Append the configuration to *ledger*, once; secret values and names of people end here."""
    meant = digested(command, digests)

    def decide() -> list[ConfigRecorded]:
        stream = target_stream(command.target)
        known = ledger.load(stream, history.fold) or history.TargetHistory()
        return [
            config_version.record(
                known.configs,
                version=known.version + 1,
                occurred_at=command.occurred_at,
                actor=command.actor,
                told=meant.told,
                target=command.target,
                entries=meant.entries,
                digest=command.digest,
                author=meant.author,
            )
        ]

    return once(
        meant.told,
        meant.told.fingerprint,
        occurred_at=command.occurred_at,
        stream=target_stream(command.target),
        ledger=ledger,
        decide=decide,
    )


@dataclass(frozen=True, slots=True)
class Digested:
    """What a command says without its secrets."""

    told: Report
    entries: tuple[Entry, ...] | None
    author: str | None


@worked_out_once
def digested(command: RecordConfig, digests: KeyedDigests) -> Digested:
    """Return what *command* says, secret values and names of people by their keyed digests."""
    entries = _entries(command, digests)
    author = None if command.author is None else digests.person(command.author)
    fingerprint = report.fingerprint(
        "config",
        {
            "target": str(command.target),
            "occurred_at": instant.text(command.occurred_at),
            "entries": None
            if entries is None
            else sorted([entry.key, entry.value, entry.secret] for entry in entries),
            "digest": None if command.digest is None else str(command.digest),
            "author": author,
        },
    )
    return Digested(command.report(fingerprint), entries, author)


def _entries(command: RecordConfig, digests: KeyedDigests) -> tuple[Entry, ...] | None:
    if command.plain is None:
        if command.secret:
            raise ContradictoryReport("secret entries are given without the plain ones")
        return None
    twice = command.plain.keys() & command.secret.keys()
    if twice:
        raise ContradictoryReport(f"{sorted(twice)[0]} is given both plain and secret")
    plain = [Entry(key, value=value) for key, value in command.plain.items()]
    secret = [Entry(key, secret=_keyed(key, value, digests)) for key, value in command.secret.items()]
    return (*plain, *secret)


def _keyed(key: str, value: str, digests: KeyedDigests) -> str:
    return value if config_version.is_keyed(value) else digests.secret(key, value)
