"""What a copy is filled with: pages that grow with what is there, written in sorted parts."""

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from adapters.ledger.ledger import EventLedger
from adapters.readmodels import filling, slices
from adapters.readmodels.checked import Checked
from adapters.readmodels.filling import Content, Fold, Page
from adapters.readmodels.tables import RELEASE, SERVICE
from domain.event import Recorded
from tests.builders import a_removal, ledger, tell

EVENTS = 60
COLUMNS = ("position",)


@pytest.fixture(scope="module")
def recorded() -> EventLedger:
    kept = ledger()
    tell(kept, *(a_removal(sequence=number) for number in range(EVENTS)))
    return kept


def pages(
    of: EventLedger, events: int, *, again: int = 0, reads_back: Callable[[int], bool] = lambda _: False
) -> list[Page]:
    """Return the pages of *of*: a row for each event, and word of the event *again* as one to see."""

    def take(recorded: Sequence[Recorded]) -> Content:
        positions = [each.position for each in recorded]
        rows = [(position,) for position in positions]
        return Content([("kept", COLUMNS, rows)], [], [again] if again in positions else [])

    def back(recorded: Sequence[Recorded]) -> bool:
        return any(reads_back(each.position) for each in recorded)

    found = list(filling.pages(Checked(of), Fold(take, back), events))
    rows = [row for page in found for _, _, part in page.rows for row in part]
    assert rows == [(position,) for position in range(1, EVENTS + 1)], "each once, and in order"
    for page in found:
        assert page.rows[0][2][0] == (page.first,)
        assert page.rows[-1][2][-1] == (page.last,)
    return found


def sizes(found: Sequence[Page]) -> list[int]:
    return [page.last - page.first + 1 for page in found]


def test_a_page_has_up_to_a_tenth_of_what_was_before(recorded: EventLedger) -> None:
    assert sizes(pages(recorded, 3)) == [3] * 14 + [4, 4, 5, 5]
    assert sizes(pages(recorded, 25)) == [25, 25, 10]
    assert sizes(pages(recorded, EVENTS)) == [EVENTS]
    assert sizes(pages(recorded, 1))[:21] == [1] * 20 + [2]


def test_a_page_has_a_bound(recorded: EventLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "EVENTS_MAX", 4)
    assert sizes(pages(recorded, 25)) == [4] * 15


def test_what_is_read_back_was_handed_over_before(recorded: EventLedger) -> None:
    """Whoever asks for the next page has committed the last: nothing else is in the tables."""
    assert sizes(pages(recorded, 20, reads_back=lambda position: position == 12)) == [10, 20, 20, 10]
    assert sizes(pages(recorded, 20, reads_back=lambda _: True)) == [5] * 12


def test_what_is_to_be_seen_again_ends_a_page(recorded: EventLedger) -> None:
    """Reading what an SBOM lists takes a while, within the transaction of its page."""
    found = pages(recorded, 20, again=7)
    assert sizes(found) == [10, 20, 20, 10]
    assert [page.again for page in found] == [[7], [], [], []]


def test_a_part_has_a_bound_and_neighbours_are_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "ROWS_MAX", 3)
    release = ("digest", "number", "target_id")
    rows = [(b"%d" % number, number, number % 2) for number in range(5)]
    services = [(5, "b"), (6, "a")]
    whole = Content(
        [("release_v2", release, rows), ("service_v2", ("position", "name"), services)], [(0, [])], [9]
    )
    parts = list(slices.slices(whole, (RELEASE, SERVICE)))
    written = [row for part in parts for name, _, found in part.rows if name == "release_v2" for row in found]
    assert [(target, number) for _, number, target in written] == [(0, 0), (0, 2), (0, 4), (1, 1), (1, 3)]
    assert [sum(len(found) for _, _, found in part.rows) for part in parts] == [3, 3, 1]
    assert parts[-1].rows == [("service_v2", ("position", "name"), [(5, "b")])]
    assert [(part.withdrawn, part.again) for part in parts] == [([], []), ([], []), ([(0, [])], [9])]


def test_a_page_without_rows_is_a_part() -> None:
    tables: Sequence[sa.Table] = ()
    assert list(slices.slices(Content([], [], [3]), tables)) == [Content([], [], [3])]
