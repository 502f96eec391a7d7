"""Import what may vouch for evidence from now on."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, names, report
from domain.commands.said_of_trust import say
from domain.commands.telling import Told
from domain.digest import Digest
from domain.errors import ContradictoryReport, UnusableTrustRoot
from domain.evidence import EvidenceRefused, Signs
from domain.evidence_port import EvidenceReader
from domain.ports import Blobs, Ledger, Receipt
from domain.stream import TRUST
from domain.trust import Trust
from domain.trust_root import RootKind, TrustRootImported


@dataclass(frozen=True, kw_only=True)
class ImportTrustRoot(Told):
    """The command: the file of a root or of a public key, and for a key, what its signatures are worth."""

    kind: RootKind
    content: bytes
    name: str
    source: str | None = None
    instance: str | None = None
    """None leaves it as it is: a root that is imported for the first time is of no known instance."""
    log: Digest | None = None
    key_id: str | None = None
    signs: Signs | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def import_trust_root(
    command: ImportTrustRoot, *, ledger: Ledger, blobs: Blobs, reader: EvidenceReader
) -> Receipt:
    """Append the import to *ledger*, once; said again in other words, the later ones hold.

    A root that is imported again, after another was, is the last one again. One that was withdrawn
    is trusted again. Raises `UnusableTrustRoot` for what could vouch for nothing, and `ContradictoryReport`;
    of what is refused nothing is kept.
    """
    _check(command)
    try:
        root = (reader.key if command.kind is RootKind.KEY else reader.root)(command.content)
    except EvidenceRefused as wrong:
        raise UnusableTrustRoot(f"{wrong.reason}: {wrong.words}") from wrong
    told = command.report(report.fingerprint("trust-root", _said(command, root)))

    def last(known: Trust) -> TrustRootImported | None:
        newest = known.in_force[-1:]
        return newest[0] if newest and newest[0].root == root else None

    def decide(known: Trust) -> TrustRootImported:
        _check_log(command.log, known)
        before = None if root in known.withdrawn else known.instance(root)
        return TrustRootImported(
            stream=TRUST,
            version=known.version + 1,
            occurred_at=command.occurred_at,
            actor=command.actor,
            report=told,
            kind=command.kind,
            root=root,
            content=Digest.of(command.content),
            name=command.name,
            source=command.source,
            instance=command.instance or before,
            log=command.log,
            key_id=command.key_id,
            signs=command.signs,
            valid_from=command.valid_from,
            valid_until=command.valid_until,
        )

    return say(
        told,
        occurred_at=command.occurred_at,
        ledger=ledger,
        last=last,
        decide=decide,
        keep=lambda: blobs.put(command.content),
    )


def _check(command: ImportTrustRoot) -> None:
    names.line(command.name, "name", length_max=names.NAME_LENGTH_MAX)
    for text, what in ((command.source, "source"), (command.key_id, "key id")):
        if text is not None:
            names.line(text, what)
    of_keys = (command.log, command.key_id, command.signs, command.valid_from, command.valid_until)
    if command.kind is not RootKind.KEY and any(each is not None for each in of_keys):
        raise ContradictoryReport("log, key_id, signs and a span of use are said of a key alone")
    if command.instance is not None:
        names.key(command.instance, "instance")
        if command.kind is not RootKind.SIGSTORE:
            raise ContradictoryReport("a key is of no instance of Sigstore")
    if command.valid_from and command.valid_until and command.valid_until < command.valid_from:
        raise ContradictoryReport("the key's use would end before it begins")


def _check_log(log: Digest | None, known: Trust) -> None:
    if log is None:
        return
    root = next((each for each in known.in_force if each.root == log), None)
    if root is None:
        raise ContradictoryReport(f"no root {log} is trusted, whose log it could be")
    if root.kind is not RootKind.SIGSTORE:
        raise ContradictoryReport(f"{log} is a key, and keeps no log")


def _said(command: ImportTrustRoot, root: Digest) -> dict[str, object]:
    return {
        "kind": command.kind.value,
        "root": root.text,
        "content": Digest.of(command.content).text,
        "name": command.name,
        "source": command.source,
        "instance": command.instance,
        "log": command.log and command.log.text,
        "key_id": command.key_id,
        "signs": command.signs and command.signs.value,
        "valid_from": command.valid_from and instant.text(command.valid_from),
        "valid_until": command.valid_until and instant.text(command.valid_until),
    }
