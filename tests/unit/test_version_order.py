"""Each ecosystem orders its versions by its own rules; what has no place there is refused.

Rows are in order, what stands beside each other with `=` is equal. They were taken from the rules each
module cites, and from the published cases of package-url/vers-spec (Maven, NuGet, Alpine), rpm
(`rpmvercmp.at`) and node-semver; those suites were run whole when this was written.
"""

from contextlib import suppress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sbom.versions.schemes import SCHEMES, VERSION_LENGTH_MAX, version
from domain.errors import MalformedValue

IN_ORDER = {
    "pypi": "1.0.dev1 1.0a1 1.0rc1 1.0=1=1.0.0 1.0+local 1.0.post1 1.1 1.10 1!0.1",
    "npm": "0.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
    " 1.0.0=1=v1.0.0=1.0.0+build 1.2.0 1.10.0",
    "golang": "v0.0.0-20190101000000-abcdefabcdef v0.0.0-20200101000000-000000000000 v1.0.0"
    " v2.0.0+incompatible=2.0.0",
    "maven": "1-alpha-1=1.0-a1 1-beta 1-milestone=1.milestone 1-rc=1-cr 1-SNAPSHOT 1=1.0=1-ga=1.0.0.Final"
    " 1-sp 1-abc 1-1 1.1 2.0-beta9 2.14.1 2.15.0 2.15.0.1",
    "deb": "0~~ 0~~a 0~ 0 1.0~rc1-1 1.0-1~bpo1 1.0-1 1.0-1.1 1.0a-1 1.0+dfsg-1 1.00.1=1.0.1 1:0.1",
    "rpm": "1.0~rc1 1.0 1.0^ 1.0^git1 1.0a 1.0.1=1.00.1 1.1-1.fc4 1.1-1.fc5 2.0 1:0.1",
    "gem": "1.0.a 1.0.b2 1.0.b10 1.0-1 1.0=1=1.0.0 1.0.1 1.8.2.a9 1.8.2.a10 1.8.2",
    "nuget": "1.0.0-alpha=1.0.0-Alpha 1.0.0-alpha.9 1.0.0-alpha.10 1.0.0-beta 1.0=1.0.0.0=1.0.0+x"
    " 1.0.0.1 1.0.1",
    "apk": "1.0_alpha1-r0 1.0_rc1 1.0 1.0-r1 1.0-r10 1.0_p1 1.0a 1.0.01 1.0.1 1.0.2 1.0.10 1.1",
    "intdot": "1=1.0 1.2 1.10 10.234.5.12 11",
}
CASES = [(scheme, [row.split("=") for row in rows.split()]) for scheme, rows in IN_ORDER.items()]


@pytest.mark.parametrize(("scheme", "rows"), CASES, ids=IN_ORDER)
def test_versions_are_in_order(scheme: str, rows: list[list[str]]) -> None:
    for lower, higher in combinations(rows, 2):
        for one in lower:
            for other in higher:
                assert version(scheme, one) < version(scheme, other), (one, other)
                assert not version(scheme, other) < version(scheme, one), (other, one)


@pytest.mark.parametrize(("scheme", "rows"), CASES, ids=IN_ORDER)
def test_versions_are_equal(scheme: str, rows: list[list[str]]) -> None:
    for row in rows:
        for one, other in combinations(row, 2):
            assert version(scheme, one) == version(scheme, other), (one, other)


def test_an_rpm_version_without_a_release_equals_each_of_its_releases() -> None:
    bare, *released = (version("rpm", each) for each in ("1.0", "1.0-1", "1.0-2"))
    assert [bare == each for each in released] == [True, True]
    assert released[0] < released[1]


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("pypi", "1.x"),
        ("npm", "1.x"),
        ("npm", "1.2.3.4"),
        ("npm", "01.0.0"),
        ("npm", "1.0.0-01"),
        ("npm", "1.0-beta"),
        ("npm", "latest"),
        ("npm", ""),
        ("golang", "(devel)"),
        ("maven", "${project.version}"),
        ("maven", ""),
        ("deb", "1.0-"),
        ("deb", "a1"),
        ("deb", "1:1:1"),
        ("rpm", "1-2-3"),
        ("gem", "5.0!"),
        ("gem", "a"),
        ("nuget", "1.0.0.0.0"),
        ("apk", "1.0_new1"),
        ("intdot", "1.0rc1"),
        ("npm", "1.0.0-" + "a" * VERSION_LENGTH_MAX),
    ],
)
def test_what_is_no_version_of_the_scheme_is_refused(scheme: str, text: str) -> None:
    with pytest.raises(MalformedValue):
        version(scheme, text)


@pytest.mark.parametrize("scheme", ["generic", "all", "none", "github", "", "NPM"])
def test_a_scheme_whose_order_is_not_known_is_refused(scheme: str) -> None:
    with pytest.raises(MalformedValue, match="no order of versions known"):
        version(scheme, "1.0")


VERSIONS = st.text("0012.-~^+_abrcp:", min_size=1, max_size=12)


@pytest.mark.parametrize("scheme", sorted(SCHEMES - {"rpm"}))
@given(texts=st.lists(VERSIONS, min_size=3, max_size=3))
def test_the_order_is_one_order(scheme: str, texts: list[str]) -> None:
    try:
        one, two, three = sorted(version(scheme, text) for text in texts)
    except MalformedValue:
        return
    assert not two < one
    assert not three < two
    assert not three < one
    assert (one == three) == (not one < three)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize("text", ["1" * 512, "1." * 255 + "1", "-" * 512, "a1" * 256, "1-" + "0." * 254])
def test_no_version_crashes_the_order(scheme: str, text: str) -> None:
    with suppress(MalformedValue):
        assert not version(scheme, text) < version(scheme, text)
