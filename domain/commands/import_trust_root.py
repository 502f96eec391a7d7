"""Import what may vouch for evidence from now on."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, names, report, trust
from domain.commands.telling import Told, once
from domain.digest import Digest
from domain.errors import ContradictoryReport, UnusableTrustRoot
from domain.evidence import EvidenceRefused, Signs
from domain.evidence_port import EvidenceReader
from domain.ports import Blobs, Ledger, Receipt
from domain.stream import TRUST
from domain.trust import RootKind, Trust, TrustRootImported


@dataclass(frozen=True, kw_only=True)
class ImportTrustRoot(Told):
    """The command: the file of a root or of a public key, and for a key, what its signatures are worth."""

    kind: RootKind
    content: bytes
    name: str
    source: str | None = None
    log: Digest | None = None
    key_id: str | None = None
    signs: Signs | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def import_trust_root(
    command: ImportTrustRoot, *, ledger: Ledger, blobs: Blobs, reader: EvidenceReader
) -> Receipt:
    """Append the import to *ledger*, once; said again in other words, the later ones hold.

    Raises `UnusableTrustRoot` for what could vouch for nothing, and `ContradictoryReport`.
    """
    _check(command)
    try:
        root = (reader.key if command.kind is RootKind.KEY else reader.root)(command.content)
    except EvidenceRefused as wrong:
        raise UnusableTrustRoot(f"{wrong.reason}: {wrong.words}") from wrong
    content = blobs.put(command.content)
    told = command.report(report.fingerprint("trust-root", _said(command, root)))

    def decide() -> list[TrustRootImported]:
        known = ledger.load(TRUST, trust.fold) or Trust()
        if command.log is not None and known.roots.get(command.log) is None:
            raise ContradictoryReport(f"no trusted root {command.log} was imported, whose log it could be")
        return [
            TrustRootImported(
                stream=TRUST,
                version=known.version + 1,
                occurred_at=command.occurred_at,
                actor=command.actor,
                report=told,
                kind=command.kind,
                root=root,
                content=content,
                name=command.name,
                source=command.source,
                log=command.log,
                key_id=command.key_id,
                signs=command.signs,
                valid_from=command.valid_from,
                valid_until=command.valid_until,
            )
        ]

    return once(
        told,
        told.fingerprint,
        occurred_at=command.occurred_at,
        stream=TRUST,
        ledger=ledger,
        decide=decide,
    )


def _check(command: ImportTrustRoot) -> None:
    names.line(command.name, "name", length_max=names.NAME_LENGTH_MAX)
    for text, what in ((command.source, "source"), (command.key_id, "key id")):
        if text is not None:
            names.line(text, what)
    of_keys = (command.log, command.key_id, command.signs, command.valid_from, command.valid_until)
    if command.kind is not RootKind.KEY and any(each is not None for each in of_keys):
        raise ContradictoryReport("log, key_id, signs and a span of use are said of a key alone")
    if command.valid_from and command.valid_until and command.valid_until < command.valid_from:
        raise ContradictoryReport("the key's use would end before it begins")


def _said(command: ImportTrustRoot, root: Digest) -> dict[str, object]:
    return {
        "kind": command.kind.value,
        "root": root.text,
        "content": Digest.of(command.content).text,
        "name": command.name,
        "source": command.source,
        "log": command.log and command.log.text,
        "key_id": command.key_id,
        "signs": command.signs and command.signs.value,
        "valid_from": command.valid_from and instant.text(command.valid_from),
        "valid_until": command.valid_until and instant.text(command.valid_until),
    }
