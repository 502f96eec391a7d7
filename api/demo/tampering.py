"""An attacker with the database: one byte of one event, changed behind the ledger's back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_NONCE = b'"nonce":"'
_NONCE_LENGTH = 32


def copy_with_one_byte_changed(ledger: Path, copy: Path) -> int:
    """Copy the database *ledger* to *copy*, change one byte in it; return the position it belongs to.

    The byte is written into the file itself, past every trigger and permission
    of the database, in the middle of the record.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        events = list(_nonces(target))
    content = bytearray(copy.read_bytes())
    places = [(position, content.find(nonce)) for position, nonce in events]
    position, place = next(found for found in places[len(places) // 2 :] if found[1] >= 0)
    content[place] ^= 1
    copy.write_bytes(content)
    return position


def _nonces(database: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Yield each event's position and its nonce: 32 bytes that occur nowhere else in the file."""
    for position, state in database.execute("SELECT position, state FROM event ORDER BY position"):
        start = bytes(state).index(_NONCE) + len(_NONCE)
        yield position, bytes(state)[start : start + _NONCE_LENGTH]
