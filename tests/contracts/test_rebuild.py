"""Rebuilding beside whoever uses the tables: the same bytes, or the live tables as they were."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.database.metadata import NAMING
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels import alone, checked, copies, indexes, rebuild
from adapters.readmodels.filling import Content, Fold
from adapters.readmodels.projection import PLACEMENTS, Projection
from adapters.readmodels.projector import LAG_EVENTS_MAX, Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.rebuild import Rebuild, Rebuilt
from adapters.readmodels.tables import CHANGE, PLACEMENT, PROJECTION, RELEASE, TARGET
from domain.errors import BrokenLedger, LedgerUnavailable
from domain.event import Recorded
from domain.instant import LATEST
from domain.placement import Placement
from domain.ports import Scope
from tests.builders import Clock, a_deployment, ledger, story, tell
from tests.contracts.opened import Opened

_COUNTED = sa.Table(
    "counted_v2",
    sa.MetaData(naming_convention=NAMING),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("events", sa.Integer, nullable=False),
)


def _count(connection: sa.Connection, recorded: Sequence[Recorded]) -> None:
    for each in recorded:
        more = sa.update(_COUNTED).where(_COUNTED.c.topic == each.event.topic)
        if connection.execute(more.values(events=_COUNTED.c.events + 1)).rowcount == 0:
            connection.execute(sa.insert(_COUNTED), {"topic": each.event.topic, "events": 1})


def _every_one(recorded: Sequence[Recorded]) -> Content:
    return Content([], [], [each.position for each in recorded])


COUNTS = Projection(
    "counts.v2",
    (_COUNTED,),
    _count,
    folding=lambda _: Fold(_every_one),
    put=lambda connection, _, recorded: _count(connection, recorded),
)
"""What a newer program might keep."""


class Told:
    """A ledger with events, and read models that followed it."""

    def __init__(self, database: Database, projection: Projection = PLACEMENTS) -> None:
        self.database = database
        recorder = SqlRecorder(database)
        self.ledger: EventLedger = ledger(recorder, clock=Clock())
        self.projector = Projector(database, projection=projection, read_page=self.ledger.recorded)
        self.projector.prepare()
        recorder.followers.append(self.projector)
        tell(self.ledger, *story())

    @property
    def head(self) -> int:
        return self.ledger.prefix(None).position

    def more(self) -> None:
        number = self.head
        tell(self.ledger, a_deployment(1, deployment=f"again-{number}", id=f"again-{number}"))

    def rebuild(self, *, check: bool = False) -> Rebuilt:
        return Rebuild(self.database, PLACEMENTS, self.ledger).run(check=check)

    def content(self, tables: Sequence[sa.Table] = PLACEMENTS.tables) -> dict[str, list[str]]:
        with self.database.reading() as connection:
            return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in tables}

    def names(self) -> set[str]:
        with self.database.reading() as connection:
            return set(sa.inspect(connection).get_table_names())

    def execute(self, statement: sa.Executable) -> None:
        with self.database.appending() as connection:
            connection.execute(statement)


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def told(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Told:
    return _told(request, opened, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Told:
    """On a database that other processes can use."""
    return _told(request, opened, tmp_path)


def _told(request: pytest.FixtureRequest, opened: Opened, folder: Path) -> Told:
    match request.param:
        case "sqlite":
            url = f"sqlite:///{folder}/ledger.db"
        case "memory":
            url = "sqlite://"
        case _:
            url = request.getfixturevalue("postgres_url")
    database = opened(url)
    schema.create(database)
    return Told(database)


def test_the_tables_are_the_same_afterwards_and_go_on(told: Told) -> None:
    before, names = told.content(), told.names()
    assert told.rebuild() == Rebuilt(told.head, ())
    assert (told.content(), told.names()) == (before, names)
    told.more()
    assert told.projector.position() == told.head
    assert told.rebuild() == Rebuilt(told.head, ()), "a second one finds names for its indexes too"


def test_a_rebuilt_set_is_defined_like_the_first(told: Told) -> None:
    def defined() -> list[object]:
        with told.database.reading() as connection:
            look = sa.inspect(connection)
            return [
                (
                    table.name,
                    [(column["name"], str(column["type"]), column["nullable"]) for column in columns],
                    sorted(str(index["column_names"]) for index in look.get_indexes(table.name)),
                    look.get_pk_constraint(table.name)["constrained_columns"],
                    sorted(str(check["sqltext"]) for check in look.get_check_constraints(table.name)),
                )
                for table in PLACEMENTS.tables
                if (columns := look.get_columns(table.name))
            ]

    first = defined()
    told.rebuild()
    assert defined() == first


@pytest.mark.parametrize("check", [True, False])
def test_what_differs_is_named_and_only_then_mended(told: Told, check: bool) -> None:
    sound = told.content()
    told.execute(sa.update(PLACEMENT).values(release=7))
    told.execute(sa.delete(CHANGE).where(CHANGE.c.number == 1))
    wrong = told.content()
    assert told.rebuild(check=check) == Rebuilt(told.head, (PLACEMENT.name, CHANGE.name))
    assert told.content() == (wrong if check else sound)


@pytest.mark.parametrize(
    "wrong",
    [
        sa.update(PLACEMENT).values(release=None),
        sa.update(CHANGE).values(reason="because").where(CHANGE.c.reason.is_(None)),
        sa.insert(TARGET).values(id=99_999, service="nobody", environment="knows"),
        sa.delete(RELEASE),
    ],
    ids=["nothing where something is", "something where nothing is", "a row more", "all rows less"],
)
def test_whatever_differs_is_found(told: Told, wrong: sa.sql.expression.UpdateBase) -> None:
    sound = told.content()
    told.execute(wrong)
    assert len(told.rebuild().differing or ()) == 1
    assert told.content() == sound


@pytest.mark.parametrize("page_events", [1, 3])
def test_page_by_page_it_is_the_same(told: Told, monkeypatch: pytest.MonkeyPatch, page_events: int) -> None:
    """On PostgreSQL the next page is read while the last is written; here there are many of them."""
    monkeypatch.setattr(rebuild, "PAGE_EVENTS", page_events)
    before = told.content()
    assert told.rebuild() == Rebuilt(told.head, ())
    assert told.content() == before


@pytest.mark.parametrize("remembered", [0, 5])
def test_what_it_does_not_remember_is_read_back(
    told: Told, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    """Names from the copy, and the digests that chains go on from."""
    monkeypatch.setattr(rebuild, "PAGE_EVENTS", 3)
    monkeypatch.setattr("adapters.readmodels.projection.KEPT_MAX", remembered)
    monkeypatch.setattr(checked, "HEADS_MAX", remembered)
    before = told.content()
    assert told.rebuild() == Rebuilt(told.head, ())
    assert told.content() == before


@pytest.mark.parametrize("rows", [1, 3])
def test_indexes_are_there_whenever_they_are_made(
    told: Told, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """While rows come in here; at the end in every other test."""
    monkeypatch.setattr(rebuild, "PAGE_EVENTS", 3)
    monkeypatch.setattr(indexes, "ROWS_MAX", rows)

    def indexed() -> dict[str, int]:
        with told.database.reading() as connection:
            look = sa.inspect(connection)
            return {table.name: len(look.get_indexes(table.name)) for table in PLACEMENTS.tables}

    before = indexed()
    assert told.rebuild() == Rebuilt(told.head, ())
    assert indexed() == before


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("sound", [True, False])
def test_tables_that_are_a_little_behind_are_compared_where_they_catch_up(
    told: Told, *, sound: bool, check: bool
) -> None:
    """A program of another version appended what this one's tables have not taken in."""
    if not sound:
        told.execute(sa.delete(RELEASE))
    unaware = ledger(SqlRecorder(told.database), clock=Clock())
    tell(unaware, a_deployment(1, deployment="behind", id="behind"))
    assert told.projector.position() == told.head - 1
    assert told.rebuild(check=check) == Rebuilt(told.head, () if sound else (RELEASE.name,))
    assert told.projector.position() == told.head


