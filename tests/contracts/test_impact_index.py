"""From a signer to what ran: the indexes say what a walk through everything says, on each database."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.admission import Attested, EvidenceVerified
from domain.event import Recorded
from domain.ports import Scope
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest
from domain.suspect import Suspect
from domain.verification import CertificateSigner, KeySigner, TimeSource, TrustedTime
from tests.builders import NOON, a_verification, an_admission, digest
from tests.contracts.read_models import Followed, followed
from tests.histories import EVERYWHERE, ledgers, prefixes
from tests.plain import PlainLedger

ALL = 10_000
LONG = "x" * 1500
"""Longer than what is looked for; another text begins like it."""


@pytest.fixture(params=["sqlite", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    on_sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("impact")
    url = f"sqlite:///{folder}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    with followed(url) as made:
        yield made


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_artifacts_went_is_what_the_timelines_say(models: Followed, data: st.DataObject) -> None:
    told: PlainLedger = data.draw(ledgers())
    models.empty()
    models.follow(told.recorded)
    digests = [digest(name) for name in data.draw(st.sets(st.sampled_from(["x", "y", "z", "b-8", "none"])))]
    for position in data.draw(prefixes(told)):
        prefix = told.prefix(position)
        releases = [
            release
            for at in EVERYWHERE
            for release in models.reads.releases(at.service, at.environment, prefix, below=None, limit=ALL)
            if {each.digest for each in release.build.artifacts}.intersection(digests)
        ]
        releases.sort(key=lambda each: -each.position)
        assert list(models.reads.released_with(digests, prefix, limit=ALL)) == releases
        assert list(models.reads.released_with(digests, prefix, limit=2)) == releases[:2]
        everything = models.reads.timeline(Scope(), prefix, start=None, end=None, after=None, limit=ALL)
        ran = [
            place
            for place in everything
            if place.release is not None
            and {each.digest for each in place.release.build.artifacts}.intersection(digests)
        ]
        assert list(models.reads.ran_with(digests, prefix, limit=ALL)) == ran
        assert list(models.reads.ran_with(digests, prefix, limit=1)) == ran[:1]


def certificate(identity: str, issuer: str) -> CertificateSigner:
    return CertificateSigner(
        fingerprint=digest(f"{identity} {issuer}"), identity=identity, identity_kind="uri", issuer=issuer
    )


IDENTITIES = ("a@b.example", "c@d.example", "nul \0", LONG + "1", LONG + "2")
KEYS = (digest("a key"), digest("another key"))
ARTIFACTS = [SubjectDigest("sha256", digest(f"artifact {n}").hex) for n in range(3)]
ARTIFACTS.append(SubjectDigest("sha512", "ab" * 64))


def any_verification(chance: Random, number: int) -> EvidenceVerified:
    times = [NOON + timedelta(hours=chance.randrange(5)) for _ in range(chance.randrange(3))]
    key = KeySigner(fingerprint=chance.choice(KEYS)) if chance.random() < 0.3 else None
    signer = certificate(chance.choice(IDENTITIES), chance.choice(("github", "google")))
    about = chance.sample(ARTIFACTS, chance.randrange(3))
    return a_verification(
        file=digest(f"file {number}"),
        key=key,
        certificate=None if key else signer,
        times=tuple(TrustedTime(each, TimeSource.LOG) for each in sorted(times)),
        attested=tuple(Attested(digests=((each.algorithm, each.hex),)) for each in about),
    )


SUSPECTS = [
    *(Suspect(identity=each, since=NOON) for each in IDENTITIES),
    *(Suspect(identity="a@b.example", issuer=each, since=NOON) for each in ("github", "google", "nobody")),
    Suspect(key=KEYS[0], since=NOON + timedelta(hours=2)),
    Suspect(key=certificate("a@b.example", "github").fingerprint, since=NOON + timedelta(hours=3)),
    Suspect(identity="a@b.example", since=NOON + timedelta(hours=2)),
    Suspect(identity="A@b.example", since=NOON),
]


@pytest.mark.parametrize("seed", range(3))
def test_who_signed_is_what_a_walk_through_the_prefix_finds(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = [
        any_verification(chance, number) if chance.random() < 0.8 else an_admission(file=digest(str(number)))
        for number in range(80)
    ]
    recorded: Sequence[Recorded] = [
        Recorded(event, position, NOON + timedelta(seconds=position), digest(str(position)))
        for position, event in enumerate(events, 1)
    ]
    models.empty()
    models.follow(recorded)
    for position in (0, 1, 40, 80):
        prefix = Prefix(position, NOON, None)
        known = [each for each in reversed(recorded[:position]) if isinstance(each.event, EvidenceVerified)]
        for suspect in SUSPECTS:
            walked = [each.position for each in known if _concerned(each, suspect)]
            found = models.reads.signed_by(suspect, prefix, below=None, limit=ALL)
            assert set(found) >= set(walked)
            if (suspect.identity or "")[:3] != LONG[:3]:
                assert list(found) == walked
            assert list(found) == sorted(found, reverse=True)
            below = models.reads.signed_by(suspect, prefix, below=30, limit=3)
            assert list(below) == [each for each in found if each < 30][:3]
        for about in (ARTIFACTS[:1], ARTIFACTS[1:], ARTIFACTS):
            spoken = [each.position for each in known if _speaks(each).intersection(about)]
            assert list(models.reads.spoken_of(about, prefix, limit=ALL)) == spoken
            assert list(models.reads.spoken_of(about, prefix, limit=4)) == spoken[:4]


def _concerned(recorded: Recorded, suspect: Suspect) -> bool:
    event = recorded.event
    assert isinstance(event, EvidenceVerified)
    return suspect.concerns(event.signer, event.times)


def _speaks(recorded: Recorded) -> set[SubjectDigest]:
    assert isinstance(recorded.event, EvidenceVerified)
    return {each for _, each in recorded.event.artifacts()}


def test_nothing_is_walked_through_from_end_to_end(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    with followed(f"sqlite:///{tmp_path}/ledger.db") as models:
        sa.event.listen(models.database.engine, "before_cursor_execute", note)
        prefix = Prefix(0, NOON, None)
        for suspect in SUSPECTS:
            models.reads.signed_by(suspect, prefix, below=None, limit=3)
        models.reads.spoken_of(ARTIFACTS, prefix, limit=3)
        models.reads.released_with([digest("x"), digest("y")], prefix, limit=3)
        models.reads.ran_with([digest("x"), digest("y")], prefix, limit=3)
        sa.event.remove(models.database.engine, "before_cursor_execute", note)
        with models.database.reading() as connection:
            for statement, parameters in asked:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                assert plan
                assert not [step for *_, step in plan if step.startswith("SCAN")], (statement, plan)
    assert len(asked) == len(SUSPECTS) + 3
