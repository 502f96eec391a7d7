"""Appending over SQLAlchemy Core: the append lock is held from the look at the tail to the commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Protocol

import sqlalchemy as sa

from adapters.database import many
from adapters.database.compiled import Compiled
from adapters.database.database import Database
from adapters.ledger.group_commit import GroupCommit
from adapters.ledger.listening import CHANNEL
from adapters.ledger.recorder import Prepare, Prepared
from adapters.ledger.seal import Row
from adapters.ledger.tables import CLOSED, EVENT, REPORT
from domain.digest import Digest
from domain.event import Recorded

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


class SqlAppend:
    """Appends to one database; what threads of this process append meanwhile goes together."""

    def __init__(self, database: Database) -> None:
        self.followers: list[Follower] = []
        """Each takes part in every transaction."""
        self._database = database
        self._group: GroupCommit[Prepare, Sequence[Row]] = GroupCommit(self._write_all)

    def write(self, prepare: Prepare) -> Sequence[Row]:
        """See `LedgerRecorder.write`."""
        return self._group.carry_out(prepare)

    def _write_all(self, take: Callable[[], Sequence[Prepare]]) -> Sequence[Sequence[Row]]:
        """Append what each request prepares, one after the other, all or none; see `GroupCommit`."""
        written: list[Sequence[Prepared]] = []
        with self._database.appending(notify=CHANNEL) as connection:
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
            {"key": raw(key), "fingerprint": raw(each.fingerprint), "position": each.row.id}
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


def raw(digest: Digest | None) -> bytes:
    """Return the bytes of *digest*, as `REPORT` keeps them."""
    assert digest is not None, "a row with keys has a fingerprint"
    return bytes.fromhex(digest.hex)
