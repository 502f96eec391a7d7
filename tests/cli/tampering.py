"""What someone with write access to the database file can do to it, past every guard."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def opened(home: Path) -> Iterator[sqlite3.Connection]:
    """Lend the database with what keeps it append-only taken off."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        yield connection
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def spoil(home: Path) -> None:
    """Overwrite the middle of the database file, its pages' headers included."""
    with opened(home):
        pass
    file = home / "ledger.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 3 :] = b"\xa5" * (len(content) - len(content) // 3)
    file.write_bytes(content)
