"""What a digest, a commit, a build or a release stands for, and where it ran."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.build import Source
from domain.errors import AmbiguousName, NothingFound
from domain.ports import Named
from tests.builders import (
    NOON,
    a_build,
    a_config,
    a_correction,
    a_declaration,
    a_deployment,
    a_release,
    artifact,
    digest,
    target,
    tell,
)
from tests.contracts.read_models import Followed, followed
from tests.plain import PlainLedger

REPOSITORY = "https://git.example/acme/payments-api"
STAGING = target("payments-api@staging")
FIRST, SECOND, DECLARED = "a1b2c3d4" * 5, "a1b2c3d5" * 5, "a1b2c3d4" * 8
SHARED = artifact("base", "a layer in both builds")


@pytest.fixture(scope="module")
def ledger() -> PlainLedger:
    """Two builds that share an artifact, two configurations, two targets, and a declaration."""
    made = PlainLedger()
    for name, commit in (("b-1", FIRST), ("b-2", SECOND)):
        own = artifact(content=name)
        tell(made, a_build(name, source=Source(REPOSITORY, commit), artifacts=(own, SHARED)))
    tell(made, a_config(), a_release("b-1"), a_release("b-2"))
    tell(made, a_config(target=STAGING), a_release("b-1", target=STAGING))
    tell(made, a_deployment(1), a_deployment(2, occurred_at=NOON + timedelta(seconds=5)))
    tell(made, a_declaration("v7", target=STAGING, commit=DECLARED, source=REPOSITORY))
    return made


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def models(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, ledger: PlainLedger
) -> Iterator[Followed]:
    if request.param == "sqlite":
        with followed(f"sqlite:///{tmp_path_factory.mktemp('names') / 'ledger.db'}") as made:
            made.follow(ledger.recorded)
            yield made
        return
    server = request.getfixturevalue("postgres_server")
    with server.database() as url, followed(url) as made:
        made.follow(ledger.recorded)
        yield made


def found(models: Followed, ledger: PlainLedger, name: str, known: int | None = None) -> Named:
    return models.reads.named(name, ledger.prefix(known))


def releases(named: Named) -> list[str]:
    return [f"{each.target}#{each.number}" for each in named.releases]


def test_a_digest_of_an_artifact_leads_to_every_build_with_it(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, str(SHARED.digest))
    assert (named.kind, named.name) == ("artifact", str(SHARED.digest))
    assert [build for _, build, _ in named.builds] == ["b-1", "b-2"]
    assert releases(named) == ["payments-api@prod#1", "payments-api@prod#2", "payments-api@staging#1"]


@pytest.mark.parametrize("digits", [7, 8, 63, 64])
def test_a_digest_can_be_shortened(models: Followed, ledger: PlainLedger, digits: int) -> None:
    whole = digest("b-2")
    named = found(models, ledger, f"sha256:{whole.hex[:digits]}")
    assert (named.kind, named.name, named.builds) == ("artifact", str(whole), (("payments-api", "b-2", 2),))
    assert releases(named) == ["payments-api@prod#2"]


def test_a_digest_of_a_configuration_leads_to_releases(models: Followed, ledger: PlainLedger) -> None:
    config = models.reads.release("payments-api", "prod", 1, ledger.prefix(None)).config.digest
    named = found(models, ledger, str(config))
    assert (named.kind, named.builds) == ("config", ())
    assert releases(named) == ["payments-api@prod#1", "payments-api@prod#2", "payments-api@staging#1"]


def test_a_digest_of_a_release_leads_to_it_and_its_build(models: Followed, ledger: PlainLedger) -> None:
    release = models.reads.release("payments-api", "prod", 2, ledger.prefix(None))
    named = found(models, ledger, str(release.digest))
    assert (named.kind, named.releases) == ("release", (release,))
    assert named.builds == (("payments-api", "b-2", 2),)


def test_a_commit_can_be_shortened_as_far_as_it_is_the_only_one(
    models: Followed, ledger: PlainLedger
) -> None:
    named = found(models, ledger, SECOND[:8])
    assert (named.kind, named.name) == ("commit", SECOND)
    assert releases(named) == ["payments-api@prod#2"]
    with pytest.raises(AmbiguousName, match="a1b2c3d5"):
        found(models, ledger, SECOND[:7])


def test_a_whole_commit_is_meant_even_when_a_longer_one_begins_with_it(
    models: Followed, ledger: PlainLedger
) -> None:
    assert DECLARED.startswith(FIRST)
    assert found(models, ledger, FIRST).name == FIRST


def test_a_commit_that_declared_leads_to_what_it_declared(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, DECLARED)
    assert (named.kind, releases(named)) == ("commit", ["payments-api@staging#2"])
    assert [build for _, build, _ in named.builds] == ["v7"]


def test_a_withdrawn_declaration_declared_nothing(ledger: PlainLedger, tmp_path: Path) -> None:
    longer = PlainLedger()
    longer.append([each.event for each in ledger.recorded])
    tell(longer, a_correction(len(ledger.recorded), reason="the wrong repository"))
    with followed(f"sqlite:///{tmp_path}/ledger.db") as models:
        models.follow(longer.recorded)
        assert found(models, longer, DECLARED, len(ledger.recorded)).name == DECLARED
        with pytest.raises(NothingFound):
            found(models, longer, DECLARED)


def test_a_build_goes_by_its_service_and_name(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, "payments-api/b-1")
    assert (named.kind, named.builds) == ("build", (("payments-api", "b-1", 1),))
    assert releases(named) == ["payments-api@prod#1", "payments-api@staging#1"]


def test_a_release_goes_by_its_target_and_number(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, "payments-api@staging#1")
    assert (named.kind, named.builds) == ("release", (("payments-api", "b-1", 1),))
    assert releases(named) == ["payments-api@staging#1"]


@pytest.mark.parametrize(
    "name",
    [
        f"sha256:{'0' * 64}",
        "0" * 40,
        "payments-api/b-3",
        "billing/b-1",
        "payments-api@prod#9",
        "payments-api@nowhere#1",
        "a1b2c3",
        "sha256:a1b2c3",
        "payments-api",
        "",
    ],
)
def test_what_was_never_recorded_is_not_found(models: Followed, ledger: PlainLedger, name: str) -> None:
    with pytest.raises(NothingFound):
        found(models, ledger, name)


def test_what_is_not_known_yet_is_not_found(models: Followed, ledger: PlainLedger) -> None:
    assert releases(found(models, ledger, FIRST, 1)) == []
    assert [build for _, build, _ in found(models, ledger, str(SHARED.digest), 1).builds] == ["b-1"]
    for name in (SECOND, "payments-api/b-2", "payments-api@prod#1", str(digest("b-2"))):
        with pytest.raises(NothingFound):
            found(models, ledger, name, 1)


def test_where_it_ran_says_when_it_ended(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, FIRST)
    (ran,) = models.reads.ran(named.releases, ledger.prefix(None), limit=10)
    assert (ran.target, ran.since, ran.until) == (target(), NOON, NOON + timedelta(seconds=5))
    assert list(models.reads.ran([], ledger.prefix(None), limit=10)) == []


def test_a_limit_keeps_the_newest(models: Followed, ledger: PlainLedger) -> None:
    named = found(models, ledger, str(SHARED.digest))
    everywhere = models.reads.ran(named.releases, ledger.prefix(None), limit=10)
    assert list(models.reads.ran(named.releases, ledger.prefix(None), limit=1)) == list(everywhere)[:1]