def test_tables_that_are_behind_and_cannot_catch_up_are_made_again(told: Told) -> None:
    with told.database.appending() as connection:
        CHANGE.drop(connection)
    unaware = ledger(SqlRecorder(told.database), clock=Clock())
    tell(unaware, a_deployment(1, deployment="behind", id="behind"))
    assert told.rebuild() == Rebuilt(told.head, None)
    assert told.rebuild(check=True) == Rebuilt(told.head, ())


def test_a_table_that_is_gone_or_altered_is_made_again(told: Told) -> None:
    sound = told.content()
    with told.database.appending() as connection:
        RELEASE.drop(connection)
        connection.exec_driver_sql(f"ALTER TABLE {TARGET.name} RENAME COLUMN service TO server")
    assert told.rebuild().differing == (TARGET.name, RELEASE.name)
    assert told.content() == sound


@pytest.mark.parametrize("page_events", [3, 1000])
@pytest.mark.parametrize("broken", ["gap", "chain", "first"])
def test_a_broken_chain_leaves_everything_as_it_was(
    told: Told, monkeypatch: pytest.MonkeyPatch, broken: str, page_events: int
) -> None:
    monkeypatch.setattr(rebuild, "PAGE_EVENTS", page_events)
    before, names = told.content(), told.names()

    class Altered(EventLedger):
        def opened(self, after: int, limit: int) -> Sequence[tuple[Recorded, bytes | None]]:
            page = list(super().opened(after, limit))
            match broken:
                case "gap":
                    return [each for each in page if each[0].position != 4]
                case "chain":
                    return [(each, None) for each, _ in page]
                case _:
                    return page[1:]

    altered = Altered(SqlRecorder(told.database), SealingMapper(None, nonce=lambda: ""), now=Clock())
    with pytest.raises(BrokenLedger):
        Rebuild(told.database, PLACEMENTS, altered).run()
    assert (told.content(), told.names()) == (before, names)


