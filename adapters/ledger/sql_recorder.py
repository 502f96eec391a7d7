"""The recorder over SQLAlchemy Core: one code path for SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import Subscription

from adapters.database import many
from adapters.database.database import Database
from adapters.ledger.group_commit import GroupCommit
from adapters.ledger.recorder import Head, LedgerRecorder, Prepare, Prepared, in_form
from adapters.ledger.seal import Row
from adapters.ledger.subscription import CHANNEL, SqlSubscription
from adapters.ledger.tables import CLOSED, EVENT, REPORT
from domain.canonical import INTEGER_MAX
from domain.digest import Digest
from domain.event import Recorded
from domain.ports import Reported

# As the driver gives them: whoever alters a SQLite file can put any type there, and must be told from us.
_DIGEST, _STATE = (
    sa.type_coerce(column, sa.types.NullType()).label(column.name)
    for column in (EVENT.c.digest, EVENT.c.state)
)
_COLUMNS = (
    EVENT.c.position,
    EVENT.c.stream,
    EVENT.c.version,
    EVENT.c.topic,
    EVENT.c.recorded_at,
    _DIGEST,
    _STATE,
)
_ROWS = sa.select(*_COLUMNS).order_by(EVENT.c.position)
_TAIL = sa.select(
    sa.select(sa.func.max(EVENT.c.position)).scalar_subquery(),
    sa.select(sa.func.max(EVENT.c.recorded_at)).scalar_subquery(),
    sa.select(CLOSED.c.instant).where(CLOSED.c.id == 1).scalar_subquery(),
)
_DIGEST_OF = sa.select(EVENT.c.digest).where(
    EVENT.c.stream == sa.bindparam("stream"), EVENT.c.version == sa.bindparam("version")
)
_DIGEST_AT = sa.select(EVENT.c.digest).where(EVENT.c.position == sa.bindparam("at"))
_HEAD = (EVENT.c.position, EVENT.c.recorded_at, _DIGEST)
_LAST = sa.select(*_HEAD).order_by(EVENT.c.position.desc()).limit(1)
_LAST_AT = (
    sa.select(*_HEAD)
    .where(EVENT.c.recorded_at <= sa.bindparam("recorded_at", type_=EVENT.c.recorded_at.type))
    .order_by(EVENT.c.recorded_at.desc())
    .limit(1)
)
_MOVES = (
    sa.select(EVENT.c.position, EVENT.c.stream)
    .where(EVENT.c.position > sa.bindparam("after"))
    .order_by(EVENT.c.position)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FIRST: sa.ColumnElement[int] = sa.literal_column("1")
_EXISTING = sa.select(EVENT.c.stream).where(many.one_of(EVENT.c.stream), EVENT.c.version == _FIRST)
_REPORTED = sa.select(REPORT.c.key, REPORT.c.position, REPORT.c.fingerprint).where(many.one_of(REPORT.c.key))


class Follower(Protocol):
    """A read model that follows the ledger in its own transactions."""

    def apply(self, connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
        """Take in the fresh events, under the append lock and in the append's transaction."""
        ...


@dataclass(frozen=True, slots=True)
class SqlTail:
    """The end of the ledger inside an append transaction."""

    position: int
    floor: int
    connection: sa.Connection

    def digest_of(self, stream: str, version: int) -> bytes | None:
        """Return the digest of an event of *stream*, or None when it is not there."""
        found = self.connection.scalar(_DIGEST_OF, {"stream": stream, "version": version})
        return None if found is None else bytes(found)

    def digest_at(self, position: int) -> bytes | None:
        """Return the digest of the event at *position*, or None when it is not there."""
        found = self.connection.scalar(_DIGEST_AT, {"at": position})
        return None if found is None else bytes(found)


