"""How far webhooks have been told, kept in the database and shared by every server."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from adapters.database.database import Database
from adapters.webhooks.tables import ATTEMPT, STANDING
from domain import instant
from domain.access.delivery import Attempt, Outcome, Standing
from domain.errors import ConflictingAppend

KEPT_ATTEMPTS = 1000
"""Of each webhook, in the log."""
SWEEP_ADDED = 100
"""After how many lines of a process the log is cut."""

_STANDING = sa.select(STANDING).order_by(STANDING.c.name)
_FREE: Mapping[str, Any] = {"holder": None, "held_until": 0}


class SqlDeliveries:
    """Implements `api.webhooks.ports.Deliveries`. Safe to use from any thread."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Keep it in *database*."""
        self._database = database
        self._now = now
        self._added = count(1)

    def standing(self) -> Sequence[Standing]:
        """Return how every webhook stands, by name."""
        with self._database.reading() as connection:
            return [_standing(row) for row in connection.execute(_STANDING)]

    def begin(self, name: str, begun: int, position: int) -> None:
        """Have *name* told of what follows *position*; nothing changes when it is told already."""
        row = _row(Standing(name=name, begun=begun, position=position))
        try:
            with self._database.beside() as connection:
                connection.execute(sa.insert(STANDING), {**row, **_FREE})
        except ConflictingAppend:
            return

    def end(self, name: str) -> None:
        """Forget *name*, and its log."""
        with self._database.beside() as connection:
            connection.execute(sa.delete(STANDING).where(STANDING.c.name == name))
            connection.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.webhook == name))

    def claim(self, name: str, holder: str, until: datetime) -> Standing | None:
        """Return how *name* stands, for *holder* alone until then; None when it is not due, or another's."""
        now = instant.micros(self._now())
        mine = sa.update(STANDING).where(
            STANDING.c.name == name,
            STANDING.c.paused_at.is_(None),
            STANDING.c.due_at <= now,
            sa.or_(STANDING.c.held_until <= now, STANDING.c.holder == holder),
        )
        with self._database.beside() as connection:
            changed = connection.execute(mine.values(holder=holder, held_until=instant.micros(until)))
            if not changed.rowcount:
                return None
            return _standing(connection.execute(_STANDING.where(STANDING.c.name == name)).one())

    def reached(
        self, standing: Standing, holder: str, until: datetime, attempt: Attempt | None = None
    ) -> bool:
        """Keep how it stands, and the *attempt*. False, and it stays, when it is not *holder*'s any more.

        The attempt is logged all the same: it was made.
        """
        if attempt is not None:
            self._sweep(attempt.webhook)
        with self._database.beside() as connection:
            if attempt is not None:
                connection.execute(sa.insert(ATTEMPT), _line(attempt))
            mine = sa.update(STANDING).where(STANDING.c.name == standing.name, STANDING.c.holder == holder)
            changed = mine.values({**_row(standing), "held_until": instant.micros(until)})
            return connection.execute(changed).rowcount > 0

    def release(self, name: str, holder: str) -> None:
        """Let another server tell *name*."""
        mine = sa.update(STANDING).where(STANDING.c.name == name, STANDING.c.holder == holder)
        with self._database.beside() as connection:
            connection.execute(mine.values(_FREE))

    def change(self, name: str, change: Callable[[Standing], Standing]) -> Standing | None:
        """Keep what *change* makes of how *name* stands; None when it is not told of anything.

        Whoever tells it meanwhile has lost it, and finds that out.
        """
        one = sa.select(STANDING).where(STANDING.c.name == name).with_for_update()
        with self._database.beside() as connection:
            row = connection.execute(one).one_or_none()
            if row is None:
                return None
            changed = change(_standing(row))
            after = sa.update(STANDING).where(STANDING.c.name == name)
            connection.execute(after.values({**_row(changed), **_FREE}))
            return changed

    def log(self, attempt: Attempt) -> None:
        """Keep one more line of the log."""
        self._sweep(attempt.webhook)
        with self._database.beside() as connection:
            connection.execute(sa.insert(ATTEMPT), _line(attempt))

    def attempts(self, name: str, *, before: int | None, limit: int) -> Sequence[tuple[int, Attempt]]:
        """Return attempts, numbered, the newest first; only those with a number below *before*."""
        asked = sa.select(ATTEMPT).where(ATTEMPT.c.webhook == name)
        if before is not None:
            asked = asked.where(ATTEMPT.c.number < before)
        with self._database.reading() as connection:
            rows = connection.execute(asked.order_by(ATTEMPT.c.number.desc()).limit(limit)).all()
        return [(row.number, _attempt(row)) for row in rows]

    def _sweep(self, name: str) -> None:
        if next(self._added) % SWEEP_ADDED:
            return
        numbers = sa.select(ATTEMPT.c.number).where(ATTEMPT.c.webhook == name)
        oldest = numbers.order_by(ATTEMPT.c.number.desc()).offset(KEPT_ATTEMPTS).limit(1)
        with self._database.beside() as connection:
            number = connection.scalar(oldest)
            if number is not None:
                old = sa.delete(ATTEMPT).where(ATTEMPT.c.webhook == name, ATTEMPT.c.number <= number)
                connection.execute(old)


def _standing(row: sa.Row[Any]) -> Standing:
    return Standing(
        name=row.name,
        begun=row.begun,
        position=row.position,
        due_at=instant.from_micros(row.due_at),
        failures=row.failures,
        failing_since=_instant(row.failing_since),
        paused_at=_instant(row.paused_at),
        paused_why=row.paused_why,
    )


def _row(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "begun": standing.begun,
        "position": standing.position,
        "due_at": instant.micros(standing.due_at),
        "failures": standing.failures,
        "failing_since": _micros(standing.failing_since),
        "paused_at": _micros(standing.paused_at),
        "paused_why": standing.paused_why,
    }


def _line(attempt: Attempt) -> dict[str, Any]:
    return {
        "webhook": attempt.webhook,
        "id": attempt.id,
        "position": attempt.position,
        "at": instant.micros(attempt.at),
        "milliseconds": attempt.outcome.milliseconds,
        "status": attempt.outcome.status,
        "said": attempt.outcome.said,
    }


def _attempt(row: sa.Row[Any]) -> Attempt:
    outcome = Outcome(status=row.status, said=row.said, milliseconds=row.milliseconds)
    at = instant.from_micros(row.at)
    return Attempt(webhook=row.webhook, id=row.id, position=row.position, at=at, outcome=outcome)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else instant.from_micros(micros)


def _micros(at: datetime | None) -> int | None:
    return None if at is None else instant.micros(at)
