"""The index of evidence says at every prefix what going through the events says, on each database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from domain.admission import Attested, EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.digest import Digest
from domain.event import Event, Recorded
from domain.prefix import Prefix
from domain.stream import TRUST
from domain.subject_digest import SubjectDigest
from tests.builders import NOON, a_distrust, a_refusal, a_trusted_root, a_verification, an_admission, digest
from tests.contracts.read_models import Followed, followed

FILES = [digest(f"file {number}") for number in range(4)]
ARTIFACTS = [digest(f"artifact {number}") for number in range(3)]
LONG = SubjectDigest("sha512", "ab" * 64)
ALL = 1000


@pytest.fixture(params=["sqlite", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    on_sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("index")
    url = f"sqlite:///{folder}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    with followed(url) as made:
        yield made


def any_event(chance: Random) -> Event:
    """Any event about one of few files, artifacts and roots; its place in its stream does not matter here."""
    file = chance.choice(FILES)
    about = tuple(chance.sample(ARTIFACTS, chance.randrange(len(ARTIFACTS) + 1)))
    attested = tuple(
        Attested(
            digests=(
                ("sha256", each.hex if chance.random() < 0.5 else each.hex.upper()),
                ("gitCommit", "ab" * 20),
                ("sha512", LONG.hex if chance.random() < 0.3 else "not hex"),
            )
        )
        for each in (*about, *about[:1])
    )
    odd = replace(a_verification().certificate, identity="nul \0 and long " * 200)  # type: ignore[type-var]  # it has one
    return chance.choice(
        (
            an_admission(file=file, about=about, admission=chance.randrange(1, 3)),
            a_verification(file=file, attested=attested),
            a_verification(file=file, attested=attested, certificate=odd),
            a_refusal(file=file),
            a_trusted_root(),
            a_distrust(),
        )
    )


def placed(events: Sequence[Event]) -> list[Recorded]:
    return [
        Recorded(event, position, NOON + timedelta(seconds=position), digest(str(position)))
        for position, event in enumerate(events, 1)
    ]


def of_file(recorded: Recorded, file: Digest) -> bool:
    event = recorded.event
    about = EvidenceAdmitted | EvidenceVerified | EvidenceTurnedDown
    return isinstance(event, about) and event.evidence == file


def ties(recorded: Recorded, artifact: SubjectDigest) -> bool:
    match recorded.event:
        case EvidenceAdmitted() as event:
            return artifact.algorithm == "sha256" and any(each.hex == artifact.hex for each in event.about)
        case EvidenceVerified() as event:
            pairs = [pair for each in event.attested for pair in each.digests]
            return any((name, text.lower()) == (artifact.algorithm, artifact.hex) for name, text in pairs)
    return False


@pytest.mark.parametrize("seed", range(4))
def test_what_it_finds_is_what_a_walk_through_the_prefix_finds(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = placed([any_event(chance) for _ in range(60)])
    at = 0
    while at < len(events):
        size = chance.randrange(1, 9)
        models.follow(events[at : at + size])
        at += size
    for position in (0, 1, 7, 31, 60):
        prefix = Prefix(position, NOON, None)
        known = events[:position]
        for file in FILES:
            walked = [each.position for each in reversed(known) if of_file(each, file)]
            assert models.reads.evidence_of((file,), prefix, limit=ALL) == walked
            assert models.reads.evidence_of((file,), prefix, limit=3) == walked[:3]
        both = [each.position for each in reversed(known) if any(of_file(each, file) for file in FILES[:2])]
        assert models.reads.evidence_of(FILES[:2], prefix, limit=ALL) == both
        for artifact in (*(SubjectDigest("sha256", each.hex) for each in ARTIFACTS), LONG):
            tied = [each.position for each in reversed(known) if ties(each, artifact)]
            assert models.reads.evidence_about(artifact, prefix, limit=ALL) == tied
            assert models.reads.evidence_about(artifact, prefix, limit=2) == tied[:2]
        trust = [each.position for each in known if each.event.stream == TRUST]
        assert models.reads.trust_events(prefix) == trust
        admitted = sorted(
            {
                each.event.evidence
                for each in known
                if isinstance(each.event, EvidenceAdmitted) and each.event.admission == 1
            }
        )
        assert sorted(set(models.reads.admitted(prefix, after=None, limit=ALL))) == admitted
        for before, after in zip([None, *admitted], [*admitted, None], strict=True):
            first = models.reads.admitted(prefix, after=before, limit=1)
            assert list(first) == ([] if after is None else [after])
