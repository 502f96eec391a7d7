"""What contained a component, from runs of SBOM numbers, is what the plain lists say; on both databases."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels.component_runs import Numbered, attach, record
from adapters.readmodels.component_tables import BUILD_SBOM, COMPONENT, COMPONENT_METADATA, RUN, SBOM
from adapters.readmodels.containing import containing, meant, unlisted
from adapters.readmodels.tables import BELIEVED, DERIVED_METADATA, PLACEMENT, RELEASE, SLOT, TARGET
from adapters.sbom.question import asked
from domain.component import Coordinates
from tests.contracts.opened import Opened

LOG4J = "pkg:maven/org.apache.logging.log4j/log4j-core"
HEAD = 10**6


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, opened: Opened, tmp_path: Path) -> Database:
    file = f"sqlite:///{tmp_path}/ledger.db"
    made = opened(file if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    with made.appending() as connection:
        DERIVED_METADATA.create_all(connection)
        COMPONENT_METADATA.create_all(connection)
    return made


@pytest.fixture
def connection(database: Database) -> Iterator[sa.Connection]:
    with database.appending() as lent:
        yield lent


def listing(*versions: str) -> set[Coordinates]:
    return {Coordinates(LOG4J, version) for version in versions}


def sbom(connection: sa.Connection, inside: set[Coordinates], artifact: str = "app") -> Numbered:
    return record(connection, service="payments", artifact=artifact, evidence=b"d", inside=inside, position=1)


def runs(connection: sa.Connection) -> list[tuple[str, int, int]]:
    listed = sa.select(COMPONENT.c.version, RUN.c.first, RUN.c.last).join(
        COMPONENT, COMPONENT.c.id == RUN.c.component_id
    )
    return sorted((version, first, min(last, 99)) for version, first, last in connection.execute(listed))


def test_only_what_differs_is_written(connection: sa.Connection) -> None:
    for versions in (("1", "2"), ("1", "2"), ("1", "3"), ("1", "2")):
        sbom(connection, listing(*versions))
    assert runs(connection) == [("1", 1, 99), ("2", 1, 2), ("2", 4, 99), ("3", 3, 3)]


def test_two_artifacts_of_a_service_do_not_end_each_others_runs(connection: sa.Connection) -> None:
    for _ in range(3):
        sbom(connection, listing("1"), "app")
        sbom(connection, listing("2"), "sidecar")
    assert runs(connection) == [("1", 1, 99), ("2", 1, 99)]


def test_an_empty_list_ends_every_run(connection: sa.Connection) -> None:
    sbom(connection, listing("1"))
    assert sbom(connection, set()).number == 2
    assert runs(connection) == [("1", 1, 1)]


def test_versions_without_a_place_are_told_apart(connection: sa.Connection) -> None:
    found = {Coordinates("pkg:npm/a", version) for version in ("1.0.0", "2.0.0", "latest")}
    sbom(connection, found)
    question = asked("pkg:npm/a@<2")
    answer = meant(connection, question.package, question.means)
    assert len(answer.components) == 1
    assert answer.unplaced == (Coordinates("pkg:npm/a", "latest"),)


class World:
    """Targets of one service with placements, and which build lists which versions."""

    def __init__(self, connection: sa.Connection, chance: Random) -> None:
        self.connection = connection
        self.lists: dict[int, list[tuple[int, set[str]]]] = {}
        self.placed: list[tuple[int, int, int, int | None, int]] = []
        for target, environment in ((1, "prod"), (2, "staging")):
            row = {"id": target, "service": "payments", "environment": environment}
            connection.execute(sa.insert(TARGET), row)
            connection.execute(sa.insert(SLOT), {"id": target, "target_id": target, "name": "main"})
        for number in range(1, 9):
            self._release(number)
        for _ in range(12):
            self._sbom(chance, chance.randrange(2, 50))
        for position in range(2, 50):
            self._place(chance, position)

    def _release(self, number: int) -> None:
        columns = RELEASE.c
        for target in (1, 2):
            row = {column.name: _anything(column) for column in columns if not column.nullable}
            row |= {"target_id": target, "number": number, "build_id": number, "position": target}
            self.connection.execute(sa.insert(RELEASE), row)

    def _sbom(self, chance: Random, position: int) -> None:
        versions = {str(n) for n in range(1, 5) if chance.random() < 0.5}
        numbered = sbom(self.connection, listing(*versions), chance.choice(["app", "sidecar"]))
        builds = {chance.randrange(1, 7) for _ in range(chance.randrange(3))}
        attach(self.connection, numbered, sorted(builds), position=position)
        for build in builds:
            self.lists.setdefault(build, []).append((position, versions))

    def _place(self, chance: Random, position: int) -> None:
        slot, since = chance.randrange(1, 3), chance.randrange(30)
        release = None if chance.random() < 0.1 else chance.randrange(1, 9)
        superseded = position + chance.randrange(1, 10) if chance.random() < 0.1 else BELIEVED
        row = {"slot_id": slot, "valid_from": since, "rank": position, "position": position}
        more = {"superseded": superseded, "release": release, "recorded_at": since}
        self.connection.execute(sa.insert(PLACEMENT), {**row, **more})
        self.placed.append((slot, since, position, release, superseded))

    def ran(self, start: int, end: int, known: int, slots: set[int]) -> list[tuple[int, int, int]]:
        """Since when, position and build of everything that ran in the window."""
        found = []
        for slot in slots:
            believed: dict[int, tuple[int, int | None]] = {}
            for at, since, position, release, superseded in self.placed:
                if at == slot and position <= known < superseded:
                    believed[since] = max(believed.get(since, (0, None)), (position, release))
            ends = [*sorted(believed)[1:], 10**9]
            for since, until in zip(sorted(believed), ends, strict=True):
                position, release = believed[since]
                if release is not None and since < end and (until > start):
                    found.append((since, position, release))
        return found


def _anything(column: sa.Column[object]) -> object:
    return b"" if isinstance(column.type, sa.LargeBinary) else "" if isinstance(column.type, sa.Text) else 1


@pytest.mark.parametrize("seed", range(6))
def test_the_answer_is_what_the_plain_lists_say(connection: sa.Connection, seed: int) -> None:
    world = World(connection, Random(seed))  # noqa: S311 - a test, not a key
    for text, wanted in (("1", {"1"}), (">=2,<4", {"2", "3"}), ("9", set())):
        question = asked(f"{LOG4J}@{text}")
        components = meant(connection, question.package, question.means).components
        for start, end, known, environment in (
            (0, 30, HEAD, None),
            (10, 20, HEAD, "prod"),
            (15, 16, 30, None),
        ):
            slots = {1, 2} if environment is None else {1}
            window: dict[str, Any] = {"start": start, "end": end, "known": known, "environment": environment}
            ran = world.ran(start, end, known, slots)
            listed = {
                build: [versions for position, versions in lists if position <= known]
                for build, lists in world.lists.items()
            }
            assert sorted(containing(connection, components, **window)) == sorted(
                (since, position)
                for since, position, build in ran
                if any(versions & wanted for versions in listed.get(build, ()))
            )
            assert sorted(unlisted(connection, **window)) == sorted(
                (since, position) for since, position, build in ran if not listed.get(build)
            )


def test_a_service_with_much_in_common_is_stored_once(connection: sa.Connection) -> None:
    inside = {Coordinates(f"pkg:npm/a{n}", "1.0.0") for n in range(1200)}
    for n in range(20):
        sbom(connection, inside | listing(str(n)))
    counts = [
        connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (RUN, SBOM, BUILD_SBOM)
    ]
    assert counts == [1220, 20, 0]
