"""Answers under an `Idempotency-Key`: the first one stays."""

from pathlib import Path

import pytest

from adapters.database import schema
from adapters.ledger.answers import SqlAnswers
from tests.builders import Clock, digest
from tests.contracts.opened import Opened

KEY, OTHER = digest("a key").hex, digest("another key").hex
ONE, TWO = digest("a request").hex, digest("another request").hex


@pytest.fixture(params=["sqlite", "postgres"])
def answers(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> SqlAnswers:
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    database = opened(url)
    schema.create(database)
    return SqlAnswers(database, now=Clock())


def test_what_was_never_answered_is_not_recalled(answers: SqlAnswers) -> None:
    answers.remember(OTHER, fingerprint=ONE, status=201, body=b"{}")
    assert answers.recall(KEY) is None


def test_an_answer_is_recalled_as_it_was_given(answers: SqlAnswers) -> None:
    answers.remember(KEY, fingerprint=ONE, status=201, body=b'{"position":1}\0\xff')
    assert answers.recall(KEY) == (ONE, 201, b'{"position":1}\0\xff')


def test_the_first_answer_stays(answers: SqlAnswers) -> None:
    answers.remember(KEY, fingerprint=ONE, status=201, body=b"first")
    answers.remember(KEY, fingerprint=TWO, status=409, body=b"second")
    assert answers.recall(KEY) == (ONE, 201, b"first")
