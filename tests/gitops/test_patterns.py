"""Patterns: what they take, what they refuse, and that no path is read in two ways."""

import pytest

from api.gitops.patterns import Ambiguous, Bound, Pattern, Place
from api.gitops.plan import Plan
from domain.errors import MalformedValue


@pytest.mark.parametrize(
    ("pattern", "path", "bound"),
    [
        ("tags/{environment}/{service}", "tags/prod/a", Bound("prod", "a")),
        ("tags/{environment}/{service}", "tags/prod/a/b", None),
        ("tags/{environment}/{service}", "x/tags/prod/a", None),
        ("tags/{environment}/{service}", "tags/prod/", None),
        ("{environment}/{service}/{slot}.yaml", "prod/a/eu.yaml", Bound("prod", "a", "eu")),
        ("a.b/{service}", "aXb/c", None),
        ("{service}/{environment}/{service}.yaml", "a/prod/a.yaml", Bound("prod", "a")),
        ("{service}/{environment}/{service}.yaml", "a/prod/b.yaml", None),
        ("values.yaml", "values.yaml", Bound()),
    ],
)
def test_what_a_path_says(pattern: str, path: str, bound: Bound | None) -> None:
    assert Pattern.parse(pattern).match(path) == bound


def test_two_ways_to_read_a_path_are_none() -> None:
    pattern = Pattern.parse("{service}-{environment}.yaml")
    assert pattern.match("pay-prod.yaml") == Bound("prod", "pay")
    with pytest.raises(Ambiguous):
        pattern.match("pay-api-prod.yaml")


@pytest.mark.parametrize(
    "text",
    ["", "{env}/{service}", "{service}{environment}", "{service", "service}/x", "{}", "{{service}}", "a\nb"],
)
def test_a_pattern_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(MalformedValue):
        Pattern.parse(text)


@pytest.mark.parametrize(
    ("patterns", "folders"),
    [
        (["a/b/{service}/c"], ["a/b"]),
        (["a/b-{service}"], ["a"]),
        (["a/{service}", "a/{service}", "b/x/{service}"], ["a", "b/x"]),
        (["a/{service}", "{service}"], []),
    ],
)
def test_only_folders_with_matches_are_looked_into(patterns: list[str], folders: list[str]) -> None:
    assert Plan.of(patterns, [], [], Bound(environment="prod")).folders == folders


@pytest.mark.parametrize(
    ("patterns", "keys", "said"),
    [
        (["{service}"], [], "which environment"),
        (["{environment}"], ["image.tag"], "which service"),
        (["{environment}/{service}"] * 3, ["a", "b"], "2 keys for 3 patterns"),
        (["{environment}/{service}"] * 21, [], "more than 20"),
    ],
)
def test_a_plan_that_leaves_something_open(patterns: list[str], keys: list[str], said: str) -> None:
    with pytest.raises(MalformedValue, match=said):
        Plan.of(patterns, keys, [], Bound())


def test_a_key_may_say_what_the_path_does_not() -> None:
    assert Plan.of(["values-{environment}.yaml"], ["{service}.tag"], [], Bound()).rules


@pytest.mark.parametrize(
    ("place", "text"), [(Place("prod", "a"), "a@prod"), (Place("prod", "a", "eu"), "a@prod/eu")]
)
def test_how_a_place_is_spelled(place: Place, text: str) -> None:
    assert str(place) == text
