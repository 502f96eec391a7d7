"""Evidence and trust as commands: what is recorded, once, in which order, and what is not."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from adapters.blobs.memory import MemoryBlobs
from domain import admission, evidence_file, trust
from domain.actor import Actor, ActorKind, Claim, Method
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.commands.admit_evidence import ABOUT_MAX
from domain.commands.trusted import trusted
from domain.digest import Digest
from domain.errors import (
    ContradictoryReport,
    FromTheFuture,
    LedgerUnavailable,
    MalformedValue,
    NotCorrectable,
    NothingFound,
    UnreadableEvidence,
    UnusableTrustRoot,
)
from domain.evidence import Reason, Signs
from domain.stream import evidence_stream
from domain.trust import Trust
from domain.trust_root import RootKind
from domain.verification import TimeSource, TrustedTime
from domain.workload import of_actor
from tests.builders import (
    CI,
    NOON,
    a_correction,
    a_distrust,
    a_trusted_root,
    a_verification,
    digest,
    tell,
)
from tests.evidence_desk import KEY, Desk, signed
from tests.mini_sigstore import p256


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_everything_about_a_file_is_one_append_in_the_order_of_its_pieces(desk: Desk) -> None:
    desk.trust()
    content = signed(KEY, p256(), KEY)
    receipt = desk.admit(content, name="app.jsonl", about=(digest(),))
    _, admitted, *found = desk.events()
    assert isinstance(admitted, EvidenceAdmitted)
    assert receipt.position == 2
    assert [event.version for event in desk.events()[1:]] == [1, 2, 3, 4]
    assert (admitted.references[0].size, admitted.about) == (len(content), (digest(),))
    assert [(type(each), each.place) for each in found] == [  # type: ignore[attr-defined]  # of findings
        (EvidenceVerified, 0),
        (EvidenceTurnedDown, 1),
        (EvidenceVerified, 2),
    ]
    assert desk.blobs.get(Digest.of(content)) == content


def test_evidence_is_kept_before_it_is_recorded(desk: Desk) -> None:
    class Full(MemoryBlobs):
        def put(self, content: bytes) -> Digest:
            raise LedgerUnavailable(f"no room for {len(content)} bytes")

    desk.blobs = Full()
    with pytest.raises(LedgerUnavailable):
        desk.admit(signed(KEY))
    assert desk.events() == []


def test_the_same_file_again_is_answered_as_before(desk: Desk) -> None:
    content = signed(KEY)
    first = desk.admit(content)
    desk.clock.advance()
    again = desk.admit(content, name="another name")
    assert (again.existing, again.position, again.recorded_at) == (True, first.position, first.recorded_at)


def test_another_artifact_is_one_more_admission_and_no_other_verification(desk: Desk) -> None:
    content = signed(KEY)
    desk.trust()
    desk.admit(content, about=(digest("a"),))
    desk.admit(content, about=(digest("b"), digest("a")))
    assert desk.topics == [
        "trust-root-imported",
        "evidence-admitted",
        "evidence-verified",
        "evidence-admitted",
    ]
    last = desk.events()[-1]
    assert isinstance(last, EvidenceAdmitted)
    assert (last.about, last.admission) == ((digest("b"),), 2)
    assert desk.admit(content, about=(digest("b"),)).existing


def a_run(commit: str = "a" * 40, repository_id: str = "41") -> Actor:
    claims = (Claim("repository_id", repository_id), Claim("sha", commit))
    return Actor(ActorKind.WORKLOAD, "https://ci.example", "a pipeline", method=Method.OIDC, claims=claims)


def test_another_run_is_one_more_admission_and_the_same_again_is_none(desk: Desk) -> None:
    content = signed(KEY)
    desk.trust()
    runs = [a_run(), a_run(commit="b" * 40), a_run(repository_id="42")]
    assert [desk.admit(content, actor=run).existing for run in (CI, *runs)] == [False] * 4
    assert [desk.admit(content, actor=run).existing for run in (*runs, CI)] == [True] * 4
    assert desk.topics[1:] == ["evidence-admitted", "evidence-verified", *["evidence-admitted"] * 3]
    known = desk.ledger.load(evidence_stream(Digest.of(content)), evidence_file.fold)
    assert known is not None
    assert known.uploaders == tuple(map(of_actor, runs))


def test_only_so_many_runs_are_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_file, "UPLOADERS_MAX", 2)
    content = signed(KEY)
    numbers = [desk.admit(content, actor=a_run(repository_id=str(number))).existing for number in range(4)]
    assert numbers == [False, False, True, True]


def test_many_who_hand_in_one_file_at_once_make_one_admission(desk: Desk) -> None:
    desk.trust()
    content = signed(KEY)
    artifacts = [digest(str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda each: desk.admit(content, about=(each,)), artifacts))
        list(threads.map(lambda _: desk.again(content), artifacts))
    admitted = [event for event in desk.events() if isinstance(event, EvidenceAdmitted)]
    assert sorted(each for event in admitted for each in event.about) == sorted(artifacts)
    assert [event.admission for event in admitted] == list(range(1, 9))
    assert desk.topics.count("evidence-verified") == 1


def test_only_what_differs_is_recorded_when_it_is_verified_again(desk: Desk) -> None:
    other = p256()
    content = signed(KEY, other)
    desk.admit(content)
    assert desk.again(content) == ()
    desk.trust()
    assert [each.event.topic for each in desk.again(content) if each.event] == [
        "evidence-verified.v1",
        "evidence-refused.v1",
    ]
    assert desk.again(content) == ()
    desk.trust(other)
    assert [each.event.topic for each in desk.again(content) if each.event] == ["evidence-verified.v1"]
    assert desk.again(content) == ()


def test_what_was_not_admitted_cannot_be_verified_again(desk: Desk) -> None:
    with pytest.raises(NothingFound):
        desk.again(b"nothing")
    desk.admit(b'{"payloadType":1,"payloadType":2}')
    with pytest.raises(NothingFound, match="was not admitted"):
        desk.again(b'{"payloadType":1,"payloadType":2}')


@pytest.mark.parametrize("content", [b"", b"text", b"\xff", b"{}", b"[]", bytes(5 << 20)])
def test_what_may_be_anything_leaves_no_trace(desk: Desk, content: bytes) -> None:
    with pytest.raises(UnreadableEvidence):
        desk.admit(content)
    assert desk.events() == []
    assert not desk.blobs.has(Digest.of(content))


def test_a_broken_file_leaves_its_reason_once_for_each_set_of_roots(desk: Desk) -> None:
    content = b'{"mediaType":"a","mediaType":"b"}'
    first = desk.admit(content)
    assert isinstance(first.event, EvidenceTurnedDown)
    assert (first.event.reason, first.event.roots) == (Reason.DUPLICATE_NAME, ())
    assert desk.admit(content).existing
    desk.trust()
    assert not desk.admit(content).existing
    assert not desk.blobs.has(Digest.of(content))


def test_a_claim_of_the_future_is_refused(desk: Desk) -> None:
    with pytest.raises(FromTheFuture):
        desk.admit(signed(KEY), occurred_at=NOON + timedelta(hours=1))
    with pytest.raises(FromTheFuture):
        desk.trust(occurred_at=NOON + timedelta(hours=1))


@pytest.mark.parametrize("more", [{"name": "a\nb"}, {"name": ""}, {"about": (digest(),) * (ABOUT_MAX + 1)}])
def test_a_malformed_admission_is_refused(desk: Desk, more: dict[str, Any]) -> None:
    with pytest.raises(MalformedValue):
        desk.admit(signed(KEY), **more)
    assert desk.events() == []


def test_no_event_about_evidence_or_trust_can_be_corrected(desk: Desk) -> None:
    desk.trust()
    desk.admit(signed(KEY))
    for position in range(1, len(desk.events()) + 1):
        with pytest.raises(NotCorrectable):
            tell(desk.ledger, a_correction(position))


def test_words_of_a_refusal_are_one_printable_line() -> None:
    kind = "application/vnd.dev.sigstore.bundle" + "x\x1b[31m\n" * 500
    content = json.dumps({"mediaType": kind}).encode()
    desk = Desk()
    desk.admit(content)
    (told,) = (event for event in desk.events() if isinstance(event, EvidenceTurnedDown))
    assert told.words.isprintable()
    assert len(told.words) <= admission.WORDS_LENGTH_MAX


# -- trust


def test_a_root_that_is_imported_again_in_other_words_is_as_it_was_said_last(desk: Desk) -> None:
    desk.trust(name="first")
    assert desk.trust(name="first").existing
    desk.trust(name="second", signs=Signs.PAYLOAD)
    known = desk.ledger.load("trust", trust.fold)
    assert known is not None
    (root,) = known.roots.values()
    assert (root.name, root.signs) == ("second", Signs.PAYLOAD)


def test_the_root_imported_last_is_tried_first(desk: Desk) -> None:
    other = p256()
    desk.trust()
    desk.trust(other)
    desk.admit(signed(p256()))
    refused = desk.events()[-1]
    assert isinstance(refused, EvidenceTurnedDown)
    known = desk.ledger.load("trust", trust.fold)
    assert known is not None
    assert refused.roots == tuple(known.roots)[::-1]


def test_a_key_counts_within_its_span_of_use_and_until_it_is_distrusted(desk: Desk) -> None:
    desk.trust(valid_until=NOON + timedelta(minutes=2))
    early, late = signed(KEY, text="early"), signed(KEY, text="late")
    desk.admit(early)
    desk.clock.advance(60)
    known = desk.ledger.load("trust", trust.fold)
    assert known is not None
    desk.distrust(key=next(iter(known.roots)))
    desk.admit(late)
    assert desk.topics[-2:] == ["evidence-admitted", "evidence-refused"]
    last = desk.events()[-1]
    assert isinstance(last, EvidenceTurnedDown)
    assert last.reason is Reason.KEY_OUT_OF_USE


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"content": b"no key"}, UnusableTrustRoot),
        ({"content": b"{}", "kind": RootKind.SIGSTORE}, UnusableTrustRoot),
        ({"content": b"{}", "kind": RootKind.SIGSTORE, "key_id": "a"}, ContradictoryReport),
        ({"log": digest("no such root")}, ContradictoryReport),
        ({"valid_from": NOON, "valid_until": NOON - timedelta(1)}, ContradictoryReport),
        ({"name": ""}, MalformedValue),
        ({"source": "two\nlines"}, MalformedValue),
    ],
)
def test_what_cannot_vouch_is_not_trusted(desk: Desk, more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        desk.trust(**more)
    assert desk.events() == []


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"identity": "a", "key": digest()},
        {"key": digest(), "issuer": "an issuer"},
    ],
)
def test_a_distrust_names_one_signer(desk: Desk, named: dict[str, Any]) -> None:
    with pytest.raises(ContradictoryReport):
        desk.distrust(**named)


AN_HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "signed_at", "against"),
    [
        ({}, NOON, True),
        ({}, NOON - AN_HOUR, False),
        ({}, None, True),
        ({"issuer": None}, NOON, True),
        ({"issuer": "https://another.example"}, NOON, False),
        ({"identity": "https://github.com/acme/payments-api"}, NOON, False),
        ({"identity": None, "issuer": None, "key": digest("a certificate")}, NOON, True),
        ({"identity": None, "issuer": None, "key": digest("another")}, NOON, False),
    ],
)
def test_whom_a_distrust_concerns(said: dict[str, Any], signed_at: Any, against: bool) -> None:
    found = a_verification()
    times = () if signed_at is None else (TrustedTime(signed_at, TimeSource.LOG),)
    known = reduce(trust.fold, (a_trusted_root(), a_distrust(version=2, **said)), Trust())
    assert (known.distrust(found.signer, times) is not None) == against


def test_a_later_time_does_not_undo_an_earlier_proof() -> None:
    times = (TrustedTime(NOON - AN_HOUR, TimeSource.LOG), TrustedTime(NOON + AN_HOUR, TimeSource.TIMESTAMP))
    assert Trust(distrusted=(a_distrust(),)).distrust(a_verification().signer, times) is None


def test_a_recorded_verification_is_the_outcome_that_was_found(desk: Desk) -> None:
    desk.trust()
    content = signed(KEY)
    desk.admit(content)
    event = desk.events()[-1]
    assert isinstance(event, EvidenceVerified)
    anchors, _ = trusted(desk.ledger, desk.blobs)
    (outcome,) = desk.verifier.verify(content, anchors, at=desk.clock())
    said = desk.reader.pieces(content).statement(0, event.identity)
    assert event.verified(said) == outcome
    other = replace(event.identity, signed=digest("another"))
    with pytest.raises(Exception, match="not the one that was verified"):
        desk.reader.pieces(content).statement(0, other)
