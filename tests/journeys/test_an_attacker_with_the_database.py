"""Someone owns the database, drops what guards it, and rewrites history; `verify` names where it begins."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import Row, SealingMapper, StatementSigner
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.signing.keyring import Keyring
from domain import history, instant
from domain.digest import Digest
from domain.errors import BrokenLedger
from domain.queries.verify_ledger import Verified, verify_ledger
from tests.builders import NOON, KeyInMemory, a_removal, keyring, ledger, nonces, signer, tell, told_story

EVENTS = 80
HERE = 16
"""The position that most attacks are about."""

Attack = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of `EVENTS` events in a file, with nothing left in a log beside it."""
    path = tmp_path_factory.mktemp("pristine") / "ledger.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        schema.create(database)
        kept = told_story(ledger(SqlRecorder(database)))
        missing = EVENTS - kept.prefix(None).position
        tell(kept, *(a_removal(sequence=n, occurred_at=NOON + timedelta(minutes=2)) for n in range(missing)))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def path(pristine: Path, tmp_path: Path) -> Path:
    """A copy to attack."""
    return Path(shutil.copy(pristine, tmp_path / "ledger.db"))


@pytest.fixture
def attacked(path: Path) -> Iterator[sqlite3.Connection]:
    """The copy as its owner opens it, the guards dropped."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        assert triggers, "the database guards the ledger"
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def verified(path: Path, trusted: Keyring | None = None) -> Verified:
    with closing(Database(f"sqlite:///{path}")) as database:
        opened = ledger(SqlRecorder(database))
        return verify_ledger(
            lambda after, limit: opened.sealed(after=after, limit=limit), trusted or keyring()
        )


def assert_broken(path: Path, position: int, *, because: str = "") -> None:
    with pytest.raises(BrokenLedger) as broken:
        verified(path)
    named = re.findall(r"position (-?\d+)", str(broken.value))
    assert int(named[-1]) == position, str(broken.value)
    assert because in str(broken.value)


def test_an_untouched_copy_is_what_was_signed(path: Path) -> None:
    assert verified(path).events == EVENTS


# -- one byte


REGIONS = {
    "the form": 0,
    "the first byte of the key id": 1,
    "the last byte of the key id": 32,
    "the length of the signature": 33,
    "the first byte of the signature": 34,
    "the middle of the signature": 60,
    "the first byte of the payload": -1000,
    "the middle of the payload": -300,
    "the last byte": -1,
}


@pytest.mark.parametrize("place", REGIONS.values(), ids=REGIONS)
@pytest.mark.parametrize("position", [1, HERE, EVENTS])
def test_one_changed_byte_is_found(
    place: int, position: int, path: Path, attacked: sqlite3.Connection
) -> None:
    (state,) = attacked.execute("SELECT state FROM event WHERE position = ?", (position,)).fetchone()
    forged = bytearray(state)
    forged[place if abs(place) < len(forged) else 34] ^= 1
    attacked.execute("UPDATE event SET state = ? WHERE position = ?", (bytes(forged), position))
    assert_broken(path, position)


@pytest.mark.parametrize("length", [0, 1, 33, 34, 60])
def test_a_shortened_blob_is_found(length: int, path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute("UPDATE event SET state = substr(state, 1, ?) WHERE position = ?", (length, HERE))
    assert_broken(path, HERE)


def test_a_changed_byte_is_found_with_its_digest_put_right(path: Path, attacked: sqlite3.Connection) -> None:
    row = _rows(path)[HERE - 1]
    forged = replace(row, state=row.state.replace(b"payments-api@prod", b"payments-api@test"))
    _overwrite(attacked, _with_its_digest(forged))
    assert_broken(path, HERE)


def test_a_valid_event_with_spaces_in_it_is_found(path: Path, attacked: sqlite3.Connection) -> None:
    row = _rows(path)[HERE - 1]
    _overwrite(attacked, _with_its_digest(replace(row, state=row.state[:-1] + b" }")))
    assert_broken(path, HERE, because="signature")


# -- the columns beside the blob


COLUMNS = {
    "the stream": "stream = 'target:payments-api@dev'",
    "the stream, as bytes": "stream = CAST(stream AS BLOB)",
    "the version": "version = 99",
    "the version, as text": "version = 'first'",
    "the topic": "topic = 'removed.v1' || topic",
    "the instant, by a microsecond": "recorded_at = recorded_at + 1000000000",
    "the instant, backwards": "recorded_at = 1",
    "the instant, before 1970": "recorded_at = -1",
    "the instant, beyond all calendars": "recorded_at = 9223372036854775807",
    "the instant, as text": "recorded_at = 'noon'",
    "the digest": "digest = zeroblob(32)",
    "the digest, as text": "digest = 'sha256'",
    "the digest, as a number": "digest = 9223372036854775807",
    "the blob, as text": "state = 'nothing'",
    "the blob, as a number": "state = 9223372036854775807",
    "the blob, emptied": "state = x''",
}


@pytest.mark.parametrize("change", COLUMNS.values(), ids=COLUMNS)
def test_a_changed_column_is_found(change: str, path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute(f"UPDATE event SET {change} WHERE position = ?", (HERE,))  # noqa: S608 - the attack
    assert_broken(path, HERE)


# -- rows


def _renumbered(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM event WHERE position = ?", (HERE,))
    for position in range(HERE + 1, EVENTS + 1):
        connection.execute("UPDATE event SET position = position - 1 WHERE position = ?", (position,))


def _swapped(connection: sqlite3.Connection) -> None:
    for change in (f"-1 WHERE position = {HERE}", f"{HERE} WHERE position = 25", "25 WHERE position = -1"):
        connection.execute(f"UPDATE event SET position = {change}")  # noqa: S608 - the attack


ROWS: dict[str, tuple[Attack, int]] = {
    "the first is removed": (lambda c: c.execute("DELETE FROM event WHERE position = 1"), 2),
    "one is removed": (lambda c: c.execute(f"DELETE FROM event WHERE position = {HERE}"), HERE + 1),  # noqa: S608 - the attack
    "the middle is removed": (
        lambda c: c.execute("DELETE FROM event WHERE position BETWEEN 10 AND 20"),
        21,
    ),
    "one is removed and the rest renumbered": (_renumbered, HERE),
    "two are swapped": (_swapped, HERE),
    "one is moved to the end": (
        lambda c: c.execute("UPDATE event SET position = 81 WHERE position = 80"),
        EVENTS + 1,
    ),
    "one is moved to another stream": (
        lambda c: c.execute("UPDATE event SET stream = 'ledger', version = 2 WHERE position = 80"),
        EVENTS,
    ),
}


@pytest.mark.parametrize(("attack", "position"), ROWS.values(), ids=ROWS)
def test_rows_removed_or_moved_are_found(
    attack: Attack, position: int, path: Path, attacked: sqlite3.Connection
) -> None:
    attack(attacked)
    assert_broken(path, position)


@pytest.mark.parametrize("position", [0, -1, -(2**63)])
def test_an_event_slipped_in_before_the_first_is_found(
    position: int, path: Path, attacked: sqlite3.Connection
) -> None:
    # A stream is loaded by version, so that the forged event would count in decisions.
    head = _rows(path)[-1]
    forged = _sealed(
        KeyInMemory(), head, position=1, version=head.originator_version + 1, previous=head.digest
    )
    _insert(attacked, replace(forged, id=position, recorded_at=1))
    assert_broken(path, position, because="missing or inserted")


# -- forged events, signed


def test_an_event_signed_with_another_key_is_found(path: Path, attacked: sqlite3.Connection) -> None:
    _overwrite(attacked, _sealed(KeyInMemory(), _rows(path)[HERE - 1]))
    assert_broken(path, HERE, because="a key this ledger does not have")


def test_an_event_signed_with_another_key_under_our_name_is_found(
    path: Path, attacked: sqlite3.Connection
) -> None:
    another = KeyInMemory()
    another.key_id = signer().key_id
    _overwrite(attacked, _sealed(another, _rows(path)[HERE - 1]))
    assert_broken(path, HERE, because="signature")


def test_an_event_that_takes_its_signature_from_another_is_found(
    path: Path, attacked: sqlite3.Connection
) -> None:
    rows = _rows(path)
    there, here = rows[3].state, rows[HERE - 1].state
    payload = here[34 + here[33] :]
    _overwrite(attacked, replace(rows[HERE - 1], state=there[: 34 + there[33]] + payload))
    assert_broken(path, HERE, because="signature")


def test_all_that_follows_signed_anew_with_another_key_is_found(
    path: Path, attacked: sqlite3.Connection
) -> None:
    thief = KeyInMemory()
    rows = _rows(path)
    heads: dict[str, bytes] = {}
    for row in rows:
        stream = str(row.originator_id)
        if row.id >= HERE:
            fresh = _sealed(thief, row, previous=heads.get(stream))
            _overwrite(attacked, fresh)
            heads[stream] = fresh.digest
        else:
            heads[stream] = row.digest
    assert_broken(path, HERE, because="a key this ledger does not have")
    assert verified(path, keyring(signer(), thief)).events == EVENTS, "the forgery was sound but for its key"


def test_an_event_back_dated_and_signed_by_the_right_key_is_found(
    path: Path, attacked: sqlite3.Connection
) -> None:
    # Even who can sign, a former administrator say, cannot put an event between two others.
    row = _rows(path)[-1]
    _overwrite(attacked, _sealed(signer(), row, recorded_at=instant.micros(NOON) - 1))
    assert_broken(path, EVENTS, because="not later than the one before")


def test_history_rewritten_by_the_right_key_breaks_the_chain(
    path: Path, attacked: sqlite3.Connection
) -> None:
    row = next(row for row in _rows(path) if row.topic == "release-cut.v1")
    _overwrite(attacked, _sealed(signer(), row))
    following = next(
        later.id for later in _rows(path) if later.id > row.id and later.originator_id == row.originator_id
    )
    assert_broken(path, following, because="chain")


def test_of_two_wrong_events_the_first_is_named(path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute("UPDATE event SET state = x'00' WHERE position = 20")
    attacked.execute("UPDATE event SET topic = 'removed.v2' WHERE position = 5")
    assert_broken(path, 5)


def test_cutting_off_the_tail_is_not_found_without_a_checkpoint_that_someone_else_kept(
    path: Path, attacked: sqlite3.Connection
) -> None:
    attacked.execute("DELETE FROM event WHERE position > 25")
    assert verified(path).events == 25
    attacked.execute("DELETE FROM event")
    assert verified(path) == Verified(0, None)


# -- reading, without verification


def test_a_forged_row_is_not_even_read(path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute("UPDATE event SET topic = 'removed.v2' WHERE position = 80")
    with closing(Database(f"sqlite:///{path}")) as database:
        opened = ledger(SqlRecorder(database))
        with pytest.raises(BrokenLedger):
            opened.at(EVENTS)
        with pytest.raises(BrokenLedger):
            opened.load("target:payments-api@prod", history.fold)


def test_a_stream_with_a_missing_event_is_not_read(path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute("DELETE FROM event WHERE stream = 'target:payments-api@prod' AND version = 3")
    with closing(Database(f"sqlite:///{path}")) as database, pytest.raises(BrokenLedger):
        ledger(SqlRecorder(database)).load("target:payments-api@prod", history.fold)


def test_a_stream_whose_beginning_is_missing_is_not_read(path: Path, attacked: sqlite3.Connection) -> None:
    attacked.execute("DELETE FROM event WHERE stream = 'target:payments-api@prod' AND version = 1")
    with closing(Database(f"sqlite:///{path}")) as database, pytest.raises(BrokenLedger):
        ledger(SqlRecorder(database)).load("target:payments-api@prod", history.fold)


def test_a_stream_is_not_brought_forward_past_a_broken_link(path: Path, attacked: sqlite3.Connection) -> None:
    rows = [row for row in _rows(path) if row.originator_id == "target:payments-api@prod"]
    _overwrite(attacked, _sealed(KeyInMemory(), rows[-1], previous=rows[0].digest))
    attacked.execute("UPDATE event SET stream = 'aside' WHERE position = ?", (rows[-1].id,))
    with closing(Database(f"sqlite:///{path}")) as database:
        opened = ledger(SqlRecorder(database))
        opened.load("target:payments-api@prod", history.fold)
        back = "UPDATE event SET stream = ? WHERE stream = 'aside'"
        attacked.execute(back, (rows[-1].originator_id,))
        with pytest.raises(BrokenLedger, match=f"breaks at position {rows[-1].id}"):
            tell(opened, a_removal(sequence=99))


# -- what guards the database against mistakes


CHANGES = [
    "UPDATE event SET topic = topic",
    "UPDATE event SET position = position + 100 WHERE position = 80",
    "DELETE FROM event WHERE position = 80",
    "DELETE FROM event",
]


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES,
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE position = 80",
        "REPLACE INTO event SELECT 81, stream, version, topic, 1, digest, state FROM event LIMIT 1",
        "REPLACE INTO event SELECT 81, 'x', 1, topic, recorded_at, digest, state FROM event LIMIT 1",
    ],
)
def test_sqlite_refuses_to_change_or_remove_an_event(change: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
        connection.rollback()
    assert verified(path).events == EVENTS


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[EventLedger]:
    with closing(Database(postgres_url)) as database:
        schema.create(database)
        yield told_story(ledger(SqlRecorder(database)))


@pytest.mark.parametrize(
    "change",
    [*CHANGES, "TRUNCATE event", "SET session_replication_role = replica; DELETE FROM event"],
)
def test_postgres_refuses_to_change_or_remove_an_event(
    change: str, postgres: EventLedger, postgres_url: str
) -> None:
    before = postgres.prefix(None)
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(change.replace(str(EVENTS), str(before.position)))
    assert postgres.prefix(None) == before


# -- the attacker's tools


def _rows(path: Path) -> list[Row]:
    with closing(Database(f"sqlite:///{path}")) as database:
        return list(SqlRecorder(database).page(after=None, limit=100))


def _sealed(
    by: StatementSigner,
    row: Row,
    *,
    position: int | None = None,
    version: int | None = None,
    recorded_at: int | None = None,
    previous: bytes | None = None,
) -> Row:
    """Seal what *row* says anew, with what is given changed."""
    mapper = SealingMapper(by, nonce=nonces())
    opened, before = mapper.open(row)
    return mapper.seal(
        replace(opened.event, version=version or opened.event.version),
        position=position or row.id,
        recorded_at=instant.from_micros(recorded_at or row.recorded_at),
        previous=previous or before,
    )


def _with_its_digest(row: Row) -> Row:
    payload = row.state[34 + row.state[33] :]
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    return replace(row, digest=bytes.fromhex(Digest.of(signed).hex))


def _overwrite(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute(
        "UPDATE event SET recorded_at = ?, digest = ?, state = ? WHERE position = ?",
        (row.recorded_at, row.digest, row.state, row.id),
    )


def _insert(connection: sqlite3.Connection, row: Row) -> None:
    place = (row.id, row.originator_id, row.originator_version, row.topic, row.recorded_at)
    connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", (*place, row.digest, row.state))
