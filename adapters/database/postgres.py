"""PostgreSQL: how a connection is made, and how it begins and ends.

Connections stand in the driver's autocommit, and a transaction begins with a BEGIN of ours: it
travels together with what follows at once, and a single statement needs none.
"""

import weakref
from typing import Any

from domain.errors import NotConfirmed

APPEND_LOCK = 0x7368_6970_6C6F_6701
"""Key of the advisory lock all appends take; any constant, the same in every process."""
ANSWER_SECONDS_MAX = 15
"""How long a connection may take to be made, and to come free."""
STATEMENT_TIMEOUT_SECONDS = 30
SILENCE_SECONDS_MAX = 30
"""How long a writer may be silent in the middle of an append, and keep everyone else waiting."""
KEEPALIVE = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A server that vanished without a word is noticed within 30 s (libpq, "Parameter Key Words")."""
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ"
BESIDE = "BEGIN; SET LOCAL synchronous_commit = off"
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
"""What is acknowledged has to be on disk, whatever the server's default; stronger settings stay."""

_HARMLESS = frozenset(("asyncQueueFillWarning",))
"""Functions of PostgreSQL that warn of something else than a commit: that somebody listens, and does not take
what is told to them (`async.c`). It is said to whoever commits just then, at most every five seconds."""
_WARNED: "weakref.WeakKeyDictionary[Any, bool]" = weakref.WeakKeyDictionary()
"""Connections that were warned since their last append began."""


def options(pool_connections: int) -> dict[str, Any]:
    """Return what the engine is made with."""
    settings = {
        "statement_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
        "lock_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
        "idle_in_transaction_session_timeout": SILENCE_SECONDS_MAX * 1000,
        # A look-up by key is never dear: with the default of 4 the planner reads a whole table of
        # releases to spare 20,000 of them, and compiles the statement for longer than it runs.
        "random_page_cost": 1.1,
        "jit": "off",
    }
    return {
        "isolation_level": "AUTOCOMMIT",
        "pool_size": pool_connections,
        "max_overflow": pool_connections,
        "pool_timeout": ANSWER_SECONDS_MAX,
        "connect_args": {
            "connect_timeout": ANSWER_SECONDS_MAX,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            **KEEPALIVE,
        },
    }


def appending(notify: str | None) -> str:
    """Return how an append begins: with the lock, and with word to channel *notify* for when it is committed.

    Nothing is read here: the next statement must see what the last holder of the lock committed.
    """
    begin = f"BEGIN; SELECT pg_advisory_xact_lock({APPEND_LOCK})"
    return begin if notify is None else f"{begin}; NOTIFY {notify}"


def prepare(connection: Any, _record: object) -> None:
    """Have a new connection answer only for what is on disk, and remember its warnings."""
    _note_warnings(connection)
    connection.execute(_DURABLE)


def forget_warnings(driver: Any) -> None:
    """Begin an append on *driver*: what it was warned of before does not concern it."""
    _WARNED.pop(driver, None)


def check_confirmed(driver: Any) -> None:
    """Refuse a commit that ended with a warning: PostgreSQL calls that a success, and here it is none."""
    if _WARNED.pop(driver, None):
        raise NotConfirmed("the wait for the standby was cancelled: what was recorded may yet be lost")


def _note_warnings(driver: Any) -> None:
    """Remember that *driver* was warned, as it is when the wait for the standby is cancelled (01000).

    Whatever we do not know is taken for that: PostgreSQL says it in the server's language, and without a
    code of its own.
    """
    known = weakref.ref(driver)

    def note(said: Any) -> None:
        warned = known()
        harmless = said.source_function in _HARMLESS
        if warned is not None and said.severity_nonlocalized == "WARNING" and not harmless:
            _WARNED[warned] = True

    driver.add_notice_handler(note)
