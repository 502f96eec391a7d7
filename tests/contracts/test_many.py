"""Many rows in one statement, and many keys: what goes in comes out, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.database import many
from adapters.database.database import Database
from tests.contracts.opened import Opened

TABLE = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("order", sa.Integer),
    sa.Column("state", sa.LargeBinary),
)
NAMES = ("plain", "{braces}", 'a "quote", a comma', "back\\slash", "NULL", "100 %", "späť", "")


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Iterator[sa.Connection]:
    url = f"sqlite:///{tmp_path}/things.db"
    database: Database = opened(
        request.getfixturevalue("postgres_url") if request.param == "postgres" else url
    )
    with database.appending() as lent:
        TABLE.create(lent)
        yield lent


def thing(number: int, name: str = "", **more: Any) -> dict[str, Any]:
    return {"number": number, "name": name, "order": None, "state": None, **more}


def there(connection: sa.Connection) -> list[dict[str, Any]]:
    found = connection.execute(sa.select(TABLE).order_by(TABLE.c.number)).mappings()
    return [dict(row) for row in found]


@pytest.mark.parametrize("more", [{}, {"order": 7}, {"state": b"\0\xff,{}"}])
@pytest.mark.parametrize("count", [1, 2, 3000])
def test_rows_are_there_as_they_were_given(
    connection: sa.Connection, count: int, more: dict[str, Any]
) -> None:
    rows = [thing(number, NAMES[number % len(NAMES)], **more) for number in range(count)]
    many.insert(connection, TABLE, rows)
    assert there(connection) == rows


def test_a_value_may_be_missing_in_some_rows_and_of_any_size_in_others(connection: sa.Connection) -> None:
    rows = [
        thing(-(2**40), order=1),
        thing(1, state=b""),
        thing(2**15, order=2**20, state=b"x" * 100_000),
        thing(2**62),
    ]
    many.insert(connection, TABLE, rows)
    assert there(connection) == rows


@pytest.mark.parametrize("keys", [1, 2, 513, 2000])
def test_rows_are_found_by_as_many_keys_as_are_given(connection: sa.Connection, keys: int) -> None:
    many.insert(connection, TABLE, [thing(number, NAMES[number % len(NAMES)]) for number in range(2500)])
    by_number = sa.select(TABLE.c.number).where(many.one_of(TABLE.c.number))
    found = many.rows(connection, by_number, [(number,) for number in range(-1, keys - 1)])
    assert sorted(number for (number,) in found) == list(range(keys - 1))


@pytest.mark.parametrize("keys", [1, 2, 513, 2000])
def test_rows_are_found_by_keys_of_several_values(connection: sa.Connection, keys: int) -> None:
    many.insert(connection, TABLE, [thing(number, NAMES[number % len(NAMES)]) for number in range(2500)])
    by_both = sa.select(TABLE.c.number).where(many.one_of(TABLE.c.number, TABLE.c.name))
    wanted = [(number, NAMES[number % len(NAMES)] if number % 2 else "other") for number in range(keys)]
    found = many.rows(connection, by_both, wanted)
    assert sorted(number for (number,) in found) == list(range(1, keys, 2))
