"""How far the ledger is, for any number of threads that wait for it to grow.

One thread looks for all of them, and only while there are any. What this process commits needs no look:
it says so itself. What others commit is heard of on PostgreSQL; on SQLite, and where word of it is lost,
it is seen at the next poll.
"""

import threading
import time
from contextlib import suppress

import sqlalchemy as sa

from adapters.ledger.listening import POLL_SECONDS, heard, listening
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.ledger.tables import EVENT
from domain.errors import LedgerError

LOOKS_FOR_NOBODY = 60
"""How many more looks there are when nobody waits: who waited comes back soon, and connecting costs more."""
PARTING_SECONDS = 2
PAUSE_SECONDS = 0.02
"""No wait is shorter: where hundreds of events come in a second, who waits would look at each by itself, and
take the time of those who report. One event after a while is told at once."""
_LAST = sa.select(sa.func.max(EVENT.c.position))


class SqlFollowing:
    """Implements `api.following.Following`."""

    def __init__(self, recorder: SqlRecorder) -> None:
        """Follow what *recorder* or anybody else appends to its database; nothing is asked before a wait."""
        self._database = recorder.database
        self._known = threading.Condition()
        self._position = 0
        self._waiting = 0
        self._looks_for_nobody = 0
        self._looking: threading.Thread | None = None
        self._closed = threading.Event()
        recorder.told.append(self.reached)

    def wait(self, after: int, seconds: float) -> bool:
        """See `Following`."""
        began = time.monotonic()
        grown = self._waited(after, seconds)
        if grown:
            self._closed.wait(min(PAUSE_SECONDS, seconds) - (time.monotonic() - began))
        return grown

    def _waited(self, after: int, seconds: float) -> bool:
        with self._known:
            if not self._is_over(after):
                self._waiting += 1
                self._looks_for_nobody = 0
                try:
                    self._have_somebody_look()
                    self._known.wait_for(lambda: self._is_over(after), seconds)
                finally:
                    self._waiting -= 1
            return self._position > after

    def reached(self, position: int) -> None:
        """Let those go who wait for the event at *position*, which is committed."""
        with self._known:
            if position > self._position:
                self._position = position
                if self._waiting:
                    self._known.notify_all()

    @property
    def closed(self) -> bool:
        """See `Following`."""
        return self._closed.is_set()

    def close(self) -> None:
        """See `Following`."""
        with self._known:
            self._closed.set()
            self._known.notify_all()
            looking = self._looking
        if looking is not None:
            looking.join(PARTING_SECONDS)

    def _is_over(self, after: int) -> bool:
        return self._position > after or self._closed.is_set()

    def _have_somebody_look(self) -> None:
        if self._looking is None:
            self._looking = threading.Thread(target=self._look_on, name="following", daemon=True)
            self._looking.start()

    def _look_on(self) -> None:
        try:
            while self._is_needed():
                with suppress(LedgerError):  # who reads is told; there is another look after the next poll
                    self._look_while_needed()
                self._closed.wait(POLL_SECONDS)
        finally:
            self._leave()

    def _look_while_needed(self) -> None:
        if not self._database.is_postgres:
            with self._database.reading() as connection:
                self._look(connection)
            return
        with listening(self._database) as connection:
            while self._is_needed():
                self._look(connection)
                self._closed.wait(PAUSE_SECONDS)  # what is announced meanwhile is heard after it
                heard(connection)

    def _look(self, connection: sa.Connection) -> None:
        self.reached(connection.scalar(_LAST) or 0)

    def _is_needed(self) -> bool:
        """Whether the thread that asks is to look again; if not, the next who waits starts another."""
        with self._known:
            if self._looking is not threading.current_thread():
                return False
            self._looks_for_nobody = 0 if self._waiting else self._looks_for_nobody + 1
            if self._closed.is_set() or self._looks_for_nobody > LOOKS_FOR_NOBODY:
                self._looking = None
            return self._looking is not None

    def _leave(self) -> None:
        """Have the next who waits start another thread, also when this one failed."""
        with self._known:
            if self._looking is threading.current_thread():
                self._looking = None
