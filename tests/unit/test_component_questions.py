"""What a person types means these components, or is refused; it never silently means others."""

import pytest

from adapters.sbom.question import asked
from domain.component import Coordinates
from domain.errors import MalformedValue

JINJA2 = "pkg:pypi/jinja2"


def means(text: str, *coordinates: Coordinates) -> list[bool]:
    question = asked(text)
    return [question.means(each) for each in coordinates]


def jinja2(version: str, qualifiers: str = "") -> Coordinates:
    return Coordinates(JINJA2, version, qualifiers)


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("pkg:pypi/jinja2", [True, True, True]),
        ("pkg:PyPI/Jinja2", [True, True, True]),
        ("pkg:pypi/jinja2@3.1.2", [False, True, False]),
        ("pkg:pypi/jinja2@>=3,<3.1.3", [False, True, False]),
        ("pkg:pypi/jinja2@vers:pypi/>=3|<3.1.3", [False, True, False]),
        ("pkg:pypi/jinja2?vers=vers:pypi%2F%3E%3D3%7C%3C3.1.3", [False, True, False]),
        ("pkg:pypi/jinja2@<3", [True, False, False]),
        ("pkg:pypi/jinja2@3.1.20", [False, False, False]),
        ("pkg:pypi/jinja", [False, False, False]),
    ],
)
def test_a_question_means_these_versions(text: str, answers: list[bool]) -> None:
    assert means(text, *(jinja2(each) for each in ("2.11", "3.1.2", "3.1.3"))) == answers


def test_one_version_is_one_spelling_and_a_range_is_not() -> None:
    assert means("pkg:pypi/jinja2@3.1", jinja2("3.1"), jinja2("3.1.0")) == [True, False]
    assert means("pkg:pypi/jinja2@=3.1", jinja2("3.1"), jinja2("3.1.0")) == [True, True]


def test_qualifiers_narrow_and_their_absence_does_not() -> None:
    package = "pkg:deb/debian/openssl"
    amd64 = Coordinates(package, "3.0.1-1", "arch=amd64&distro=debian-12")
    arm64 = Coordinates(package, "3.0.1-1", "arch=arm64&distro=debian-12")
    assert means(f"{package}@3.0.1-1", amd64, arm64) == [True, True]
    assert means(f"{package}@3.0.1-1?arch=amd64", amd64, arm64) == [True, False]
    assert means(f"{package}?arch=amd64@<3.0.2", amd64, arm64) == [True, False]


def test_what_has_no_purl_is_asked_for_by_name() -> None:
    openssl = Coordinates("name:openssl", "3.0")
    assert means("name:openssl", openssl) == [True]
    assert means("name:openssl@3.0", openssl) == [True]
    assert means("name:openssl@3.1", openssl) == [False]


def test_a_scope_in_a_name_is_no_version() -> None:
    angular = Coordinates("pkg:npm/%40angular/core", "12.3.1")
    for text in ("pkg:npm/@angular/core@12.3.1", "pkg:npm/%40angular/core@>=12,<13"):
        assert means(text, angular) == [True]


def test_a_package_of_no_ecosystem_may_be_said_to_keep_to_an_order() -> None:
    for package in ("pkg:generic/openssl", "name:openssl"):
        openssl = Coordinates(package, "3.0.9")
        assert means(f"{package}@vers:intdot/>=3.0.2|<3.0.10", openssl) == [True]


def test_a_version_without_a_place_cannot_be_answered() -> None:
    with pytest.raises(MalformedValue):
        asked("pkg:npm/a@<2").means(Coordinates("pkg:npm/a", "latest"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jinja2",
        "pypi/jinja2@3",
        "vers:pypi/>=3",
        "pkg:pypi/",
        "pkg:pypi/jinja2@*",
        "pkg:pypi/jinja2@3.*",
        "pkg:pypi/jinja2@^3",
        "pkg:pypi/jinja2@~=3.1",
        "pkg:pypi/jinja2@3.1 3.2",
        "pkg:pypi/jinja2@3.1|3.2",
        "pkg:pypi/jinja2@>=3,<2",
        "pkg:pypi/jinja2@vers:npm/>=3.0.0",
        "pkg:pypi/jinja2@3.1?vers=vers:pypi/>=3",
        "pkg:pypi/jinja2@3.1@>=3",
        "pkg:generic/openssl@>=3",
        "pkg:unheard/of@<1",
        "name:openssl@>=3",
        "name:openssl@vers:deb/>=3",
        "name:",
        "pkg:pypi/" + "a" * 5000,
    ],
)
def test_what_is_no_clear_question_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        asked(text)
