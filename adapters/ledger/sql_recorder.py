"""The recorder over SQLAlchemy Core: one code path for SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import Subscription

from adapters.database import many
from adapters.database.asked import Asked
from adapters.database.compiled import Compiled
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
_TAIL = Compiled(
    sa.select(
        sa.select(sa.func.max(EVENT.c.position)).scalar_subquery(),
        sa.select(sa.func.max(EVENT.c.recorded_at)).scalar_subquery(),
        sa.select(CLOSED.c.instant).where(CLOSED.c.id == 1).scalar_subquery(),
        sa.select(EVENT.c.digest).order_by(EVENT.c.position.desc()).limit(1).scalar_subquery(),
    )
)
_DIGEST_OF = sa.select(EVENT.c.digest).where(
    EVENT.c.stream == sa.bindparam("stream"), EVENT.c.version == sa.bindparam("version")
)
_DIGEST_AT = sa.select(EVENT.c.digest).where(EVENT.c.position == sa.bindparam("at"))
_HEAD = (EVENT.c.position, EVENT.c.recorded_at, _DIGEST)
_LAST = Asked(sa.select(*_HEAD).order_by(EVENT.c.position.desc()).limit(1))
_LAST_AT = Asked(
    sa.select(*_HEAD)
    .where(EVENT.c.recorded_at <= sa.bindparam("recorded_at", type_=EVENT.c.recorded_at.type))
    .order_by(EVENT.c.recorded_at.desc())
    .limit(1)
)
_MOVES = Compiled(
    sa.select(EVENT.c.position, EVENT.c.stream)
    .where(EVENT.c.position > sa.bindparam("after"))
    .order_by(EVENT.c.position)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FIRST: sa.ColumnElement[int] = sa.literal_column("1")
_EXISTING = sa.select(EVENT.c.stream).where(many.one_of(EVENT.c.stream), EVENT.c.version == _FIRST)
_VERSION_AT = (
    sa.select(EVENT.c.version)
    .where(EVENT.c.stream == sa.bindparam("stream"), EVENT.c.position <= sa.bindparam("until"))
    .order_by(EVENT.c.version.desc())
    .limit(1)
)
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
    digests: dict[int, bytes | None]
    """By position, as far as they are known: most look for the last of all."""

    def digest_of(self, stream: str, version: int) -> bytes | None:
        """Return the digest of an event of *stream*, or None when it is not there."""
        found = self.connection.scalar(_DIGEST_OF, {"stream": stream, "version": version})
        return None if found is None else bytes(found)

    def digest_at(self, position: int) -> bytes | None:
        """Return the digest of the event at *position*, or None when it is not there."""
        if position not in self.digests:
            found = self.connection.scalar(_DIGEST_AT, {"at": position})
            self.digests[position] = None if found is None else bytes(found)
        return self.digests[position]


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
        with self.database.appending(notify=CHANNEL) as connection:
            position, recorded_at, closed, digest = _TAIL.execute(connection).one()
            digests: dict[int, bytes | None] = {} if digest is None else {position: bytes(digest)}
            tail = SqlTail(position or 0, max(recorded_at or 0, closed or 0), connection, digests)
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
        query = _LAST if recorded_at is None else _LAST_AT
        asked = {} if recorded_at is None else {"recorded_at": recorded_at}
        with self.database.reading() as connection:
            found = query.rows(connection, asked)
        return Head(found[0][0], found[0][1], _bytes(found[0][2])) if found else None

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
            found = _MOVES.execute(connection, after=after, limit=limit)
            return [(position, stream) for position, stream in found]

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
        of_it = _ROWS.where(EVENT.c.stream == stream)
        return [
            row
            for start in range(0, len(possible), many.KEYS_AT_ONCE)
            for row in self._select(
                of_it.where(EVENT.c.version.in_(possible[start : start + many.KEYS_AT_ONCE]))
            )
        ]

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
        bounds = {"gt": gt, "lte": lte, "limit": limit}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        query = _of_stream(frozenset(given), desc)
        with self.database.reading() as connection:
            found = query.execute(connection, stream=str(originator_id), **given)
            return [_row(columns, lambda stream: in_form(stream, originator_id)) for columns in found]

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

    def _select(self, query: sa.Select[Any]) -> Sequence[Row]:
        with self.database.reading() as connection:
            return [_row(columns, self._stream_form) for columns in connection.execute(query)]


@cache
def _of_stream(bounds: frozenset[str], desc: bool) -> Compiled:
    """Return the query for rows of one stream between *bounds*, of `gt`, `lte` and `limit`."""
    version = EVENT.c.version
    query = sa.select(*_COLUMNS).where(EVENT.c.stream == sa.bindparam("stream"))
    if "gt" in bounds:
        query = query.where(version > sa.bindparam("gt"))
    if "lte" in bounds:
        query = query.where(version <= sa.bindparam("lte"))
    if "limit" in bounds:
        query = query.limit(sa.bindparam("limit", type_=sa.Integer))
    return Compiled(query.order_by(version.desc() if desc else version))


def _row(columns: Sequence[Any], form: Callable[[str], UUID | str]) -> Row:
    position, stream, version, topic, recorded_at, digest, state = columns
    return Row(
        originator_id=form(stream),
        originator_version=version,
        topic=topic,
        state=_bytes(state),
        id=position,
        recorded_at=recorded_at,
        digest=_bytes(digest),
    )


def _extended(tail: SqlTail, prepared: Sequence[Prepared]) -> SqlTail:
    """Return *tail* with *prepared* behind it."""
    if not prepared:
        return tail
    last = prepared[-1].row
    return replace(tail, position=last.id, floor=last.recorded_at)


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
