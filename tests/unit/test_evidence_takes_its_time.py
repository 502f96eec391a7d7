"""What takes long is done while nobody waits, only for what is not refused, and once for each file."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread

import pytest

from adapters.blobs.memory import MemoryBlobs
from adapters.evidence import reading
from adapters.evidence.pieces import Piece, Unread
from adapters.evidence.reader import FileReader
from adapters.evidence.verifier import OfflineVerifier
from adapters.sbom import document
from domain.admission import EvidenceTurnedDown, EvidenceVerified
from domain.digest import Digest
from domain.errors import AlreadyRecorded, BrokenLedger, EvidenceLost, FromTheFuture
from domain.evidence import CHECKS_MAX, PIECES_MAX, SIGNATURES_MAX, EvidenceRefused, Reason
from domain.evidence_port import Anchor
from domain.queries.said_by import said_by
from domain.report import Report
from domain.stream import evidence_stream
from domain.verification import Outcome
from tests.builders import NOON, digest
from tests.evidence_desk import FILE, KEY, Desk, signed
from tests.mini_sigstore import p256

WAIT_SECONDS = 10


@dataclass
class Meanwhile(OfflineVerifier):
    """The real verifier, which lets something happen each time before it begins."""

    happens: Callable[[], object]
    times: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def verify(self, content: bytes, anchors: Sequence[Anchor], *, at: datetime) -> Sequence[Outcome]:
        self.times += 1
        self.happens()
        return super().verify(content, anchors, at=at)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def others_get_their_turn(desk: Desk, content: bytes) -> Callable[[], None]:
    """Return what takes the turn of the file's stream from another thread; fails where it is held."""

    def take() -> None:
        with desk.ledger.turn(evidence_stream(Digest.of(content))):
            pass

    def ask() -> None:
        other = Thread(target=take, daemon=True)
        other.start()
        other.join(WAIT_SECONDS)
        assert not other.is_alive(), "somebody holds the turn"

    return ask


def test_nobody_waits_while_evidence_is_verified_and_kept(desk: Desk) -> None:
    content = signed(KEY)
    ask = others_get_their_turn(desk, content)

    class Slow(MemoryBlobs):
        def put(self, content: bytes) -> Digest:
            ask()
            return super().put(content)

    desk.blobs = Slow()
    desk.verifier = Meanwhile(ask)
    desk.admit(content)
    desk.trust()
    (found,) = desk.again(content)
    assert isinstance(found.event, EvidenceVerified)
    assert desk.verifier.times == 2


def test_what_is_trusted_in_between_is_asked_as_well(desk: Desk) -> None:
    verifier = Meanwhile(lambda: verifier.times == 1 and desk.trust())
    desk.verifier = verifier
    desk.admit(signed(KEY))
    assert desk.topics == ["trust-root-imported", "evidence-admitted", "evidence-verified"]
    assert verifier.times == 2


def test_a_root_that_comes_while_it_is_verified_again_is_asked_as_well(desk: Desk) -> None:
    content, other = signed(KEY, p256()), p256()
    desk.admit(content)
    desk.trust(other)
    verifier = Meanwhile(lambda: verifier.times == 1 and desk.trust())
    desk.verifier = verifier
    told = [each.event for each in desk.again(content)]
    assert [type(each) for each in told] == [EvidenceVerified, EvidenceTurnedDown]
    assert isinstance(told[1], EvidenceTurnedDown)
    assert len(told[1].roots) == 2


def test_evidence_that_was_admitted_is_not_verified_for_one_more_artifact(desk: Desk) -> None:
    content = signed(KEY)
    desk.verifier = Meanwhile(lambda: None)
    desk.admit(content)
    desk.admit(content, about=(digest("b"),))
    desk.admit(content, about=(digest("b"),))
    assert desk.verifier.times == 1


def test_of_what_is_refused_nothing_is_kept(desk: Desk) -> None:
    first, second = signed(KEY, text="first"), signed(KEY, text="second")
    with pytest.raises(FromTheFuture):
        desk.admit(second, occurred_at=NOON + timedelta(hours=1))
    desk.admit(first, reporter="ci", id="run-1")
    with pytest.raises(AlreadyRecorded):
        desk.admit(second, reporter="ci", id="run-1")
    assert desk.blobs.has(Digest.of(first))
    assert not desk.blobs.has(Digest.of(second))


