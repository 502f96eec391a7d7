"""The tables of components are what a walk through builds and SBOMs finds, in whatever order they came."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from adapters.readmodels.component_tables import BUILD_LISTED, BUILD_SBOM, COMPONENT, RUN, SBOM
from adapters.readmodels.projection import placements
from domain import sbom_evidence
from domain.admission import Attested, Kind
from domain.build import Artifact, BuildOutcome, BuildRecorded, Source
from domain.component import Coordinates
from domain.digest import Digest
from domain.event import Event, Recorded
from domain.evidence import Identity
from domain.sbom_evidence import SbomEvidence
from tests.builders import CI, NOON, a_verification, an_admission, digest, report
from tests.contracts.read_models import Followed, followed

FILES = [digest(f"file {number}") for number in range(6)]
LOST = FILES[-1]
ARTIFACTS = [digest(f"artifact {number}") for number in range(4)]
NAMES = ("app", "sidecar")
SBOM_TYPE = "https://cyclonedx.org/bom"


def inside(sbom: SbomEvidence) -> frozenset[Coordinates] | None:
    """What each file lists: the same every time; but for one, which is lost."""
    if sbom.evidence == LOST:
        return None
    chance = Random(sbom.evidence.hex)  # noqa: S311 - the same list every time, not a key
    return frozenset(Coordinates(f"pkg:npm/a{n}", str(chance.randrange(3))) for n in range(5))


def database_url(request: pytest.FixtureRequest, folder: Path) -> str:
    on_sqlite = request.param == "sqlite"
    return f"sqlite:///{folder}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")


@pytest.fixture(params=["sqlite", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Followed]:
    with followed(database_url(request, tmp_path), placements(inside)) as made:
        yield made


def built(number: int, artifacts: Sequence[Artifact]) -> BuildRecorded:
    return BuildRecorded(
        stream=f"build-{number}",
        version=1,
        occurred_at=NOON,
        actor=CI,
        report=report(f"build {number}"),
        service=f"service-{number % 2}",
        build=f"b-{number}",
        outcome=BuildOutcome.SUCCEEDED,
        source=Source("https://git.example/app", "9f2c" * 10),
        artifacts=tuple(artifacts),
    )


def attested(file: Digest, about: Sequence[Digest], predicate_type: str = SBOM_TYPE) -> Event:
    said = tuple(Attested(digests=(("sha256", each.hex.upper()), ("sha1", "ab" * 20))) for each in about)
    return a_verification(file=file, predicate_type=predicate_type, attested=said)


def any_event(chance: Random, number: int) -> Event:
    file = chance.choice(FILES)
    about = tuple(chance.sample(ARTIFACTS, chance.randrange(3)))
    made = {Artifact(chance.choice(NAMES), chance.choice(ARTIFACTS)) for _ in range(chance.randrange(1, 4))}
    return chance.choice(
        (
            built(number, sorted(made, key=repr)),
            built(number, sorted(made, key=repr)),
            an_admission(file=file, about=about, kind=Kind.CYCLONEDX),
            an_admission(file=file, about=about, kind=Kind.SIGNED),
            attested(file, about or ARTIFACTS[:1]),
            attested(file, about or ARTIFACTS[:1], "https://slsa.dev/provenance/v1"),
        )
    )


def history(chance: Random, size: int = 60) -> list[Recorded]:
    return [
        Recorded(
            any_event(chance, position), position, NOON + timedelta(seconds=position), digest(str(position))
        )
        for position in range(1, size + 1)
    ]


class Spoken(NamedTuple):
    build: int
    artifact: str
    sbom: SbomEvidence


def spoken(events: Sequence[Recorded]) -> dict[Spoken, int]:
    """From which position on which SBOM is known to speak of what which build made."""
    known: dict[Spoken, int] = {}
    for build in events:
        if not isinstance(build.event, BuildRecorded):
            continue
        made = {artifact.digest.hex for artifact in build.event.artifacts}
        for said in events:
            told = sbom_evidence.told(said.event)
            if told is None or inside(told.sbom) is None:
                continue
            for hex_ in made & {each.hex for each in told.about}:
                key = Spoken(build.position, hex_, told.sbom)
                position = max(build.position, said.position)
                known[key] = min(known.get(key, position), position)
    return known


def found(models: Followed) -> dict[tuple[int, str, str, bool], tuple[int, frozenset[Coordinates]]]:
    """The same from the tables, with what the SBOM lists there."""
    listed = defaultdict(set)
    columns = COMPONENT.c.package, COMPONENT.c.version, COMPONENT.c.qualifiers
    runs = sa.select(SBOM.c.series_id, SBOM.c.number, *columns).select_from(
        SBOM.join(
            RUN,
            sa.and_(
                RUN.c.series_id == SBOM.c.series_id,
                RUN.c.first <= SBOM.c.number,
                RUN.c.last >= SBOM.c.number,
            ),
        ).join(COMPONENT, COMPONENT.c.id == RUN.c.component_id)
    )
    speaks = sa.select(BUILD_SBOM, SBOM.c.evidence).join(
        SBOM, sa.and_(SBOM.c.series_id == BUILD_SBOM.c.series_id, SBOM.c.number == BUILD_SBOM.c.number)
    )
    with models.database.reading() as connection:
        for series, number, *said in connection.execute(runs):
            listed[series, number].add(Coordinates(*said))
        return {
            (row.build_id, bytes(row.artifact).hex(), bytes(row.evidence).hex(), bool(row.verified)): (
                row.position,
                frozenset(listed[row.series_id, row.number]),
            )
            for row in connection.execute(speaks)
        }


def follow(models: Followed, events: Sequence[Recorded], chance: Random) -> None:
    at = 0
    while at < len(events):
        size = chance.randrange(1, 9)
        models.follow(events[at : at + size])
        at += size


@pytest.mark.parametrize("seed", range(8))
def test_an_sbom_and_a_build_meet_whichever_came_first(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = history(chance)
    follow(models, events, chance)
    walked = spoken(events)
    assert found(models) == {
        (each.build, each.artifact, each.sbom.evidence.hex, each.sbom.verified): (position, inside(each.sbom))
        for each, position in walked.items()
    }
    verified = defaultdict(list)
    for each, position in walked.items():
        if each.sbom.verified:
            verified[each.build, each.artifact].append(position)
    listed = {}
    for build in events:
        if isinstance(build.event, BuildRecorded):
            first = [verified.get((build.position, each.digest.hex)) for each in build.event.artifacts]
            if all(first):
                listed[build.position] = max(min(each) for each in first if each)
    with models.database.reading() as connection:
        assert dict(map(tuple, connection.execute(sa.select(BUILD_LISTED)))) == listed


@pytest.mark.parametrize("seed", range(4))
def test_batches_of_any_size_make_the_same_rows(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = history(chance)
    follow(models, events, chance)
    content = models.content()
    models.empty()
    models.follow(events)
    assert models.content() == content


def test_another_root_for_the_same_piece_is_the_same_sbom(models: Followed) -> None:
    build = built(1, [Artifact("app", ARTIFACTS[0])])
    verified = a_verification(file=FILES[0], predicate_type=SBOM_TYPE, attested=(_about(ARTIFACTS[0]),))
    again = replace(verified, root=digest("a newer root"))
    other = replace(verified, place=1, identity=Identity(digest("1"), digest("2"), digest("3")))
    events = [build, verified, again, other]
    models.follow([Recorded(each, n, NOON, digest(str(n))) for n, each in enumerate(events, 1)])
    with models.database.reading() as connection:
        told = connection.execute(sa.select(SBOM.c.piece, SBOM.c.position).order_by(SBOM.c.number)).all()
    assert [tuple(row) for row in told] == [(0, 2), (1, 4)]


def _about(artifact: Digest) -> Attested:
    return Attested(digests=(("sha256", artifact.hex),))
