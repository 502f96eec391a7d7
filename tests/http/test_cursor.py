"""Cursors go on where they came from and nowhere else."""

from base64 import urlsafe_b64encode

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from api.cursor import Cursors
from api.refusals import ForeignCursor
from tests.http.toy import PageQuery

FORGED = urlsafe_b64encode(bytes(32) + b'{"after":2}').rstrip(b"=").decode()
CURSORS = Cursors(b"k" * 32)
PLACE: dict[str, int | str] = {"after": 2, "head": 115817, "name": "prod"}


def _sealed(query: PageQuery | None = None) -> str:
    return CURSORS.seal(PLACE, operation="list", query=query or PageQuery())


def test_a_place_survives_the_round_trip() -> None:
    assert CURSORS.open(_sealed(), operation="list", query=PageQuery()) == PLACE


def test_the_limit_and_the_cursor_itself_may_change() -> None:
    query = PageQuery(limit=7, cursor="anything")
    assert CURSORS.open(_sealed(), operation="list", query=query) == PLACE


@pytest.mark.parametrize(
    ("cursors", "operation", "query"),
    [
        (CURSORS, "list", PageQuery(after=1)),
        (CURSORS, "other", PageQuery()),
        (Cursors(b"l" * 32), "list", PageQuery()),
    ],
)
def test_a_cursor_of_another_question_or_server_is_refused(
    cursors: Cursors, operation: str, query: PageQuery
) -> None:
    with pytest.raises(ForeignCursor, match="not given out for this question") as refused:
        cursors.open(_sealed(), operation=operation, query=query)
    assert refused.value.errors[0].parameter == "cursor"


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "=", "a b", "A" * 513, "A" * 43, _sealed() + "A", _sealed()[:-1], "é" * 50, FORGED],
)
def test_what_was_not_sealed_is_refused(cursor: str) -> None:
    with pytest.raises(ForeignCursor):
        CURSORS.open(cursor, operation="list", query=PageQuery())


@given(st.integers(0, len(_sealed()) - 1), st.sampled_from("ABCXYZabcxyz0189-_"))
def test_no_character_can_be_changed(place: int, character: str) -> None:
    sealed = _sealed()
    changed = sealed[:place] + character + sealed[place + 1 :]
    try:
        opened = CURSORS.open(changed, operation="list", query=PageQuery())
    except ForeignCursor:
        return
    assert opened == PLACE  # the same bytes, spelled with other padding bits


def test_a_short_key_is_no_key() -> None:
    with pytest.raises(AssertionError, match="too short"):
        Cursors(b"k" * 31)


def test_the_key_is_not_shown() -> None:
    assert "kkk" not in repr(CURSORS)


def test_pages_follow_each_other_to_the_end(client: FlaskClient) -> None:
    seen: list[int] = []
    following = ""
    while True:
        page = client.get(f"/v1/lines?limit=2{following}").get_json()
        seen += page["positions"]
        if page["next"] is None:
            break
        following = f"&cursor={page['next']}"
    assert seen == [1, 2, 3, 4, 5]


def test_a_foreign_cursor_is_a_422(client: FlaskClient) -> None:
    cursor = client.get("/v1/lines").get_json()["next"]
    answer = client.get(f"/v1/lines?after=1&cursor={cursor}")
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/foreign-cursor"
    assert answer.get_json()["errors"][0]["parameter"] == "cursor"
