"""Which events make an SBOM known, about what; and what is read of it, or why it cannot be."""

import base64
import json

import pytest

from adapters.blobs.memory import MemoryBlobs
from adapters.evidence.reader import FileReader
from adapters.sbom.kept import AT_HAND_MAX, KeptSboms
from domain import sbom_evidence
from domain.admission import Attested, Kind
from domain.component import Coordinates
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable, MalformedValue
from domain.event import Event
from domain.evidence import Identity
from domain.sbom_evidence import Piece, SbomEvidence
from tests.builders import a_refusal, a_verification, an_admission, digest
from tests.mini_sigstore import p256, pae, sign
from tests.mini_sigstore import statement as stated
from tests.sbom_story import CYCLONEDX, listing, plain
from tests.unit.sboms import spdx2

JINJA2 = Coordinates("pkg:pypi/jinja2", "3.1.2")


def test_a_plain_sbom_is_about_what_its_reporter_says() -> None:
    told = sbom_evidence.told(an_admission(kind=Kind.SPDX, about=(digest("a"), digest("b"))))
    assert told is not None
    assert {each.hex for each in told.about} == {digest("a").hex, digest("b").hex}
    assert not told.sbom.verified


def test_a_verified_attestation_is_about_what_its_signer_says() -> None:
    said = Attested(digests=(("sha256", digest("a").hex.upper()), ("sha512", "ab" * 64), ("sha1", "ab" * 20)))
    told = sbom_evidence.told(a_verification(predicate_type=CYCLONEDX, attested=(said,)))
    assert told is not None
    assert sorted(map(str, told.about)) == [str(digest("a")), "sha512:" + "ab" * 64]
    assert told.sbom.verified


@pytest.mark.parametrize(
    "event",
    [
        an_admission(kind=Kind.CYCLONEDX, about=()),
        an_admission(kind=Kind.SIGNED),
        an_admission(kind=Kind.SARIF),
        a_verification(predicate_type="https://slsa.dev/provenance/v1"),
        a_verification(predicate_type=None),
        a_verification(predicate_type="https://cyclonedx.org/bom/"),
        a_verification(predicate_type=CYCLONEDX, attested=(Attested(digests=(("sha1", "ab" * 20),)),)),
        a_refusal(),
    ],
)
def test_nothing_else_makes_one_known(event: Event) -> None:
    assert sbom_evidence.told(event) is None


class Store:
    """Files that were kept, and what reads the SBOMs in them."""

    def __init__(self) -> None:
        self.blobs = MemoryBlobs()
        reader = FileReader(lambda content: self.sboms.taken_in(content))  # noqa: PLW0108 - it comes next
        self.sboms = KeptSboms(self.blobs, reader)

    def keep(self, content: bytes) -> SbomEvidence:
        return SbomEvidence(self.blobs.put(content), None)

    def attested(self, predicate: object, predicate_type: str = CYCLONEDX) -> SbomEvidence:
        """Keep an envelope around *predicate*."""
        subject = {"digest": {"sha256": digest("a").hex}}
        payload = stated([subject], predicateType=predicate_type, predicate=predicate)
        signed = pae("application/vnd.in-toto+json", payload)
        envelope = {
            "payloadType": "application/vnd.in-toto+json",
            "payload": _base64(payload),
            "signatures": [{"sig": _base64(sign(p256(), signed))}],
        }
        identity = Identity(Digest.of(signed), digest("a key"), digest("a signature"))
        return SbomEvidence(self.blobs.put(json.dumps(envelope).encode()), Piece(0, identity))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def store() -> Store:
    return Store()


def test_the_same_list_is_read_from_a_file_and_from_an_attestation(store: Store) -> None:
    for sbom in (
        store.keep(plain(jinja2="3.1.2")),
        store.attested(listing(jinja2="3.1.2")),
        store.attested({"Data": listing(jinja2="3.1.2"), "Timestamp": "2026-03-01T12:00:00Z"}),
        store.keep(json.dumps({"sbom": listing(jinja2="3.1.2")}).encode()),
    ):
        assert store.sboms.inside(sbom) == frozenset({JINJA2})


def test_an_attestation_of_spdx_is_read(store: Store) -> None:
    package = {"name": "jinja2", "SPDXID": "p", "versionInfo": "3.1.2"}
    sbom = store.attested(spdx2(package), "https://spdx.dev/Document/v2.3")
    assert store.sboms.inside(sbom) == frozenset({Coordinates("name:jinja2", "3.1.2")})


def test_what_cannot_be_read_is_no_empty_list(store: Store) -> None:
    other = store.attested(listing())
    assert other.piece is not None
    for sbom in (
        store.keep(b'{"bomFormat":"CycloneDX","specVersion":"9"}'),
        store.keep(b"not JSON"),
        store.attested({"no": "SBOM"}),
        store.attested({"Data": "SPDXVersion: SPDX-2.3"}),
        SbomEvidence(other.evidence, Piece(1, other.piece.identity)),
        SbomEvidence(other.evidence, Piece(0, Identity(digest("1"), digest("2"), digest("3")))),
    ):
        assert store.sboms.inside(sbom) is None
        with pytest.raises(MalformedValue):
            store.sboms.read(sbom)


def test_what_is_lost_or_altered_is_no_empty_list(store: Store) -> None:
    lost = SbomEvidence(digest("nowhere"), None)
    assert store.sboms.inside(lost) is None
    with pytest.raises(EvidenceLost):
        store.sboms.read(lost)


class Unreachable(MemoryBlobs):
    """Files that nobody can get at, for now."""

    def get(self, digest: Digest) -> bytes:
        raise LedgerUnavailable(f"{digest} cannot be read now")


class Altered(MemoryBlobs):
    """Files that are not what was put."""

    def get(self, digest: Digest) -> bytes:
        raise BrokenLedger(f"{digest} was altered")


def test_what_cannot_be_reached_now_is_no_answer() -> None:
    sbom = SbomEvidence(digest("a file"), None)
    with pytest.raises(LedgerUnavailable):
        KeptSboms(Unreachable(), FileReader(bytes)).inside(sbom)
    assert KeptSboms(Altered(), FileReader(bytes)).inside(sbom) is None


def test_what_comes_in_is_at_hand_for_those_who_follow(store: Store) -> None:
    content = plain(jinja2="3.1.2")
    store.sboms.taken_in(content)
    assert store.sboms.inside(SbomEvidence(Digest.of(content), None)) == frozenset({JINJA2}), (
        "it is in no store yet"
    )
    assert store.sboms.taken_in(b'{"sbom":1}') == {"sbom": 1}, "no SBOM, and read all the same"


def test_the_lists_at_hand_have_a_bound(store: Store) -> None:
    long = plain(**{f"a{n}": "1" for n in range(AT_HAND_MAX // 2 + 1)})
    first, second = plain(jinja2="1"), plain(jinja2="2")
    at_hand = [SbomEvidence(Digest.of(each), None) for each in (first, long, long + b" ", second)]
    for each in (first, long, long + b" "):
        store.sboms.taken_in(each)
    assert [store.sboms.inside(each) is None for each in at_hand] == [True, True, False, True]
