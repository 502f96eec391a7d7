"""What is trusted now, as the verifier takes it."""

from collections.abc import Sequence

from domain import trust
from domain.digest import Digest
from domain.evidence import Signs
from domain.evidence_port import Anchor, PinnedKey, TrustedRoot
from domain.instant import MICROSECOND
from domain.ports import Blobs, LedgerReader
from domain.stream import TRUST
from domain.trust import Trust
from domain.trust_root import RootKind, TrustRootImported


def trusted(ledger: LedgerReader, blobs: Blobs) -> tuple[Sequence[Anchor], tuple[Digest, ...]]:
    """Return every anchor, the one imported last first, and how verifications name them.

    Nothing that was withdrawn is among them, nor says when a key signed. A distrusted key vouches for
    what it signed before; whose certificate is distrusted is judged where verifications are asked for.
    """
    known = ledger.load(TRUST, trust.fold) or Trust()
    newest_first = known.in_force[::-1]
    anchors = [_anchor(each, known, blobs) for each in newest_first]
    return anchors, tuple(each.root for each in newest_first)


def _anchor(imported: TrustRootImported, known: Trust, blobs: Blobs) -> Anchor:
    content = blobs.get(imported.content)
    if imported.kind is RootKind.SIGSTORE:
        return TrustedRoot(content)
    until = [each.since - MICROSECOND for each in known.distrusted if each.key == imported.root]
    if imported.valid_until is not None:
        until.append(imported.valid_until)
    log = None
    if imported.log is not None and imported.log not in known.withdrawn:
        log = known.roots[imported.log]
    return PinnedKey(
        content,
        key_id=imported.key_id,
        signs=imported.signs or Signs.PAE,
        valid_from=imported.valid_from,
        valid_until=min(until, default=None),
        log=None if log is None else TrustedRoot(blobs.get(log.content)),
    )
