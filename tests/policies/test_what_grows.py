"""An expression cannot fill the memory: what is joined, named and joined again is bounded at load."""

import pytest

from domain.errors import MalformedPolicy
from tests.policies.test_what_is_refused import RULE, load


def _doubled(times: int) -> str:
    """Return a condition that names a text joined with itself, *times* times over."""
    text = f"v{times} != ''"
    for number in range(times, 0, -1):
        text = f"cel.bind(v{number}, v{number - 1} + v{number - 1}, {text})"
    return f"cel.bind(v0, p.ref, {text})"


def test_a_text_that_grows_without_bound_is_refused_and_one_that_does_not_is_not() -> None:
    assert load(RULE.replace(b"p.level >=", f"{_doubled(3)} && p.level >=".encode())).rules
    with pytest.raises(MalformedPolicy, match="more than 2000 parts"):
        load(RULE.replace(b"p.level >= params.least", _doubled(20).encode()))


def test_names_that_grow_without_bound_are_refused() -> None:
    lets = "".join(
        f"\n  n{n}: " + " + ".join([f"n{n - 1}"] * 6 if n else ["facts.build.ref"]) for n in range(6)
    )
    with pytest.raises(MalformedPolicy, match="more than 2000 parts"):
        load(RULE.replace(b"let:", f"let:{lets}".encode()))


def test_items_of_items_count_as_what_they_stand_for() -> None:
    text = "[p.ref]"
    for _ in range(7):
        text = f"{text}.map(v, v + v + v + v)"
    with pytest.raises(MalformedPolicy, match="more than 2000 parts"):
        load(RULE.replace(b"p.level >= params.least", f"size({text}) > 0".encode()))