class SqlRecorder(LedgerRecorder):
    """Rows in a table; `write` holds the append lock from the look at the tail to the commit."""

    def __init__(self, database: Database, *, stream_form: Callable[[str], UUID | str] = str) -> None:
        """Record in *database*. *stream_form* makes a stream's name from its text."""
        self.database = database
        self.followers: list[Follower] = []
        self.subscriptions: set[SqlSubscription] = set()
        self._stream_form = stream_form
        self._group: GroupCommit[Prepare, Sequence[Row]] = GroupCommit(self._write_all)

    def write(self, prepare: Prepare) -> Sequence[Row]:
        """See `LedgerRecorder`; what other threads write meanwhile goes into the same transaction."""
        rows = self._group.carry_out(prepare)
        for subscription in tuple(self.subscriptions):
            subscription.wake()
        return rows

    def _write_all(self, take: Callable[[], Sequence[Prepare]]) -> Sequence[Sequence[Row]]:
        """Append what each request prepares, one after the other, all or none; see `GroupCommit`."""
        written: list[Sequence[Prepared]] = []
        with self.database.appending() as connection:
            position, recorded_at, closed = connection.execute(_TAIL).one()
            tail = SqlTail(position or 0, max(recorded_at or 0, closed or 0), connection)
            for prepare in take():
                written.append(prepare(tail))
                tail = _extended(tail, written[-1])
            together = [each for prepared in written for each in prepared]
            if together:
                self._insert(connection, together)
        return [[each.row for each in prepared] for prepared in written]

    def _insert(self, connection: sa.Connection, prepared: Sequence[Prepared]) -> None:
        rows = [each.row for each in prepared]
        many.insert(connection, EVENT, [_values(row) for row in rows])
        told = [
            {"key": _raw(key), "fingerprint": _raw(each.fingerprint), "position": each.row.id}
            for each in prepared
            if each.fingerprint is not None
            for key in each.keys
        ]
        if told:
            told.sort(key=itemgetter("key"))  # keys are random: fill the index from left to right
            many.insert(connection, REPORT, told)
        fresh = [each.recorded for each in prepared if each.recorded is not None]
        for follower in self.followers:
            follower.apply(connection, fresh)
        if self.database.is_postgres:
            connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def page(self, *, after: int | None, limit: int) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        rows = _ROWS if after is None else _ROWS.where(EVENT.c.position > after)
        return self._select(rows.limit(limit))

    def rows(self, positions: Sequence[int]) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        possible = [position for position in positions if 0 < position <= INTEGER_MAX]
        return self._select(_ROWS.where(EVENT.c.position.in_(possible)))

    def last_at(self, recorded_at: int | None) -> Head | None:
        """See `LedgerRecorder`."""
        query, asked = (_LAST, {}) if recorded_at is None else (_LAST_AT, {"recorded_at": recorded_at})
        with self.database.reading() as connection:
            found = connection.execute(query, asked).first()
        return None if found is None else Head(found[0], found[1], _bytes(found[2]))

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
            found = connection.execute(_MOVES, {"after": after, "limit": limit})
            return [(position, stream) for position, stream in found]

    def existing(self, streams: Sequence[str]) -> Sequence[str]:
        """See `LedgerRecorder`."""
        if not streams:
            return ()
        with self.database.reading() as connection:
            return [stream for (stream,) in many.rows(connection, _EXISTING, [(each,) for each in streams])]

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerRecorder`."""
        wanted = {_raw(key): key for key in keys}
        if not wanted:
            return {}
        with self.database.reading() as connection:
            found = many.rows(connection, _REPORTED, [(raw,) for raw in wanted])
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
        version = EVENT.c.version
        query = sa.select(*_COLUMNS).where(EVENT.c.stream == str(originator_id))
        if gt is not None:
            query = query.where(version > gt)
        if lte is not None:
            query = query.where(version <= lte)
        query = query.order_by(version.desc() if desc else version).limit(limit)
        return self._select(query, lambda stream: in_form(stream, originator_id))

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
        query = _ROWS.limit(limit)
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

    def _select(
        self, query: sa.Select[Any], form: Callable[[str], UUID | str] | None = None
    ) -> Sequence[Row]:
        shape = form or self._stream_form
        with self.database.reading() as connection:
            return [
                Row(
                    originator_id=shape(stream),
                    originator_version=version,
                    topic=topic,
                    state=_bytes(state),
                    id=position,
                    recorded_at=recorded_at,
                    digest=_bytes(digest),
                )
                for position, stream, version, topic, recorded_at, digest, state in connection.execute(query)
            ]


def _extended(tail: SqlTail, prepared: Sequence[Prepared]) -> SqlTail:
    """Return *tail* with *prepared* behind it."""
    if not prepared:
        return tail
    last = prepared[-1].row
    return SqlTail(last.id, last.recorded_at, tail.connection)


def _values(row: Row) -> dict[str, Any]:
    return {
        "position": row.id,
        "stream": str(row.originator_id),
        "version": row.originator_version,
        "topic": row.topic,
        "recorded_at": row.recorded_at,
        "digest": row.digest,
        "state": row.state,
    }


def _bytes(stored: object) -> bytes:
    """Return what is *stored*, or nothing when it is not bytes: nobody signed that."""
    return stored if isinstance(stored, bytes) else b""


def _raw(digest: Digest | None) -> bytes:
    assert digest is not None, "a row with keys has a fingerprint"
    return bytes.fromhex(digest.hex)
