"""The index of provenance finds at every prefix what going through the events finds, on each database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from domain import provenance
from domain.admission import Attested, EvidenceVerified
from domain.digest import Digest
from domain.event import Recorded
from domain.evidence import Identity
from domain.expectations.expected import Expectations
from domain.prefix import Prefix
from domain.subject_digest import SubjectDigest
from domain.verification import CertificateSigner, Engine, KeySigner, TimeSource, TrustedTime
from tests.builders import NOON, a_verification, digest
from tests.contracts.read_models import Followed, followed

ARTIFACTS = [digest(f"artifact {number}") for number in range(2)]
SOURCES = ["https://github.com/acme/app", "https://github.com/mallory/app", None]
ODD = "nul \0 and long " * 200
ALL = 1000


@pytest.fixture(params=["sqlite", "postgres"])
def models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    on_sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("index")
    url = f"sqlite:///{folder}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    with followed(url) as made:
        yield made


def any_verification(chance: Random) -> EvidenceVerified:
    """One of few pieces, under one of few roots, as of some time or none."""
    piece = chance.randrange(6)
    certificate = CertificateSigner(
        fingerprint=digest(f"certificate {piece}"),
        identity=ODD if piece == 5 else f"workflow {piece % 2}",
        identity_kind="uri",
        issuer=f"issuer {piece % 2}",
        source_repository_uri=SOURCES[piece % 3],
        source_repository_id=f"{piece % 3}",
        source_repository_owner_id=f"{piece % 2}",
    )
    by_key = piece == 4
    times = [TrustedTime(NOON + timedelta(minutes=chance.randrange(4)), TimeSource.LOG)]
    return a_verification(
        file=digest(f"file {chance.randrange(4)}"),
        place=chance.randrange(3),
        identity=Identity(digest(f"signed {piece}"), digest("signer"), digest("signature")),
        engine=Engine.PINNED_KEY if by_key else Engine.SIGSTORE,
        certificate=None if by_key else certificate,
        key=KeySigner(fingerprint=digest("a key")) if by_key else None,
        root=digest(f"root {chance.randrange(2)}"),
        log_root=digest("log") if by_key and chance.random() < 0.5 else None,
        times=tuple(times[: chance.randrange(2)] if by_key else times),
        predicate_type=chance.choice(
            [*sorted(provenance.TYPES), "https://in-toto.io/attestation/vulns/v0.1"]
        ),
        attested=tuple(Attested(digests=(("sha256", each.hex),)) for each in chance.sample(ARTIFACTS, 1)),
    )


def placed(events: Sequence[EvidenceVerified]) -> list[Recorded]:
    return [
        Recorded(event, position, NOON + timedelta(seconds=position), digest(str(position)))
        for position, event in enumerate(events, 1)
    ]


def walked(known: Sequence[Recorded], artifact: Digest, expected: Expectations) -> list[int]:
    """What going through the events finds, newest first."""
    pieces: dict[tuple[object, ...], tuple[tuple[bool, object, int], int]] = {}
    for recorded in known:
        event = recorded.event
        assert isinstance(event, EvidenceVerified)
        about = any(("sha256", artifact.hex) in each.digests for each in event.attested)
        if not about or event.predicate_type not in provenance.TYPES or ruled_out(event, expected):
            continue
        piece = (event.identity, event.engine, event.root, event.log_root)
        first = event.times[0].instant if event.times else NOON
        rank = (not event.times, first, recorded.position)
        pieces[piece] = min(pieces.get(piece, (rank, recorded.position)), (rank, recorded.position))
    return sorted((position for _, position in pieces.values()), reverse=True)


def ruled_out(event: EvidenceVerified, expected: Expectations) -> bool:
    signed = event.certificate
    wanted = (expected.source, expected.owner_id, expected.repository_id, expected.identity, expected.issuer)
    found = (
        (None,) * 5
        if signed is None
        else (
            signed.source_repository_uri,
            signed.source_repository_owner_id,
            signed.source_repository_id,
            signed.identity,
            signed.issuer,
        )
    )
    return any(asked is not None and asked != said for asked, said in zip(wanted, found, strict=True))


QUESTIONS = [
    Expectations(),
    Expectations(source=SOURCES[0]),
    Expectations(source=SOURCES[0], identity="workflow 0", issuer="issuer 0"),
    Expectations(owner_id="1", repository_id="2"),
    Expectations(identity=ODD),
    Expectations(issuer="nobody"),
    Expectations(tag="v1", level=3),
]


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_each_piece_once_by_its_earliest_time(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = placed([any_verification(chance) for _ in range(120)])
    at = 0
    while at < len(events):
        size = chance.randrange(1, 30)
        models.follow(events[at : at + size])
        at += size
    found_some = 0
    for position in (0, 1, 17, 63, 120):
        prefix = Prefix(position, NOON, None)
        for artifact in ARTIFACTS:
            for expected in QUESTIONS:
                found = walked(events[:position], artifact, expected)
                found_some += bool(found)
                asked = SubjectDigest("sha256", artifact.hex)
                assert models.reads.provenance_about(asked, expected, prefix, limit=ALL) == found
                assert models.reads.provenance_about(asked, expected, prefix, limit=2) == found[:2]
    assert found_some > 20


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_where_else_a_piece_was_verified(models: Followed, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history to repeat, not a secret
    events = placed([any_verification(chance) for _ in range(120)])
    models.follow(events)
    found_some = 0
    for known in (0, 17, 120):
        for artifact in ARTIFACTS:
            about = [each for each in events[:known] if is_provenance_of(each, artifact)]
            for asked in ((), about[:1], about[::3]):
                places = [each.position for each in asked]
                for limit in (1, 3, ALL):
                    wanted = [
                        (one.position, other.position)
                        for one in asked
                        for other in ends([each for each in about if piece(each) == piece(one)], limit)
                        if one is not other
                    ]
                    found_some += bool(wanted)
                    digest_ = SubjectDigest("sha256", artifact.hex)
                    prefix = Prefix(known, NOON, None)
                    assert models.reads.copies_of(digest_, places, prefix, limit=limit) == wanted
    assert found_some > 5


def ends(copies: list[Recorded], limit: int) -> list[Recorded]:
    """The first and the last *limit* of *copies*, each once."""
    return copies if len(copies) <= 2 * limit else copies[:limit] + copies[-limit:]


def is_provenance_of(recorded: Recorded, artifact: Digest) -> bool:
    event = recorded.event
    assert isinstance(event, EvidenceVerified)
    about = any(("sha256", artifact.hex) in each.digests for each in event.attested)
    return about and event.predicate_type in provenance.TYPES


def piece(recorded: Recorded) -> tuple[object, ...]:
    event = recorded.event
    assert isinstance(event, EvidenceVerified)
    return event.identity, event.engine, event.root, event.log_root


def test_a_source_is_looked_for_as_certificates_write_it(models: Followed) -> None:
    verified = a_verification(certificate=replace(a_certificate(), source_repository_uri=SOURCES[0]))
    before_2023 = a_verification(
        identity=Identity(digest("old"), digest("signer"), digest("signature")),
        certificate=replace(
            a_certificate(), source_repository_uri=None, github_workflow_repository="acme/app"
        ),
    )
    models.follow(placed([verified, before_2023]))
    asked = SubjectDigest("sha256", digest().hex)
    for source in ("github.com/acme/app", "git+https://github.com/acme/app.git@refs/heads/main"):
        found = models.reads.provenance_about(
            asked, Expectations(source=source), Prefix(2, NOON, None), limit=9
        )
        assert found == [2, 1]


def a_certificate() -> CertificateSigner:
    certificate = a_verification().certificate
    assert certificate is not None
    return certificate
