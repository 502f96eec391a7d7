"""A rebuild whose events another process reads: the same tables, and a clear word when that one falls."""

import io
import marshal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.ledger.tables import EVENT
from adapters.readmodels import ahead
from adapters.readmodels.component_tables import BUILD_LISTED, BUILD_SBOM, RUN
from adapters.readmodels.filling import Page
from adapters.readmodels.projection import PLACEMENTS, Projection, placements
from adapters.readmodels.rebuild import Rebuild, Rebuilt
from adapters.readmodels.tables import CHANGE
from api import reader
from domain.admission import Kind
from domain.build import Artifact
from domain.errors import BrokenLedger, LedgerUnavailable
from tests.builders import an_admission
from tests.contracts.opened import Opened
from tests.contracts.test_components_followed import ARTIFACTS, FILES, attested, built, inside
from tests.contracts.test_rebuild import Told

FALLING = """
import os, signal, sys
from api import ahead

class Out:
    def write(self, content):
        sys.stdout.buffer.write(content)
    def flush(self):
        sys.stdout.buffer.flush()
        os.kill(os.getpid(), signal.SIGKILL)

ahead.serve(sys.stdin.buffer, Out())
"""
PAGE_EVENTS = 3


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Told:
    if request.param == "postgres":
        database = opened(request.getfixturevalue("postgres_url"))
    else:
        database = opened(f"sqlite:///{tmp_path}/ledger.db")
    schema.create(database)
    return Told(database)


def rebuilding(told: Told, *command: str, projection: Projection = PLACEMENTS) -> Rebuild:
    url = told.database.url.render_as_string(hide_password=False)

    def read_ahead(_: int) -> AbstractContextManager[Iterator[Page]]:
        return ahead.reading(reader.start(command or reader.COMMAND), url, PAGE_EVENTS)

    return Rebuild(told.database, projection, told.ledger, ahead=read_ahead)


def test_the_tables_are_the_same(shared: Told) -> None:
    """The story has corrections: what they withdraw is read back from pages that are committed."""
    before, names = shared.content(), shared.names()
    assert rebuilding(shared).run() == Rebuilt(shared.head, ())
    assert (shared.content(), shared.names()) == (before, names)
    shared.more()
    assert rebuilding(shared).run(check=True) == Rebuilt(shared.head, ())


def test_what_differs_is_named_and_mended(shared: Told) -> None:
    before = shared.content()
    shared.execute(sa.delete(CHANGE).where(CHANGE.c.number == 1))
    assert rebuilding(shared).run() == Rebuilt(shared.head, (CHANGE.name,))
    assert shared.content() == before


def test_what_sboms_list_is_read_where_it_is_written(shared: Told, opened: Opened) -> None:
    """The other process has no evidence: it names the events, and the builds after the first of them."""
    projection = placements(inside)
    told = Told(opened(shared.database.url), projection)
    app, late = ([Artifact("app", artifact)] for artifact in ARTIFACTS[:2])
    told.ledger.append([built(1, app)])
    for file, artifact in zip(FILES, ARTIFACTS[:2], strict=False):
        told.ledger.append([an_admission(file=file, about=(artifact,), kind=Kind.CYCLONEDX)])
        told.ledger.append([attested(file, (artifact,))])
    told.ledger.append([built(2, late)])
    before = told.content()
    assert all(before[table.name] for table in (BUILD_LISTED, BUILD_SBOM, RUN))
    told.execute(sa.delete(RUN))
    assert rebuilding(told, projection=projection).run() == Rebuilt(told.head, (RUN.name,))
    assert told.content() == before


def test_a_broken_chain_is_refused_with_its_position(shared: Told) -> None:
    before, names = shared.content(), shared.names()
    with shared.database.appending() as connection:
        if shared.database.is_postgres:
            connection.exec_driver_sql("ALTER TABLE event DISABLE TRIGGER ALL")
        else:
            for (trigger,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).all():
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(sa.delete(EVENT).where(EVENT.c.position == 5))
    with pytest.raises(BrokenLedger, match="after position 4 comes position 6"):
        rebuilding(shared).run()
    assert (shared.content(), shared.names()) == (before, names)


@pytest.mark.parametrize(
    ("program", "status"), [("raise SystemExit(3)", "3"), (FALLING, "-9")], ids=["at once", "after a page"]
)
def test_a_process_that_falls_is_told_of_and_changes_nothing(shared: Told, program: str, status: str) -> None:
    before, names = shared.content(), shared.names()
    with pytest.raises(LedgerUnavailable, match=f"with status {status}: run it again"):
        rebuilding(shared, sys.executable, "-P", "-c", program).run()
    assert (shared.content(), shared.names()) == (before, names)
    assert rebuilding(shared).run() == Rebuilt(shared.head, ())


def test_nothing_is_read_back_before_the_copy_is_there() -> None:
    """A correction on the first page needs it, and whoever makes the copy may have to wait for a writer."""
    hello = marshal.dumps((1, "sqlite://"))
    told = io.BytesIO(struct.pack(">Q", len(hello)) + hello)  # and no word that it is there
    read_back = []

    def pages(_url: str, _events: int, settle: Callable[[], None]) -> Iterator[Page]:
        settle()
        read_back.append(True)
        yield Page(1, 1, 0, [], [], [])

    out = io.BytesIO()
    ahead.serve(told, out, pages)
    assert (read_back, out.getvalue()) == ([], b"")


def test_it_ends_when_nobody_reads_what_it_reads(shared: Told) -> None:
    """As when the rebuild is killed: its ends of the pipes go with it."""
    url = shared.database.url.render_as_string(hide_password=False)
    hello = marshal.dumps((1, url))
    with subprocess.Popen(  # noqa: S603 - our own interpreter, with a module of ours
        reader.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(struct.pack(">Q", len(hello)) + hello)
        process.stdin.flush()
        assert len(process.stdout.read(8)) == 8, "it has begun"
        process.stdin.close()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0
