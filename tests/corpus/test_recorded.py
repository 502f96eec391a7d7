"""What is found out about real evidence is recorded and read back as it was found."""

from collections.abc import Iterator

import pytest

from adapters.evidence.reader import FileReader
from adapters.ledger import statement
from adapters.ledger.statement import Place
from adapters.sbom import document
from domain.admission import EvidenceTurnedDown, EvidenceVerified, Kind
from domain.commands.finding import finding, placed
from domain.digest import Digest
from domain.evidence import EvidenceRefused
from domain.verification import Outcome, Refused, Verified
from tests.builders import CI, NOON
from tests.corpus import cases
from tests.corpus.cases import Case

pytestmark = cases.needed()

READER = FileReader(document.read)
ROOTS = (Digest.of(b"a root"),)


def of_source() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases.listed():
        found.setdefault(case.row["source"], []).append(case)
    return found


def outcomes(case: Case) -> Iterator[Outcome]:
    yield from cases.VERIFIER.verify(cases.content(case), cases.anchors(case), at=cases.AT)


@pytest.mark.parametrize("source", of_source())
def test_an_event_says_what_was_found(source: str) -> None:
    for case in of_source()[source]:
        for outcome in outcomes(case):
            told = placed(finding(outcome, ROOTS, occurred_at=NOON, actor=CI), 1)
            place = Place(position=1, recorded_at=NOON, previous=None, nonce="00" * 16)
            read, _ = statement.decode(statement.encode(told, place))
            assert read == told
            if isinstance(outcome, Refused):
                assert isinstance(read, EvidenceTurnedDown)
                assert (read.reason, read.place) == (outcome.reason, outcome.place)
            else:
                assert isinstance(read, EvidenceVerified)
                assert_same(case, read, outcome)


def assert_same(case: Case, read: EvidenceVerified, outcome: Verified) -> None:
    said = READER.pieces(cases.content(case)).statement(read.place, read.identity)
    assert read.verified(said) == outcome, case.id


@pytest.mark.parametrize("source", of_source())
def test_what_is_valid_is_recognised_as_signed(source: str) -> None:
    for case in of_source()[source]:
        try:
            assert READER.kind(cases.content(case)) is Kind.SIGNED
        except EvidenceRefused:
            assert not case.valid, case.id
