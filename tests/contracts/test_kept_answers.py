"""Answers under an `Idempotency-Key`: one request has the key, and its first answer stays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.database import schema
from adapters.ledger.answers import KEPT_SECONDS, SWEEP_CLAIMS, SqlAnswers
from tests.builders import Clock, digest
from tests.contracts.opened import Opened

KEY, OTHER = digest("a key").hex, digest("another key").hex
CLOCK = Clock()
ONE, TWO = digest("a request").hex, digest("another request").hex


@pytest.fixture(params=["sqlite", "postgres"])
def answers(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> SqlAnswers:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    database = opened(url)
    schema.create(database)
    return SqlAnswers(database, now=CLOCK)


def remember(answers: SqlAnswers, key: str, fingerprint: str, body: bytes = b"{}") -> None:
    answers.remember(key, fingerprint=fingerprint, status=201, headers={"Location": "/x"}, body=body)


def test_a_key_is_taken_once(answers: SqlAnswers) -> None:
    assert answers.claim(OTHER, fingerprint=ONE) is None
    assert answers.claim(KEY, fingerprint=ONE) is None
    assert answers.claim(KEY, fingerprint=TWO) == (ONE, 0, {}, b"")


def test_of_many_at_once_one_gets_it(answers: SqlAnswers) -> None:
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda n: answers.claim(KEY, fingerprint=f"{n:064x}"), range(8)))
    assert got.count(None) == 1
    assert len(set(map(str, got))) == 2


def test_an_answer_is_kept_as_it_was_given(answers: SqlAnswers) -> None:
    answers.claim(KEY, fingerprint=ONE)
    remember(answers, KEY, ONE, b'{"position":1}\0\xff')
    assert answers.claim(KEY, fingerprint=ONE) == (ONE, 201, {"Location": "/x"}, b'{"position":1}\0\xff')


def test_the_first_answer_stays(answers: SqlAnswers) -> None:
    answers.claim(KEY, fingerprint=ONE)
    remember(answers, KEY, ONE, b"first")
    remember(answers, KEY, ONE, b"second")
    remember(answers, KEY, TWO, b"third")
    answers.release(KEY, fingerprint=ONE)
    assert answers.claim(KEY, fingerprint=ONE) == (ONE, 201, {"Location": "/x"}, b"first")


def test_who_has_a_key_may_let_it_go(answers: SqlAnswers) -> None:
    answers.claim(KEY, fingerprint=ONE)
    answers.release(KEY, fingerprint=TWO)
    assert answers.claim(KEY, fingerprint=TWO) is not None
    answers.release(KEY, fingerprint=ONE)
    assert answers.claim(KEY, fingerprint=TWO) is None


def test_an_answer_is_kept_though_an_equal_request_let_the_key_go_meanwhile(answers: SqlAnswers) -> None:
    answers.claim(KEY, fingerprint=ONE)
    assert answers.claim(KEY, fingerprint=ONE) == (ONE, 0, {}, b"")
    answers.release(KEY, fingerprint=ONE)
    remember(answers, KEY, ONE, b"recorded")
    assert answers.claim(KEY, fingerprint=TWO) == (ONE, 201, {"Location": "/x"}, b"recorded")


def test_an_answer_is_kept_for_a_day(answers: SqlAnswers) -> None:
    answers.claim(KEY, fingerprint=ONE)
    remember(answers, KEY, ONE)
    CLOCK.advance(KEPT_SECONDS)
    answers.claim(OTHER, fingerprint=ONE)
    answers.sweep()
    assert answers.claim(KEY, fingerprint=ONE) is not None, "not longer, but as long"
    CLOCK.advance(1)
    for number in range(SWEEP_CLAIMS):
        answers.claim(digest(str(number)).hex, fingerprint=ONE)
    assert answers.claim(KEY, fingerprint=TWO) is None, "claims sweep up"
    assert answers.claim(OTHER, fingerprint=TWO) is not None
