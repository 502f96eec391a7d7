"""What has grown is what a plain copy would be, and what it grew from stays as it was."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.grown import GrownMap, GrownOrder
from tests.builders import NOON

parents = st.lists(st.integers(min_value=0), min_size=1, max_size=200)
"""Which of the versions so far each next one grows from: branches, as when two decide on one state."""


@given(parents)
def test_every_version_of_a_mapping_keeps_what_it_had(grown_from: list[int]) -> None:
    versions: list[tuple[GrownMap[str, int], dict[str, int]]] = [(GrownMap(), {})]
    for number, parent in enumerate(grown_from):
        grown, plain = versions[parent % len(versions)]
        versions.append((grown.with_new(f"key {number}", number), {**plain, f"key {number}": number}))
    for grown, plain in versions:
        assert list(grown.items()) == list(plain.items())
        assert len(grown) == len(plain)
        for number in range(len(grown_from)):
            assert (f"key {number}" in grown) == (f"key {number}" in plain)
            assert grown.get(f"key {number}") == plain.get(f"key {number}")


@given(parents, st.lists(st.integers(0, 9), min_size=200, max_size=200), st.integers(-1, 10))
def test_every_version_of_an_order_keeps_what_it_had(
    grown_from: list[int], seconds: list[int], bound: int
) -> None:
    versions: list[tuple[GrownOrder, list[tuple[object, int]]]] = [(GrownOrder(), [])]
    until = NOON + timedelta(seconds=bound)
    for number, parent in enumerate(grown_from):
        grown, plain = versions[parent % len(versions)]
        item = (NOON + timedelta(seconds=seconds[number]), number)
        versions.append((grown.with_new(item), [*plain, item]))
    for grown, plain in versions:
        assert len(grown) == len(plain)
        assert grown.last_until(until) == max((each for each in plain if each[0] <= until), default=None)  # type: ignore[operator]  # instants, which mypy has lost sight of


@given(st.integers(1, 3000))
def test_a_collection_of_thousands_has_a_dozen_layers(size: int) -> None:
    grown: GrownMap[int, int] = GrownMap()
    for number in range(size):
        grown = grown.with_new(number, number)
    assert len(grown._layers) <= size.bit_length()
