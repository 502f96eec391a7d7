"""The recorder over SQLAlchemy Core: one code path for SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import Subscription

from adapters.database.database import Database
from adapters.ledger.group_commit import GroupCommit
from adapters.ledger.recorder import LedgerRecorder, Prepare, Prepared, in_form
from adapters.ledger.seal import Row
from adapters.ledger.subscription import CHANNEL, SqlSubscription
from adapters.ledger.tables import CLOSED, EVENT, REPORT
from domain.canonical import INTEGER_MAX
from domain.digest import Digest
from domain.event import Recorded
from domain.ports import Reported

_COLUMNS = (
    EVENT.c.position,
    EVENT.c.stream,
    EVENT.c.version,
    EVENT.c.topic,
    EVENT.c.recorded_at,
    # As the driver gives them: whoever alters a SQLite file can put any type there, and must be told from us.
    sa.type_coerce(EVENT.c.digest, sa.types.NullType()).label("digest"),
    sa.type_coerce(EVENT.c.state, sa.types.NullType()).label("state"),
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


_REPORTED = sa.select(REPORT.c.key, REPORT.c.position, REPORT.c.fingerprint).where(
    REPORT.c.key.in_(sa.bindparam("keys", expanding=True, type_=sa.LargeBinary))
)
KEYS_AT_ONCE = 500
"""Well below what either database takes as parameters of one statement."""


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
        connection.execute(sa.insert(EVENT), [_values(row) for row in rows])
        told = [
            {"key": _raw(key), "fingerprint": _raw(each.fingerprint), "position": each.row.id}
            for each in prepared
            if each.fingerprint is not None
            for key in each.keys
        ]
        if told:
            connection.execute(sa.insert(REPORT), told)
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

    def last_at(self, recorded_at: int | None) -> Row | None:
        """See `LedgerRecorder`."""
        query = sa.select(*_COLUMNS).limit(1)
        if recorded_at is None:
            query = query.order_by(EVENT.c.position.desc())
        else:
            query = query.where(EVENT.c.recorded_at <= recorded_at).order_by(EVENT.c.recorded_at.desc())
        return next(iter(self._select(query)), None)

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

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerRecorder`."""
        wanted = {_raw(key): key for key in keys}
        raw = list(wanted)
        found: dict[Digest, Reported] = {}
        with self.database.reading() as connection:
            for start in range(0, len(raw), KEYS_AT_ONCE):
                part = {"keys": raw[start : start + KEYS_AT_ONCE]}
                for key, position, fingerprint in connection.execute(_REPORTED, part):
                    told = Digest(f"sha256:{bytes(fingerprint).hex()}")
                    found[wanted[bytes(key)]] = Reported(position, told)
        return found

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
