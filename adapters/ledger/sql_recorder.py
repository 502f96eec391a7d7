"""The recorder over SQLAlchemy Core: one code path for SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import Subscription

from adapters.database import many
from adapters.database.asked import Asked
from adapters.database.database import Database
from adapters.ledger.recorder import Head, LedgerRecorder, Prepare, in_form
from adapters.ledger.seal import Row
from adapters.ledger.sql_append import SqlAppend, raw
from adapters.ledger.sql_rows import DIGEST, ROWS, blob, of_stream, row
from adapters.ledger.subscription import SqlSubscription
from adapters.ledger.tables import CLOSED, EVENT, REPORT
from domain.canonical import INTEGER_MAX
from domain.digest import Digest
from domain.ports import Reported

_LIMIT = sa.bindparam("limit", type_=sa.Integer)
_HEAD = (EVENT.c.position, EVENT.c.recorded_at, DIGEST)
_LAST = Asked(sa.select(*_HEAD).order_by(EVENT.c.position.desc()).limit(1))
_LAST_AT = Asked(
    sa.select(*_HEAD)
    .where(EVENT.c.recorded_at <= sa.bindparam("recorded_at", type_=EVENT.c.recorded_at.type))
    .order_by(EVENT.c.recorded_at.desc())
    .limit(1)
)
_MOVES = Asked(
    sa.select(EVENT.c.position, EVENT.c.stream)
    .where(EVENT.c.position > sa.bindparam("after"))
    .order_by(EVENT.c.position)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FIRST_ONES = Asked(ROWS.limit(_LIMIT))
_NEXT_ONES = Asked(ROWS.where(EVENT.c.position > sa.bindparam("after")).limit(_LIMIT))
_FIRST: sa.ColumnElement[int] = sa.literal_column("1")
_EXISTING = sa.select(EVENT.c.stream).where(many.one_of(EVENT.c.stream), EVENT.c.version == _FIRST)
_VERSION_AT = (
    sa.select(EVENT.c.version)
    .where(EVENT.c.stream == sa.bindparam("stream"), EVENT.c.position <= sa.bindparam("until"))
    .order_by(EVENT.c.version.desc())
    .limit(1)
)
_REPORTED = sa.select(REPORT.c.key, REPORT.c.position, REPORT.c.fingerprint).where(many.one_of(REPORT.c.key))


class SqlRecorder(LedgerRecorder):
    """Rows in a table, one transaction for all that is written at a time."""

    def __init__(self, database: Database, *, stream_form: Callable[[str], UUID | str] = str) -> None:
        """Record in *database*. *stream_form* makes a stream's name from its text."""
        self.database = database
        self.subscriptions: set[SqlSubscription] = set()
        self.told: list[Callable[[int], None]] = []
        """Each hears of the last position of everything that is written here, once it is committed."""
        self._stream_form = stream_form
        self._append = SqlAppend(database)
        self.followers = self._append.followers

    def write(self, prepare: Prepare) -> Sequence[Row]:
        """See `LedgerRecorder`; what other threads write meanwhile goes into the same transaction."""
        rows = self._append.write(prepare)
        for subscription in tuple(self.subscriptions):
            subscription.wake()
        if rows:
            for tell in self.told:
                tell(rows[-1].id)
        return rows

    def page(self, *, after: int | None, limit: int) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        asked = {"limit": limit} if after is None else {"after": after, "limit": limit}
        with self.database.reading() as connection:
            found = (_FIRST_ONES if after is None else _NEXT_ONES).rows(connection, asked)
        return [row(columns, self._stream_form) for columns in found]

    def rows(self, positions: Sequence[int]) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        possible = [position for position in positions if 0 < position <= INTEGER_MAX]
        return self._select(ROWS.where(EVENT.c.position.in_(possible)))

    def last_at(self, recorded_at: int | None) -> Head | None:
        """See `LedgerRecorder`."""
        query = _LAST if recorded_at is None else _LAST_AT
        asked = {} if recorded_at is None else {"recorded_at": recorded_at}
        with self.database.reading() as connection:
            found = query.rows(connection, asked)
        return Head(found[0][0], found[0][1], blob(found[0][2])) if found else None

    def close_instant(self, until: int) -> None:
        """See `LedgerRecorder`: under the append lock, so that no append is under way."""
        with self.database.reading() as connection:
            closed = connection.scalar(sa.select(CLOSED.c.instant).where(CLOSED.c.id == 1))
        if closed is not None and closed >= until:
            return
        with self.database.appending() as connection:
            later = sa.update(CLOSED).where(CLOSED.c.id == 1)
            if connection.scalar(sa.select(CLOSED.c.id).where(CLOSED.c.id == 1)) is None:
                connection.execute(sa.insert(CLOSED), {"id": 1, "instant": until})
            else:
                connection.execute(later.where(CLOSED.c.instant < until), {"instant": until})

    def moves(self, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """See `LedgerRecorder`."""
        with self.database.reading() as connection:
            return [
                (int(at), str(name)) for at, name in _MOVES.rows(connection, {"after": after, "limit": limit})
            ]

    def existing(self, streams: Sequence[str]) -> Sequence[str]:
        """See `LedgerRecorder`."""
        if not streams:
            return ()
        with self.database.reading() as connection:
            return [stream for (stream,) in many.rows(connection, _EXISTING, [(each,) for each in streams])]

    def version_at(self, stream: str, position: int) -> int:
        """See `LedgerRecorder`."""
        with self.database.reading() as connection:
            found: int | None = connection.scalar(_VERSION_AT, {"stream": stream, "until": position})
        return found or 0

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        possible = [version for version in versions if 0 < version <= INTEGER_MAX]
        of_it = ROWS.where(EVENT.c.stream == stream)
        return [
            each
            for start in range(0, len(possible), many.KEYS_AT_ONCE)
            for each in self._select(
                of_it.where(EVENT.c.version.in_(possible[start : start + many.KEYS_AT_ONCE]))
            )
        ]

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerRecorder`."""
        wanted = {raw(key): key for key in keys}
        if not wanted:
            return {}
        with self.database.reading() as connection:
            found = many.rows(connection, _REPORTED, [(each,) for each in wanted])
        return {
            wanted[key]: Reported(position, Digest(f"sha256:{fingerprint.hex()}"))
            for key, position, fingerprint in found
        }

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[Row]:
        """Return rows of one stream, as the library asks for them."""
        bounds = {"gt": gt, "lte": lte, "limit": limit}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        query = of_stream(frozenset(given), desc)
        with self.database.reading() as connection:
            found = query.execute(connection, stream=str(originator_id), **given)
            return [row(columns, lambda stream: in_form(stream, originator_id)) for columns in found]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Row]:
        """Return rows in order of position, as the library asks for them."""
        position = EVENT.c.position
        query = ROWS.limit(limit)
        if start is not None:
            query = query.where(position >= start if inclusive_of_start else position > start)
        if stop is not None:
            query = query.where(position <= stop)
        if topics:
            query = query.where(EVENT.c.topic.in_(topics))
        return self._select(query)

    def max_notification_id(self) -> int | None:
        """Return the last position, or None for an empty ledger."""
        with self.database.reading() as connection:
            last: int | None = connection.scalar(sa.select(sa.func.max(EVENT.c.position)))
        return last

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription["SqlRecorder"]:
        """Return an iterator over rows after *gt*, present and future."""
        return SqlSubscription(recorder=self, gt=gt, topics=topics)

    def _select(self, query: sa.Select[Any]) -> Sequence[Row]:
        with self.database.reading() as connection:
            return [row(columns, self._stream_form) for columns in connection.execute(query).all()]
