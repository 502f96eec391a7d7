"""What time it is at the keyboard: what `now`, `2h ago` and a report without `--occurred-at` mean.

Over the wire the ledger's clock is another machine's, and it refuses a report that
is too far ahead of it. This file is apart from the wiring's clock because a client
of a server must not load the ledger to tell the time.
"""

import threading
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, in UTC."""
    return datetime.now(UTC)


def pause(seconds: float) -> None:
    """Return after *seconds*; an interrupt ends it."""
    threading.Event().wait(seconds)
