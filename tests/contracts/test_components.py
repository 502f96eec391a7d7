"""What contained a component, from runs of SBOM numbers, is what the plain lists say; on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.database.database import Database
from adapters.readmodels.component_runs import Numbered, Place, numbered, record
from adapters.readmodels.component_tables import (
    BUILD_LISTED,
    BUILD_SBOM,
    COMPONENT,
    COMPONENT_METADATA,
    RUN,
    SBOM,
)
from adapters.readmodels.containing import LOOKED_AT_MAX, Walk, containing, meant, unlisted
from adapters.readmodels.tables import (
    BELIEVED,
    CHANGE,
    DERIVED_METADATA,
    ENVIRONMENT,
    PLACEMENT,
    RELEASE,
    SLOT,
    TARGET,
)
from adapters.sbom.question import asked
from domain.component import Coordinates
from domain.errors import MalformedValue
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


def place(artifact: str = "app", evidence: bytes = b"d", piece: int = -1) -> Place:
    return Place("payments", artifact, evidence, piece)


def sbom(connection: sa.Connection, inside: set[Coordinates], artifact: str = "app") -> Numbered:
    fresh = connection.scalar(sa.select(sa.func.count()).select_from(SBOM))
    return record(connection, place(artifact, bytes([fresh or 0])), inside=inside, position=1)


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


def test_an_sbom_is_found_in_its_series_alone(connection: sa.Connection) -> None:
    first = record(connection, place(), inside=listing("1"), position=1)
    assert numbered(connection, place()) == first
    for other in (place("sidecar"), place(evidence=b"e"), place(piece=0)):
        assert numbered(connection, other) is None


def test_versions_without_a_place_are_told_apart(connection: sa.Connection) -> None:
    record(connection, place(), inside={Coordinates("pkg:npm/a", "1.0.0")}, position=4)
    more = {Coordinates("pkg:npm/a", version) for version in ("1.0.0", "2.0.0", "latest")}
    record(connection, place(evidence=b"e"), inside=more, position=7)
    question = asked("pkg:npm/a@<2")
    for known, answer in (
        (3, ([], False, [])),
        (4, ([1], True, [])),
        (7, ([1], True, [Coordinates("pkg:npm/a", "latest")])),
    ):
        assert meant(connection, question.package, question.means, known) == answer


def test_too_many_versions_at_once_are_refused(connection: sa.Connection) -> None:
    sbom(connection, {Coordinates("pkg:npm/a", f"1.0.{n}") for n in range(5001)})
    question = asked("pkg:npm/a")
    with pytest.raises(MalformedValue, match="5001 versions"):
        meant(connection, question.package, question.means, 1)


DAY = 86_400 * 1_000_000
ENVIRONMENTS = {1: "prod", 2: "staging"}
"""By target; each has one slot of the same number."""


class World:
    """Targets of one service with placements, and which build lists which versions."""

    def __init__(self, connection: sa.Connection, chance: Random) -> None:
        self.connection = connection
        self.lists: dict[int, list[tuple[int, set[str]]]] = {}
        self.verified: dict[int, int] = {}
        self.placed: list[tuple[int, int, int, int | None, int]] = []
        for target, environment in ENVIRONMENTS.items():
            connection.execute(sa.insert(ENVIRONMENT), {"name": environment, "position": target})
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
        for target in (1, 2):
            row = _row(RELEASE, target_id=target, number=number, build_id=number, position=target)
            self.connection.execute(sa.insert(RELEASE), row)

    def _sbom(self, chance: Random, position: int) -> None:
        versions = {str(n) for n in range(1, 5) if chance.random() < 0.5}
        stands = sbom(self.connection, listing(*versions), chance.choice(["app", "sidecar"]))
        verified = chance.random() < 0.5
        for build in {chance.randrange(1, 7) for _ in range(chance.randrange(3))}:
            known = {"build_id": build, "position": position}
            at = {"series_id": stands.series_id, "number": stands.number, "artifact": b"a"}
            self.connection.execute(sa.insert(BUILD_SBOM), {**known, **at, "verified": int(verified)})
            self.lists.setdefault(build, []).append((position, versions))
            if verified and build not in self.verified:
                self.connection.execute(sa.insert(BUILD_LISTED), known)
                self.verified[build] = position

    def _place(self, chance: Random, position: int) -> None:
        slot, since = chance.randrange(1, 3), chance.randrange(30) * DAY
        release = None if chance.random() < 0.1 else chance.randrange(1, 9)
        superseded = position + chance.randrange(1, 10) if chance.random() < 0.1 else BELIEVED
        row = {"slot_id": slot, "position": position, "release": release}
        more = {"valid_from": since, "rank": position, "superseded": superseded, "recorded_at": since}
        self.connection.execute(sa.insert(PLACEMENT), {**row, **more})
        change = _row(CHANGE, **row, occurred_at=since, number=position, withdrawn_by=None)
        change["environment"] = ENVIRONMENTS[slot]
        self.connection.execute(sa.insert(CHANGE), change)
        self.placed.append((slot, since, position, release, superseded))

    def ran(self, walk: Walk) -> list[tuple[int, int, int]]:
        """Since when, position and build of everything that ran in the time, newest first."""
        found = []
        for slot in (1,) if walk.environment else (1, 2):
            believed: dict[int, tuple[int, int | None]] = {}
            for at, since, position, release, superseded in self.placed:
                if at == slot and position <= walk.known < superseded:
                    believed[since] = max(believed.get(since, (0, None)), (position, release))
            ends = [*sorted(believed)[1:], 10**18]
            for since, until in zip(sorted(believed), ends, strict=True):
                position, release = believed[since]
                if release is not None and max(since, walk.low) < min(until, walk.high):
                    found.append((since, position, release))
        return sorted(found, reverse=True)

    def listed(self, build: int, wanted: set[str], known: int) -> bool:
        told = self.lists.get(build, ())
        return any(versions & wanted for position, versions in told if position <= known)


def _row(table: sa.Table, **given: Any) -> dict[str, Any]:
    row = {column.name: _anything(column) for column in table.columns if not column.nullable}
    return row | given


def _anything(column: sa.Column[object]) -> object:
    return b"" if isinstance(column.type, sa.LargeBinary) else "" if isinstance(column.type, sa.Text) else 1


WALKS = (
    Walk(0, 30 * DAY, HEAD),
    Walk(10 * DAY, 20 * DAY, HEAD, "prod"),
    Walk(15 * DAY, 15 * DAY + 1, 30),
    Walk(9 * DAY - 1, 26 * DAY + 1, 40),
    Walk(9 * DAY, 9 * DAY, HEAD),
)


@pytest.mark.parametrize("seed", range(6))
def test_the_answer_is_what_the_plain_lists_say(connection: sa.Connection, seed: int) -> None:
    world = World(connection, Random(seed))  # noqa: S311 - a test, not a key
    for text, wanted in (("1", {"1"}), (">=2,<4", {"2", "3"}), ("9", set())):
        question = asked(f"{LOG4J}@{text}")
        for walk in WALKS:
            components, _, _ = meant(connection, question.package, question.means, walk.known)
            expected = [each for each in world.ran(walk) if world.listed(each[2], wanted, walk.known)]
            assert containing(connection, components, walk, limit=100) == expected
            for limit in (1, 3):
                told: list[tuple[int, int, int]] = []
                while page := containing(
                    connection,
                    components,
                    replace(walk, after=told[-1][:2] if told else walk.after),
                    limit=limit,
                ):
                    told += page
                assert told == expected


@pytest.mark.parametrize("seed", range(6))
def test_what_no_verified_sbom_speaks_of_is_told(connection: sa.Connection, seed: int) -> None:
    world = World(connection, Random(seed))  # noqa: S311 - a test, not a key
    for walk in WALKS:
        expected = [each for each in world.ran(walk) if world.verified.get(each[2], HEAD + 1) > walk.known]
        assert unlisted(connection, walk, limit=100) == (expected, False)
        found, truncated = unlisted(connection, walk, limit=2)
        assert (found, truncated) == (expected[:2], len(expected) > 2)


def test_what_runs_at_the_end_is_told_however_much_ran_before(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection, Random(1))  # noqa: S311 - a test, not a key
    monkeypatch.setattr(f"{unlisted.__module__}.LOOKED_AT_MAX", 3)
    assert LOOKED_AT_MAX > 3
    walk = Walk(0, 30 * DAY, HEAD)
    expected = [each for each in world.ran(walk) if world.verified.get(each[2], HEAD + 1) > walk.known]
    last = {each for each in world.ran(Walk(30 * DAY - 1, 30 * DAY, HEAD)) if each in expected}
    found, truncated = unlisted(connection, walk, limit=100)
    assert truncated
    assert last <= set(found) < set(expected)


def test_a_service_with_much_in_common_is_stored_once(connection: sa.Connection) -> None:
    inside = {Coordinates(f"pkg:npm/a{n}", "1.0.0") for n in range(1200)}
    for n in range(20):
        sbom(connection, inside | listing(str(n)))
    counts = [
        connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (RUN, SBOM, BUILD_SBOM)
    ]
    assert counts == [1220, 20, 0]
