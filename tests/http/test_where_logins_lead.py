"""Where a login leads to: a path of this ledger, and no other host however it is written."""

from collections.abc import Iterator

import pytest

from api.people import back
from api.settings import Settings
from tests.http import sign_on
from tests.http.sign_on import Browser


@pytest.fixture(scope="module")
def browser(empty_ledger: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sign_on.browsing(empty_ledger, tmp_path_factory.mktemp("leads") / "home") as lent:
        yield lent


@pytest.mark.parametrize("to", ["/session", "/v1/ledger?x=%2F%2Fevil", "/a/../b", "/" + "a" * 999, "/:x@y"])
def test_a_login_leads_to_where_one_wanted_to_go(browser: Browser, to: str) -> None:
    assert browser.log_in("ann", to=to).headers["Location"] == to


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a/..\\\\evil.example",
        "/a b",
        "javascript:alert(1)",
        " /session",
        "session",
        "/" + "a" * back.LENGTH_MAX,
        "/s\u00e9ssion",
        "/session\r\nSet-Cookie: x=y",
    ],
)
@pytest.mark.parametrize("path", [sign_on.BEGIN, "/login"])
def test_a_login_leads_nowhere_else(browser: Browser, path: str, to: str) -> None:
    answer = browser.client.get(path, query_string={"to": to})
    assert answer.status_code == 422, answer.text
    assert "Location" not in answer.headers
