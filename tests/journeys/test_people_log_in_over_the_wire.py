"""People log in at a server as it is run: with its settings, processes and clock, and nothing secret said."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from adapters.clock import utc_now
from api.people.sign_on import CALLBACK
from tests import sign_on_server
from tests.http import world as worlds
from tests.resilience.serving import Served, served
from tests.sign_on_issuer import CLIENT, SECRET, SignOnIssuer

OURS = "http://localhost:1"
"""Where people are told to open it; here nobody does but what talks to the server itself."""


@pytest.fixture
def provider() -> Iterator[SignOnIssuer]:
    with sign_on_server.serving(utc_now) as lent:
        lent.redirect_uris = {OURS + CALLBACK}
        yield lent


@pytest.fixture
def server(provider: SignOnIssuer, tmp_path: Path) -> Iterator[Served]:
    settings = {
        "SHIPLOG_PUBLIC_URL": OURS,
        "SHIPLOG_OIDC_ISSUER": provider.url,
        "SHIPLOG_OIDC_CLIENT_ID": CLIENT,
        "SHIPLOG_OIDC_CLIENT_SECRET": SECRET,
        "SHIPLOG_WORKERS": "2",
    }
    home = worlds.make(tmp_path / "home", at=utc_now())
    with served(home, **settings) as running:
        yield running


def get(address: str, path: str, cookie: str = "", form: str | None = None) -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(address, timeout=30)
    try:
        connection.request("GET" if form is None else "POST", path, form, {"Cookie": cookie})
        answer = connection.getresponse()
        return answer, answer.read().decode()
    finally:
        connection.close()


def located(answer: HTTPResponse) -> str:
    where = answer.getheader("Location")
    assert where is not None, answer.status
    return where


def cookies(answer: HTTPResponse) -> str:
    given = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie") or ()]
    return "; ".join(each for each in given if not each.endswith("="))


def test_a_login_at_one_process_is_known_to_the_other(provider: SignOnIssuer, server: Served) -> None:
    page, told = get(server.address, "/login")
    assert page.status == 200
    assert f"Log in at {urlsplit(provider.url).netloc}" in told
    begun, _ = get(server.address, "/login/sso")
    place = urlsplit(located(begun))
    went, _ = get(place.netloc, f"{place.path}?{place.query}", form=urlencode({"user": "ann"}))
    back_to = urlsplit(located(went))
    ended, _ = get(server.address, f"{back_to.path}?{back_to.query}", cookies(begun))
    assert (ended.status, located(ended)) == (303, "/session")
    session = cookies(ended)
    for _ in range(10):  # whichever process answers
        who, told = get(server.address, "/v1/access/mine", session)
        assert (who.status, '"subject":"00u-ann"' in told) == (200, True), told
    again, _ = get(server.address, f"{back_to.path}?{back_to.query}", cookies(begun))
    assert again.status == 403
    server.stop()
    said = "\n".join(server.said)
    assert "login refused: the answer is to no login" in said
    secrets = [SECRET, parse_qs(back_to.query)["code"][0], session.partition("=")[2], *provider.tokens]
    assert not [each for each in secrets if each in said]