def test_a_retry_puts_back_what_was_lost(desk: Desk) -> None:
    content = signed(KEY)
    desk.admit(content)
    desk.blobs = MemoryBlobs()
    assert desk.admit(content).existing
    assert desk.blobs.get(Digest.of(content)) == content


# -- one lost file


class Damaged(MemoryBlobs):
    """A store that has lost some files and altered others."""

    def __init__(self, *, lost: Sequence[bytes] = (), altered: Sequence[bytes] = ()) -> None:
        super().__init__()
        self.lost, self.altered = map(Digest.of, lost), map(Digest.of, altered)
        self.gone = {**dict.fromkeys(self.lost, EvidenceLost), **dict.fromkeys(self.altered, BrokenLedger)}
        self.got: list[Digest] = []

    def get(self, digest: Digest) -> bytes:
        self.got.append(digest)
        if digest in self.gone:
            raise self.gone[digest](f"{digest} is gone")
        return super().get(digest)


def test_a_lost_file_keeps_no_other_from_being_verified_again(desk: Desk) -> None:
    files = [signed(KEY, text=text) for text in ("lost", "good", "altered", "better")]
    desk.blobs = Damaged(lost=files[:1], altered=files[2:3])
    for content in files:
        desk.admit(content)
    desk.trust()
    done = desk.verified_again(*files)
    assert [each.event.evidence for each in done.receipts if isinstance(each.event, EvidenceVerified)] == [
        Digest.of(files[1]),
        Digest.of(files[3]),
    ]
    assert [(each.evidence, type(each.refusal)) for each in done.lost] == [
        (Digest.of(files[0]), EvidenceLost),
        (Digest.of(files[2]), BrokenLedger),
    ]


def test_each_file_is_fetched_and_read_once_however_many_verified_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [signed(*[KEY] * 5, text="many"), signed(KEY, text="lost"), signed(KEY, text="one")]
    blobs = desk.blobs = Damaged(lost=files[1:2])
    desk.trust()
    for content in files:
        desk.admit(content)
    events = [event for event in desk.events() if isinstance(event, EvidenceVerified)]
    blobs.got.clear()
    opened: list[bytes] = []
    really = reading.read

    def read(content: bytes) -> tuple[Piece | Unread, ...]:
        opened.append(content)
        return really(content)

    monkeypatch.setattr(reading, "read", read)
    found = dict(said_by(events[::-1], blobs=blobs, reader=FileReader(document.read)))
    assert sorted(found) == list(range(7))
    assert sorted(blobs.got) == sorted(map(Digest.of, files))
    assert opened == [files[2], files[0]]
    lost = [each for each in found.values() if each.lost]
    assert len(lost) == 1
    assert (lost[0].statement, str(Digest.of(files[1])) in str(lost[0].lost)) == (None, True)
    assert all(each.statement is not None for each in found.values() if not each.lost)


# -- how much there is to verify


def with_signatures(*counts: int) -> bytes:
    """A line for each of *counts*: an envelope with so many signatures."""
    lines = [
        {"payloadType": FILE, "payload": b64encode(b"{}").decode(), "signatures": [{"sig": "AAAA"}] * count}
        for count in counts
    ]
    return b"\n".join(json.dumps(line).encode() for line in lines)


def test_a_file_with_more_signatures_than_anyone_verifies_is_refused_as_a_whole(desk: Desk) -> None:
    desk.trust()
    most = CHECKS_MAX // SIGNATURES_MAX
    assert most < PIECES_MAX
    assert len(reading.read(with_signatures(*[SIGNATURES_MAX] * most))) == most
    content = with_signatures(*[SIGNATURES_MAX] * most, 1)
    with pytest.raises(EvidenceRefused, match=f"{CHECKS_MAX + 1} signatures.* at most {CHECKS_MAX}"):
        reading.read(content)
    told = desk.admit(content).event
    assert isinstance(told, EvidenceTurnedDown)
    assert (told.reason, told.place) == (Reason.TOO_MANY, None)
    assert not desk.blobs.has(Digest.of(content))


def test_a_retried_report_is_found_by_its_own_name(desk: Desk) -> None:
    content = signed(KEY)
    first = desk.admit(content, reporter="ci", id="run-1")
    again = desk.admit(content, reporter="ci", id="run-1")
    assert (again.existing, again.position) == (True, first.position)
    assert isinstance(first.event and first.event.report, Report)
