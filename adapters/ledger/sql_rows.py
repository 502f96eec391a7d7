"""Rows of the ledger as a statement selects them: their columns, and what is made of those."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from adapters.database.compiled import Compiled
from adapters.ledger.seal import Row
from adapters.ledger.tables import EVENT

# As the driver gives them: whoever alters a SQLite file can put any type there, and must be told from us.
DIGEST, STATE = (
    sa.type_coerce(column, sa.types.NullType()).label(column.name)
    for column in (EVENT.c.digest, EVENT.c.state)
)
COLUMNS = (
    EVENT.c.position,
    EVENT.c.stream,
    EVENT.c.version,
    EVENT.c.topic,
    EVENT.c.recorded_at,
    DIGEST,
    STATE,
)
ROWS = sa.select(*COLUMNS).order_by(EVENT.c.position)


@cache
def of_stream(bounds: frozenset[str], desc: bool) -> Compiled:
    """Return the query for rows of one stream between *bounds*, of `gt`, `lte` and `limit`."""
    version = EVENT.c.version
    query = sa.select(*COLUMNS).where(EVENT.c.stream == sa.bindparam("stream"))
    if "gt" in bounds:
        query = query.where(version > sa.bindparam("gt"))
    if "lte" in bounds:
        query = query.where(version <= sa.bindparam("lte"))
    if "limit" in bounds:
        query = query.limit(sa.bindparam("limit", type_=sa.Integer))
    return Compiled(query.order_by(version.desc() if desc else version))


def row(columns: Sequence[Any], form: Callable[[str], UUID | str]) -> Row:
    """Return the row that `COLUMNS` of one were selected for; *form* makes its stream's name of text."""
    position, stream, version, topic, recorded_at, digest, state = columns
    return Row(
        originator_id=form(stream),
        originator_version=version,
        topic=topic,
        state=blob(state),
        id=position,
        recorded_at=recorded_at,
        digest=blob(digest),
    )


def blob(stored: object) -> bytes:
    """Return what is *stored*, or nothing when it is not bytes: nobody signed that."""
    return stored if isinstance(stored, bytes) else b""
