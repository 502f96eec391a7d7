"""What is trusted: said last it holds, said in between it can be said again, and it can be taken back."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from adapters.blobs.memory import MemoryBlobs
from adapters.evidence import builder_table
from domain import trust
from domain.admission import EvidenceTurnedDown, EvidenceVerified
from domain.commands.import_builders import ImportBuilders, import_builders
from domain.commands.trusted import trusted
from domain.commands.withdraw_trust_root import WithdrawTrustRoot, withdraw_trust_root
from domain.digest import Digest
from domain.errors import (
    AlreadyRecorded,
    ContradictoryReport,
    FromTheFuture,
    MalformedValue,
    NothingFound,
    UnusableBuilders,
)
from domain.evidence import Reason, Signs
from domain.evidence_port import PinnedKey, TrustedRoot
from domain.ports import Receipt
from domain.trust import Trust
from domain.trust_root import RootKind, TrustRootImported
from tests.builders import CI, NOON, digest
from tests.evidence_desk import KEY, Desk, signed
from tests.mini_sigstore import MiniSigstore, p256, pem
from tests.mini_sigstore_bundles import attested

OTHER = p256()
MINI = MiniSigstore()
ROOT = Digest.of(MINI.trusted_root())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def known(desk: Desk) -> Trust:
    return desk.ledger.load("trust", trust.fold) or Trust()


def names(desk: Desk) -> Sequence[str]:
    """What is in force, the root imported last first."""
    return [each.name for each in known(desk).in_force[::-1]]


def sigstore(desk: Desk, **more: Any) -> Receipt:
    return desk.trust(**{"kind": RootKind.SIGSTORE, "content": MINI.trusted_root(), "name": "mini", **more})


def withdraw(desk: Desk, root: Digest, **more: Any) -> Receipt:
    told = {"occurred_at": desk.clock(), "actor": CI, "since": desk.clock(), "reason": "lost", **more}
    return withdraw_trust_root(WithdrawTrustRoot(root=root, **told), ledger=desk.ledger)


def table(desk: Desk, content: bytes, **more: Any) -> Receipt:
    command = ImportBuilders(**{"occurred_at": desk.clock(), "actor": CI, "content": content, **more})
    return import_builders(command, ledger=desk.ledger, blobs=desk.blobs, read=builder_table.read)


def last(desk: Desk) -> Any:
    return desk.events()[-1]


def test_a_root_imported_again_after_another_is_tried_first_again(desk: Desk) -> None:
    first = desk.trust(KEY, name="A")
    assert desk.trust(KEY, name="A").position == first.position
    desk.trust(OTHER, name="B")
    again = desk.trust(KEY, name="A")
    assert not again.existing
    assert names(desk) == ["A", "B"]
    assert desk.trust(KEY, name="A").position == again.position
    anchors, _ = trusted(desk.ledger, desk.blobs)
    assert len(anchors) == 2


def test_what_was_said_first_of_a_key_can_be_said_again(desk: Desk) -> None:
    desk.trust(signs=Signs.PAE)
    desk.trust(signs=Signs.PAYLOAD)
    assert not desk.trust(signs=Signs.PAE).existing
    (root,) = known(desk).in_force
    assert root.signs is Signs.PAE


def test_a_root_keeps_its_instance_until_another_is_said(desk: Desk) -> None:
    sigstore(desk)
    assert known(desk).instance(ROOT) is None
    for said, kept in (("public-good", "public-good"), (None, "public-good"), ("acme", "acme")):
        sigstore(desk, instance=said, source=f"{said}")
        assert known(desk).instance(ROOT) == kept
    withdraw(desk, ROOT)
    sigstore(desk, source="after all")
    assert known(desk).instance(ROOT) is None


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"instance": "public-good"}, ContradictoryReport),
        ({"kind": RootKind.SIGSTORE, "content": MINI.trusted_root(), "instance": "No Name"}, MalformedValue),
    ],
)
def test_an_instance_is_that_of_a_root_of_sigstore(
    desk: Desk, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        desk.trust(**more)
    assert desk.events() == []


def test_only_a_root_of_sigstore_that_is_in_force_keeps_a_log(desk: Desk) -> None:
    desk.trust(KEY)
    (key,) = known(desk).roots
    with pytest.raises(ContradictoryReport, match="is a key, and keeps no log"):
        desk.trust(OTHER, log=key)
    sigstore(desk)
    desk.trust(OTHER, log=ROOT)
    withdraw(desk, ROOT)
    with pytest.raises(ContradictoryReport, match="is trusted, whose log"):
        desk.trust(p256(), log=ROOT)


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"log": ROOT}, ContradictoryReport),
        ({"occurred_at": NOON + timedelta(days=9)}, FromTheFuture),
        ({"reporter": "ci", "id": "1"}, AlreadyRecorded),
    ],
)
def test_of_an_import_that_is_refused_nothing_is_kept(
    desk: Desk, more: dict[str, Any], refusal: type[Exception]
) -> None:
    desk.trust(KEY, reporter="ci", id="1")
    with pytest.raises(refusal):
        desk.trust(OTHER, **more)
    assert not desk.blobs.has(Digest.of(pem(OTHER)))
    with pytest.raises(FromTheFuture):
        table(desk, b'{"builders": []}', occurred_at=NOON + timedelta(days=9))
    assert not desk.blobs.has(Digest.of(b'{"builders": []}'))


def test_an_import_that_is_told_again_puts_a_lost_file_back(desk: Desk) -> None:
    sigstore(desk)
    desk.trust(OTHER, log=ROOT)
    withdraw(desk, ROOT)
    desk.blobs = MemoryBlobs()
    assert desk.trust(OTHER, log=ROOT).existing
    assert desk.blobs.has(Digest.of(pem(OTHER)))


def test_nothing_is_verified_with_a_root_that_is_withdrawn(desk: Desk) -> None:
    desk.trust()
    (key,) = known(desk).roots
    withdraw(desk, key)
    assert names(desk) == []
    desk.admit(signed(KEY))
    refused = last(desk)
    assert isinstance(refused, EvidenceTurnedDown)
    assert (refused.reason, refused.roots) == (Reason.NO_ANCHOR, ())
    assert list(known(desk).roots) == [key], "what was recorded with it can still be explained"


def test_a_withdrawal_is_told_once_and_again_after_the_root_was_trusted_again(desk: Desk) -> None:
    desk.trust()
    (key,) = known(desk).roots
    first = withdraw(desk, key, since=NOON)
    assert withdraw(desk, key, since=NOON).position == first.position
    assert not withdraw(desk, key, since=NOON - timedelta(days=1)).existing
    assert known(desk).withdrawn[key].since == NOON - timedelta(days=1)
    assert not desk.trust().existing
    assert names(desk) == ["a key"]
    assert not withdraw(desk, key, since=NOON - timedelta(days=1)).existing
    assert names(desk) == []


def test_only_what_was_imported_is_withdrawn(desk: Desk) -> None:
    with pytest.raises(NothingFound):
        withdraw(desk, digest("no such root"))
    desk.trust()
    with pytest.raises(MalformedValue):
        withdraw(desk, next(iter(known(desk).roots)), reason="")


def test_what_was_recorded_before_a_withdrawal_counts_whatever_time_the_root_vouches_for(desk: Desk) -> None:
    desk.trust()
    (key,) = known(desk).roots
    withdraw(desk, key, since=NOON)
    moment = timedelta(microseconds=1)
    assert known(desk).withdrawal(key, NOON - moment) is None
    assert known(desk).withdrawal(key, NOON) is not None
    assert known(desk).withdrawal(digest("another"), NOON) is None


def test_a_log_that_is_withdrawn_no_longer_says_when_a_key_signed(desk: Desk) -> None:
    sigstore(desk)
    desk.trust(KEY, log=ROOT)
    content = json.dumps(attested(MINI, signer=KEY)).encode()
    desk.admit(content)
    before = last(desk)
    assert isinstance(before, EvidenceVerified)
    assert (before.log_root, len(before.times)) == (ROOT, 1)
    withdraw(desk, ROOT)
    (anchor,), _ = trusted(desk.ledger, desk.blobs)
    assert isinstance(anchor, PinnedKey)
    assert anchor.log is None
    assert len(desk.again(content)) == 1
    after = last(desk)
    assert isinstance(after, EvidenceVerified)
    assert (after.root, after.log_root, after.times) == (before.root, None, ())
    assert desk.again(content) == ()


def test_the_same_key_with_another_log_is_another_verification(desk: Desk) -> None:
    newer = MINI.trusted_root() + b"\n"
    sigstore(desk)
    sigstore(desk, content=newer)
    desk.trust(KEY, log=ROOT)
    content = json.dumps(attested(MINI, signer=KEY)).encode()
    desk.admit(content)
    desk.trust(KEY, log=Digest.of(newer))
    assert len(desk.again(content)) == 1
    assert last(desk).log_root == Digest.of(newer)


def test_a_table_of_builders_is_said_once_and_again_after_another(desk: Desk) -> None:
    one = b'{"builders": []}'
    other = b'{"builders": [{"signer": "https://ci.example/*", "instance": "acme", "level": 2}]}'
    first = table(desk, one)
    assert table(desk, one).position == first.position
    table(desk, other, source="by hand")
    assert not table(desk, one).existing
    builders = known(desk).builders
    assert builders is not None
    assert builders.table == Digest.of(one)
    assert desk.blobs.get(Digest.of(other)) == other


@pytest.mark.parametrize("content", [b"", b"{}", b'{"builders": [{"signer": "https://github.com/*"}]}'])
def test_what_is_no_table_is_not_put_in_force(desk: Desk, content: bytes) -> None:
    with pytest.raises(UnusableBuilders):
        table(desk, content)
    assert desk.events() == []
    assert not desk.blobs.has(Digest.of(content))


def test_roots_and_keys_are_anchors_of_their_kind(desk: Desk) -> None:
    sigstore(desk)
    desk.trust(KEY, log=ROOT)
    (key, root), named = trusted(desk.ledger, desk.blobs)
    assert isinstance(key, PinnedKey)
    assert root == key.log == TrustedRoot(MINI.trusted_root())
    assert [type(each) for each in known(desk).in_force] == [TrustRootImported] * 2
    assert list(named) == list(known(desk).roots)[::-1]