@pytest.mark.parametrize("page_events", [10, 1000])
def test_whatever_fails_leaves_the_live_tables_whole(
    shared: Told, monkeypatch: pytest.MonkeyPatch, page_events: int
) -> None:
    """Fail a statement here and there, as a full disk or a lost connection would; then rebuild again."""
    monkeypatch.setattr(rebuild, "PAGE_EVENTS", page_events)
    before, names = shared.content(), shared.names()
    strikes_at, struck = 1, True
    while struck:
        struck, count = False, 0

        def strike(*event: object, at: int = strikes_at) -> None:
            nonlocal count, struck
            count += 1
            if count == at:
                struck = True
                raise sa.exc.OperationalError(str(event[2]), {}, Exception("struck by lightning"))

        sa.event.listen(shared.database.engine, "before_cursor_execute", strike)
        try:
            shared.rebuild()
        except LedgerUnavailable:
            assert struck
        finally:
            sa.event.remove(shared.database.engine, "before_cursor_execute", strike)
        assert shared.content() == before
        strikes_at += 19
    shared.rebuild()
    assert (shared.content(), shared.names()) == (before, names)


def test_leftovers_of_an_interrupted_one_are_dropped(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    before, names = told.content(), told.names()
    with monkeypatch.context() as patch:
        patch.setattr(copies, "drop", lambda *_: None)
        told.rebuild()
    assert told.names() == names | {table.name + copies.LAST for table in PLACEMENTS.tables}
    assert told.rebuild().differing == ()
    with told.database.appending() as connection:
        copies.make(connection, PLACEMENTS.tables[:3], copies.NEXT)
    assert told.rebuild().differing == ()
    assert (told.content(), told.names()) == (before, names)


def test_only_one_at_a_time(shared: Told, opened: Opened) -> None:
    another = Told.__new__(Told)
    another.database = opened(shared.database.url)
    another.ledger = ledger(SqlRecorder(another.database), clock=Clock())
    with alone.rebuilding(shared.database), pytest.raises(LedgerUnavailable, match="another rebuild"):
        another.rebuild()
    assert another.rebuild() == Rebuilt(shared.head, ())


@pytest.mark.parametrize(
    "step", ["_begin", "_fill", "_gather_statistics", "_compare", "_swap", "_try_to_swap"]
)
def test_writers_go_on_meanwhile(
    shared: Told, opened: Opened, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Another process appends before and after each step that does not hold the append lock throughout."""
    other = opened(shared.database.url)
    recorder = SqlRecorder(other)
    recorder.followers.append(Projector(other))
    beside = ledger(recorder, clock=Clock())
    original = getattr(Rebuild, step)

    def between(self: Rebuild) -> object:
        append()
        try:
            return original(self)
        finally:
            append()

    def append() -> None:
        number = shared.head
        tell(beside, a_deployment(1, deployment=f"m-{number}", id=f"m-{number}"))

    before = shared.head
    monkeypatch.setattr(Rebuild, step, between)
    assert shared.rebuild().differing == ()
    monkeypatch.undo()
    if step != "_gather_statistics" or shared.database.is_postgres:
        assert shared.head >= before + 2
    assert shared.projector.position() == shared.head
    assert shared.rebuild(check=True) == Rebuilt(shared.head, ())


def test_a_reader_that_stays_is_waited_for(
    shared: Told, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL the swap gives way to it; on SQLite it keeps its own view of the tables."""
    monkeypatch.setattr(rebuild, "SWAP_PAUSE_SECONDS", 0)
    monkeypatch.setattr(rebuild, "SWAP_ATTEMPTS", 5)
    monkeypatch.setattr(rebuild, "SWAP_WAIT_MILLISECONDS", 10)
    tried = Rebuild._try_to_swap

    def append_and_try(self: Rebuild) -> None:
        shared.more()
        tried(self)

    monkeypatch.setattr(Rebuild, "_try_to_swap", append_and_try)
    other = opened(shared.database.url)
    with other.snapshot() as connection:
        seen = connection.execute(sa.select(PLACEMENT)).all()
        if shared.database.is_postgres:
            with pytest.raises(LedgerUnavailable, match="in use"):
                shared.rebuild()
        else:
            assert shared.rebuild().differing == ()
        assert connection.execute(sa.select(PLACEMENT)).all() == seen
    assert shared.rebuild().differing == ()
    assert shared.projector.position() == shared.head
    assert shared.rebuild(check=True).differing == ()


def test_statements_prepared_before_a_swap_go_on_after_it(shared: Told, opened: Opened) -> None:
    other = opened(shared.database.url)
    reads = ReadModels(other, Projector(other))

    def asked(reads: ReadModels) -> tuple[int, Sequence[Placement]]:
        prefix = shared.ledger.prefix(None)
        return reads.last_change("prod", prefix), reads.running(Scope("prod"), LATEST, prefix)

    for _ in range(8):  # psycopg prepares a statement at its sixth time
        before = asked(reads)
    assert before[1]
    for turn in (1, 2):
        shared.rebuild()
        shared.more()
        fresh = opened(shared.database.url)
        now = asked(ReadModels(fresh, Projector(fresh)))
        assert now[0] == before[0] + turn
        for _ in range(8):
            assert asked(reads) == now


def test_versions_stand_side_by_side(shared: Told, opened: Opened) -> None:
    """An old server and a new one append in turn; each keeps its own tables, and takes in what it missed."""
    newer = opened(shared.database.url)
    recorder = SqlRecorder(newer)
    fresh = ledger(recorder, clock=Clock())
    counts = Projector(newer, projection=COUNTS, read_page=fresh.recorded)
    counts.prepare()
    recorder.followers.append(counts)
    for turn in range(3):
        shared.more()
        assert counts.position() < shared.head
        tell(fresh, a_deployment(1, deployment=f"new-{turn}", id=f"new-{turn}"))
        assert counts.position() == shared.head
        assert shared.projector.position() == shared.head - 1
        reads = ReadModels(shared.database, shared.projector)
        assert reads.last_change("prod", shared.ledger.prefix(None)) > 0
        assert shared.projector.position() == shared.head
    with newer.reading() as connection:
        assert sum(connection.scalars(sa.select(_COUNTED.c.events))) == shared.head
    assert Rebuild(newer, COUNTS, fresh).run() == Rebuilt(shared.head, ())
    assert shared.rebuild().differing == ()


def test_what_is_far_behind_stays_so_until_somebody_rebuilds(
    shared: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.readmodels.projector.LAG_EVENTS_MAX", 3)
    recorder = SqlRecorder(shared.database)
    recorder.followers.append(counts := Projector(shared.database, projection=COUNTS))
    counts.prepare()
    tell(ledger(recorder, clock=Clock()), a_deployment(1, deployment="far", id="far"))
    assert counts.position() == 0
    assert counts.keep_up(shared.head, events_max=3) == 0
    assert Rebuild(shared.database, COUNTS, shared.ledger).run() == Rebuilt(shared.head, None)
    assert counts.position() == shared.head
    assert LAG_EVENTS_MAX >= 1000


def test_whoever_finds_that_another_caught_up_meanwhile_is_served(shared: Told, opened: Opened) -> None:
    other = opened(shared.database.url)
    fresh = ledger(SqlRecorder(other), clock=Clock())
    tell(fresh, a_deployment(1, deployment="beside", id="beside"))
    others = [Projector(other, read_page=fresh.recorded)]

    def read(after: int, limit: int) -> Sequence[Recorded]:
        while others:  # only before the first page: the next is read under the append lock
            others.pop().catch_up()
        return shared.ledger.recorded(after, limit)

    assert shared.projector.position() == shared.head - 1
    assert Projector(shared.database, read_page=read).keep_up(shared.head) == shared.head


def test_one_whose_lock_was_lost_does_not_put_the_copy_of_another_in_use(
    shared: Told, opened: Opened
) -> None:
    """The connection that holds the lock is cut, and a second rebuild begins before the first is done."""
    before = shared.content()
    second = Rebuild(opened(shared.database.url), PLACEMENTS, shared.ledger)

    class First(Rebuild):
        def _try_to_swap(self) -> None:
            second._drop_leftovers()
            second._begin()
            super()._try_to_swap()

    with pytest.raises(LedgerUnavailable, match="another rebuild"):
        First(shared.database, PLACEMENTS, shared.ledger).run()
    assert shared.content() == before


def test_tables_that_are_ahead_of_the_ledger_are_made_again(told: Told) -> None:
    with told.database.appending() as connection:
        connection.execute(sa.update(PROJECTION).values(position=PROJECTION.c.position + 5))
    assert told.rebuild().differing is None
    assert told.projector.position() == told.ledger.prefix(None).position


def test_somebody_who_holds_the_next_copy_is_waited_for(
    postgres_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As autovacuum does; SQLite locks no tables."""
    database = opened(postgres_url)
    schema.create(database)
    shared = Told(database)
    monkeypatch.setattr(rebuild, "SWAP_PAUSE_SECONDS", 0)
    monkeypatch.setattr(rebuild, "SWAP_WAIT_MILLISECONDS", 10)
    beside, tries = opened(shared.database.url), count(1)

    class Vacuumed(Rebuild):
        def _try_to_swap(self) -> None:
            if next(tries) > 2:
                super()._try_to_swap()
                return
            with beside.engine.begin() as connection:
                next_one = CHANGE.name + copies.NEXT
                connection.exec_driver_sql(f"LOCK TABLE {next_one} IN SHARE UPDATE EXCLUSIVE MODE")
                super()._try_to_swap()

    assert Vacuumed(shared.database, PLACEMENTS, shared.ledger).run().differing == ()
