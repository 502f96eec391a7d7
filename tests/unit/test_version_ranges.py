"""VERS and the shorthand: what is within, and what says nothing clear."""

import pytest

from adapters.sbom.ranges import Range, shorthand, vers
from domain.errors import MalformedValue


@pytest.mark.parametrize(
    ("text", "within", "outside"),
    [
        ("vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.3 2.0.0 4.9.9 5.0.0-rc.1", "1.2.4 1.9.9 5.0.0 2.0.0-rc.1"),
        ("vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.0 2.2.2", "2.2.1 2.3.0 2.1"),
        (
            "vers:maven/>=1.0.0-beta1|<=1.7.5|>=7.0.0-M1|<=7.0.7|>=7.1.0|<=7.1.2|>=8.0.0-M1|<=8.0.1",
            "1.0.0-beta1 1.7.5 7.0.0-M1 7.1.1 8.0.1",
            "1.0.0-alpha1 1.7.6 7.0.8 8.0.2",
        ),
        ("vers:pypi/0.0.0|0.0.1|1.0|2.0pre1", "0 0.0.1 1.0.0 2.0rc1", "0.0.2 2.0"),
        ("vers:pypi/<=1.3.0|3.0.0", "1.0.0 1.3 3", "1.4 3.0.1"),
        ("vers:pypi/>0.0.2", "0.0.3 99", "0.0.2 0.0.1"),
        ("vers:pypi/<0.0.2", "0.0.0.1", "0.0.2"),
        ("vers:pypi/!=1.0", "0.9 1.1", "1.0 1.0.0"),
        ("vers:pypi/!=1.0|!=1.5", "0.9 1.1 2", "1.0 1.5"),
        ("vers:deb/*", "1.0 2:7", ""),
        ("vers:deb/<=1:2.3-1|>=2:0", "1:2.3-1~bpo 0 2:0 3:1", "1:2.3-2"),
        ("vers:rpm/<=1.2", "1.2-3.el9 1.1", "1.2.1-1"),
        ("vers:rpm/>1.2-3", "1.2-4", "1.2-3"),
        ("vers:maven/>=2.0-beta9|!=2.12.2|<2.15.0", "2.14.1 2.0 2.0-rc1", "2.15.0 2.12.2 2.0-beta8"),
    ],
)
def test_a_range_contains_what_is_within(text: str, within: str, outside: str) -> None:
    found = vers(text)
    assert [each for each in within.split() if not found.contains(each)] == []
    assert [each for each in outside.split() if found.contains(each)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vers:npm/", "not a version range"),
        ("vers:/1", "not a version range"),
        ("VERS:npm/1", "not a version range"),
        ("vers:NPM/1.0.0", "not a version range"),
        ("vers:npm/>=1.0.0| <2.0.0", "not a version range"),
        ("vers:npm/|1.0.0", "not a version constraint"),
        ("vers:npm/1.0.0|", "not a version constraint"),
        ("vers:npm/>=1.0.0||<2.0.0", "not a version constraint"),
        ("vers:npm/>=", "not a version constraint"),
        ("vers:npm/==1.0.0", "not a version constraint"),
        ("vers:npm/*|1.0.0", "not a version constraint"),
        ("vers:npm/>=2.0.0|<1.0.0", "not in order"),
        ("vers:npm/1.0.0|1.0.0", "not in order"),
        ("vers:npm/1.0.0|!=1.0", "not in order"),
        ("vers:npm/>=1.0.0|>=2.0.0", "nothing clear"),
        ("vers:npm/<1.0.0|<=2.0.0", "nothing clear"),
        ("vers:npm/>=1.0.0|1.5.0|<2.0.0", "nothing clear"),
        ("vers:npm/1.5.0|<2.0.0", "nothing clear"),
        ("vers:npm/1.0%2G0", "percent-encoding"),
        ("vers:npm/1.0.0%2b1", "percent-encoding"),
        ("vers:npm/é", "not a version range"),
        ("vers:npm/>=1.x", "not a semantic version"),
        ("vers:zzz/>=1", "no order of versions known"),
        ("vers:zzz/*", "no order of versions known"),
        ("vers:generic/>=1", "no order of versions known"),
        ("vers:npm/" + "|".join(f"{n}.0.0" for n in range(300)), "too many constraints"),
        ("vers:npm/" + "1" * 5000, "too long"),
    ],
)
def test_a_range_that_is_not_canonical_is_refused(text: str, said: str) -> None:
    with pytest.raises(MalformedValue, match=said):
        vers(text)


def test_a_version_is_decoded_once() -> None:
    assert vers("vers:maven/1.0%2B1").constraints[0].version == "1.0+1"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (">=1.2,<2", "vers:pypi/>=1.2|<2"),
        ("<2, >=1.2", "vers:pypi/>=1.2|<2"),
        (">1", "vers:pypi/>1"),
        ("<= 2", "vers:pypi/<=2"),
        ("=1.0", "vers:pypi/1.0"),
        ("==1.0", "vers:pypi/1.0"),
        ("!=1.0", "vers:pypi/!=1.0"),
        (">=1,<2,!=1.5", "vers:pypi/>=1|!=1.5|<2"),
    ],
)
def test_the_shorthand_is_a_range(text: str, same: str) -> None:
    assert shorthand("pypi", text) == vers(same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        ">=1,",
        "1.0",
        "^1.0",
        "~=1.0",
        ">=1,>=2",
        "<1,<2",
        "=1,<2",
        ">=2,<1",
        ">=1,<1",
        ">=1 <2",
        ">=1.*",
    ],
)
def test_conditions_that_are_not_one_range_are_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        shorthand("pypi", text)


def test_a_version_without_a_place_is_neither_in_nor_out() -> None:
    for text in ("vers:npm/<2.0.0", "vers:npm/!=2.0.0"):
        with pytest.raises(MalformedValue):
            vers(text).contains("latest")
    assert vers("vers:npm/*").contains("latest")


def test_every_version_is_within_a_range_without_bounds() -> None:
    assert Range("npm", ()).contains("1.0.0")
