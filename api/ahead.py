"""The process that reads ahead for a rebuild: `python -m api.ahead`, started by `shiplog rebuild` alone.

It chooses its adapters itself: it needs few of them, and is waited for until it has loaded them.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from adapters.clock import utc_now
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels import ahead, filling
from adapters.readmodels.checked import Checked
from adapters.readmodels.projection import PLACEMENTS
from adapters.readmodels.upkeep import garbage_looked_for_rarely, next_copy


def serve(told: BinaryIO, out: BinaryIO) -> None:
    """Write what is asked for on *told* to *out*; see `adapters.readmodels.ahead`."""
    with garbage_looked_for_rarely():
        ahead.serve(told, out, _pages)


def _pages(url: str, events: int, settle: Callable[[], None]) -> Iterator[filling.Page]:
    database = Database(url)
    try:
        ledger = EventLedger(SqlRecorder(database), SealingMapper(None, nonce=lambda: ""), now=utc_now)

        @contextmanager
        def lend() -> Iterator[Any]:
            settle()
            with next_copy(database, PLACEMENTS) as connection:
                yield connection

        yield from filling.pages(Checked(ledger), PLACEMENTS.folding(lend), events)
    finally:
        database.close()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
    # What nobody reads any more is not written at the end either.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
