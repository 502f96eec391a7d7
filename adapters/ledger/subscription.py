"""Following the ledger as it grows.

Woken by local commits, by LISTEN/NOTIFY on PostgreSQL, and in any case every
poll. The poll closes two holes of notification alone: one that was lost, and an
event committed between the first look and the LISTEN.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from eventsourcing.persistence import ListenNotifySubscription

from adapters.ledger.listening import POLL_SECONDS, heard, listening
from domain.errors import LedgerUnavailable

if TYPE_CHECKING:
    from adapters.ledger.sql_recorder import SqlRecorder


class SqlSubscription(ListenNotifySubscription["SqlRecorder"]):
    """Rows after a position, present and future; reconnects by itself and polls meanwhile."""

    def __init__(self, recorder: "SqlRecorder", gt: int | None = None, topics: Sequence[str] = ()) -> None:
        """Start following *recorder* after position *gt*."""
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.subscriptions.add(self)
        self._stopping = threading.Event()
        self._listener: threading.Thread | None = None
        if recorder.database.is_postgres:
            self._listener = threading.Thread(target=self._listen, daemon=True)
            self._listener.start()

    def wake(self) -> None:
        """Look at the ledger again, now."""
        self._has_been_notified.set()

    def stop(self) -> None:
        """End the iteration."""
        super().stop()
        if hasattr(self, "_stopping"):
            self._stopping.set()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        """Stop following and wait for the threads."""
        self._recorder.subscriptions.discard(self)
        super().__exit__(*args, **kwargs)
        if self._listener is not None:
            self._listener.join()

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                with suppress(LedgerUnavailable):  # ask again at the next poll
                    self._pull()
                if not self._has_been_stopped:
                    self._has_been_notified.wait(POLL_SECONDS)
        except Exception as failure:
            self._thread_error = self._thread_error or failure
            self.stop()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            with suppress(LedgerUnavailable, sa.exc.SQLAlchemyError, OSError):
                self._listen_once()
            self._stopping.wait(POLL_SECONDS)

    def _listen_once(self) -> None:
        with listening(self._recorder.database) as connection:
            self.wake()  # for what was committed since the last look
            while not self._stopping.is_set():
                if heard(connection):
                    self.wake()
