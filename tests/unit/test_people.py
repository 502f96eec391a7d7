"""Small things about people: what they may be called, where they come from, and how a cookie is spelled."""

from pathlib import Path

import pytest

from api.people import cookie
from api.people.names import NAME_LENGTH_MAX, tidy
from api.people.origin import Origin
from api.refusals import NotOurForm
from api.settings import Settings, is_loopback
from domain.errors import CredentialRefused, MalformedValue


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ann Anderson", "Ann Anderson"),
        ("  Ann\t\n Anderson\x00 ", "Ann Anderson"),
        ("Ann\u202eAnderson", "Ann Anderson"),
        ("Åsa 李", "Åsa 李"),
        ("", None),
        (" \n\x1b", None),
        ("a" * 100_000, "a" * NAME_LENGTH_MAX),
    ],
)
def test_whatever_an_issuer_says_becomes_one_line(said: str, name: str | None) -> None:
    assert tidy(said) == name


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://ledger.example", True),
        ("https://ledger.example:8443", True),
        ("https://[2001:db8::1]", True),
        ("http://localhost:8642", True),
        ("http://127.0.0.1:8642", True),
        ("http://[::1]:8642", True),
        ("http://ledger.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("https://Ledger.example", False),
        ("https://ledger.example/", False),
        ("https://ledger.example/ledger", False),
        ("https://ledger.example?x", False),
        ("https://user@ledger.example", False),
        ("https://ledger.example:0443", False),
        ("https://ledger.example\n", False),
        ("ledger.example", False),
        ("ftp://ledger.example", False),
    ],
)
def test_a_public_url_is_an_origin_as_browsers_write_it(url: str, good: bool) -> None:
    if good:
        assert Settings(home=Path("home"), public_url=url).base_url == url
        return
    with pytest.raises(MalformedValue, match="SHIPLOG_PUBLIC_URL") as refused:
        Settings(home=Path("home"), public_url=url)
    assert url not in str(refused.value), "it may hold a password"


def test_without_one_people_come_to_where_it_listens() -> None:
    assert Settings(home=Path("home")).base_url == "http://127.0.0.1:8642"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *(("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True)),
        *(("127.0.0.1.evil.example", False), ("127.evil.example", False), ("0.0.0.0", False)),  # noqa: S104 - a name
        *(("", False), ("LOCALHOST", False), ("localhost.", False), ("128.0.0.1", False)),
    ],
)
def test_this_machine_has_few_names(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("127.0.0.1:8642", "http://127.0.0.1:8642", True),
        ("localhost", "http://localhost", True),
        ("[::1]:8642", "http://[::1]:8642", True),
        ("[::1]", "http://[::1]", True),
        ("127.0.0.1:8642", "http://localhost:8642", False),
        ("127.0.0.1:8642", "http://127.0.0.1:9000", False),
        ("evil.example", "http://evil.example", False),
        ("evil.example:8642", "http://evil.example:8642", False),
        ("", "http://", False),
    ],
)
def test_untold_it_is_the_name_of_this_machine_that_they_chose(host: str, origin: str, ours: bool) -> None:
    said = {"HTTP_HOST": host, "HTTP_ORIGIN": origin}
    if ours:
        Origin("").check(said)
        return
    with pytest.raises(NotOurForm):
        Origin("").check(said)


def test_told_it_is_that_one_whatever_the_host_says() -> None:
    origin = Origin("https://ledger.example")
    origin.check({"HTTP_HOST": "10.0.0.1", "HTTP_ORIGIN": "https://ledger.example"})
    with pytest.raises(NotOurForm):
        origin.check({"HTTP_HOST": "localhost", "HTTP_ORIGIN": "http://localhost"})


def test_two_cookies_of_one_name_are_none() -> None:
    assert cookie.presented({}) is None
    assert cookie.presented({"HTTP_COOKIE": f"a=b;{cookie.NAME}=x=y"}) == "x=y"
    assert cookie.presented({"HTTP_COOKIE": f"x{cookie.NAME}=x; {cookie.NAME}s=y"}) is None
    with pytest.raises(CredentialRefused):
        cookie.presented({"HTTP_COOKIE": f"{cookie.NAME}=x; {cookie.NAME}=x"})
