"""Put a table of builders in force: which of them counts for which level."""

from dataclasses import dataclass

from domain import names, report
from domain.commands.said_of_trust import say
from domain.commands.telling import Told
from domain.digest import Digest
from domain.errors import UnusableBuilders
from domain.evidence import EvidenceRefused
from domain.expectations.builders import ReadBuilders
from domain.ports import Blobs, Ledger, Receipt
from domain.stream import TRUST
from domain.trust import BuildersImported, Trust


@dataclass(frozen=True, kw_only=True)
class ImportBuilders(Told):
    """The command: the file."""

    content: bytes
    source: str | None = None


def import_builders(command: ImportBuilders, *, ledger: Ledger, blobs: Blobs, read: ReadBuilders) -> Receipt:
    """Append the import to *ledger*, once; the one before is replaced as a whole.

    Raises `UnusableBuilders` for a file that *read* refuses.
    """
    if command.source is not None:
        names.line(command.source, "source")
    try:
        read(command.content)
    except EvidenceRefused as wrong:
        raise UnusableBuilders(f"{wrong.reason}: {wrong.words}") from wrong
    table = Digest.of(command.content)
    told = command.report(report.fingerprint("builders", {"table": table.text, "source": command.source}))

    def decide(known: Trust) -> BuildersImported:
        return BuildersImported(
            stream=TRUST,
            version=known.version + 1,
            occurred_at=command.occurred_at,
            actor=command.actor,
            report=told,
            table=table,
            source=command.source,
        )

    return say(
        told,
        occurred_at=command.occurred_at,
        ledger=ledger,
        last=lambda known: known.builders,
        decide=decide,
        keep=lambda: blobs.put(command.content),
    )
