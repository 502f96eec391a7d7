"""What SBOMs come to, and how much of it is kept at hand."""

import pytest

from adapters.sbom import summaries
from adapters.sbom.kept import KeptSboms
from adapters.sbom.summaries import Summaries, summary_of
from domain.sbom import Format, Summary
from domain.sbom_evidence import Piece, SbomEvidence
from tests.builders import digest
from tests.sbom_story import listing
from tests.unit.sboms import cyclonedx
from tests.unit.test_sbom_evidence import Store

PARTS = (
    {"type": "library", "name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
    {"type": "library", "name": "b", "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC"}]},
    {"type": "library", "name": "c", "version": "1", "scope": "excluded"},
    {"type": "library"},
)


@pytest.fixture
def store() -> Store:
    return Store()


def summarised(sboms: KeptSboms, sbom: SbomEvidence, content: bytes) -> Summary | None:
    assert sbom.piece is not None
    (found,) = sboms.summaries(sbom.evidence, content, [sbom.piece])
    return found


def test_what_is_inside_is_counted_and_what_is_not_known(store: Store) -> None:
    sbom = store.attested(cyclonedx(*PARTS))
    content = store.blobs.get(sbom.evidence)
    assert summarised(store.sboms, sbom, content) == summary_of(store.sboms.read(sbom))
    assert summary_of(store.sboms.read(sbom)) == Summary(Format.CYCLONEDX, 2, 2, {"MIT": 2, "ISC": 1})


def test_it_is_read_once(store: Store) -> None:
    good, bad = store.attested(listing(jinja2="3.1.2")), store.attested({"no": "SBOM"})
    first = [summarised(store.sboms, each, store.blobs.get(each.evidence)) for each in (good, bad)]
    assert [summarised(store.sboms, each, b"is not read") for each in (good, bad)] == first
    assert first[0] is not None
    assert first[1] is None


def test_another_piece_of_the_same_file_is_another_sbom(store: Store) -> None:
    sbom = store.attested(listing(jinja2="3.1.2"))
    assert sbom.piece is not None
    content, others = store.blobs.get(sbom.evidence), [Piece(1, sbom.piece.identity), sbom.piece]
    assert [each is None for each in store.sboms.summaries(sbom.evidence, content, others)] == [True, False]


def test_a_file_that_cannot_be_read_has_none(store: Store) -> None:
    sbom = store.attested(listing())
    assert summarised(store.sboms, sbom, b"not JSON") is None


def test_what_was_asked_for_longest_ago_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "AT_HAND_MAX", 35)
    at_hand, sboms = Summaries(), [SbomEvidence(digest(str(n)), None) for n in range(4)]
    summary = Summary(Format.SPDX, 1, 0, {"MIT": 1})
    at_hand.remember(dict.fromkeys(sboms[:3], summary))
    assert list(at_hand.known(sboms[:1])) == sboms[:1]
    at_hand.remember(dict.fromkeys(sboms, summary))
    assert list(at_hand.known(sboms)) == [sboms[0], sboms[2], sboms[3]]
