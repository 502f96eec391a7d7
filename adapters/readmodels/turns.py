"""Transactions that fill a copy, one after the other, with room for writers in between."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import sqlalchemy as sa

from adapters.database.database import Database

PAUSE_SHARE = 0.5
"""How long SQLite is left alone after a transaction, as a share of how long that took.

It has one writer, and those who wait sleep and try again: without a pause they would try in vain.
"""
CHECKPOINT_TURNS = 4
"""After how many transactions SQLite's log goes into its file, which others need not wait for: before it is
so long that one of them would do it, at the end of an append."""


class Turns:
    """Takes turns with whoever else writes."""

    def __init__(self, database: Database) -> None:
        """Write to *database*. Appends to PostgreSQL go on meanwhile, so there nobody is waited for."""
        self._database = database
        self._pause_share = 0.0 if database.is_postgres or database.in_memory else PAUSE_SHARE
        self._next_at = 0.0
        self._nobody = threading.Event()
        self._turns = 0

    @contextmanager
    def one(self) -> Iterator[sa.Connection]:
        """Lend a connection that writes beside the appends, when it is our turn again."""
        self._nobody.wait(max(self._next_at - monotonic(), 0.0))
        with self._database.filling() as connection:
            began = monotonic()
            yield connection
        ended = monotonic()
        self._next_at = ended + (ended - began) * self._pause_share
        self._turns += 1
        if self._turns % CHECKPOINT_TURNS == 0:
            self._database.checkpoint()
