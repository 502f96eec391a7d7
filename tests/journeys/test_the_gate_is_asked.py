"""A release pipeline asks the gate, and is told what is missing, until nothing is; an attacker is told no."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api import policy_files
from domain import instant
from tests.http import world as worlds
from tests.http.world import Document, World
from tests.journeys.test_provenance_under_attack import (
    ARTIFACT,
    GO,
    OURS,
    TABLE,
    THEIRS,
    bundle,
    leaf,
    provenance,
    root,
    said,
    sent,
)
from tests.mini_sigstore import MiniSigstore, statement
from tests.mini_sigstore_bundles import attested

FILES = {name: content.decode() for name, content in policy_files.shipped().items()}
COMMIT = "9f2c" * 10
ABOUT = {"for": f"sha256:{ARTIFACT}"}


@pytest.fixture(scope="module")
def mini() -> MiniSigstore:
    return MiniSigstore()


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path, mini: MiniSigstore) -> Iterator[World]:
    """A ledger that takes the miniature for Sigstore, with release 1 of app in staging and prod."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with worlds.opened(worlds.make(tmp_path / "home", database_url=url)) as lent:
        lent.clock.advance(3600)
        said(lent, "builders", content=TABLE)
        said(lent, "roots", **root(mini), instance="public-good")
        release(lent, "ci/1")
        yield lent


def release(world: World, name: str, artifact: str = ARTIFACT) -> None:
    """Build app, and release it in both environments."""
    made = [{"name": "app", "digest": f"sha256:{artifact}"}]
    source = {"repository": OURS, "commit": COMMIT, "ref": "refs/heads/main"}
    world.recorded("builds", service="app", build=name, source=source, artifacts=made)
    for environment in ("staging", "prod"):
        place = {"service": "app", "environment": environment}
        answer = world.report("configs", **place, entries={"LEVEL": {"value": "info"}})
        assert answer.status_code in (200, 201), answer.text
        world.recorded("releases", **place, build=name, config="current")


def in_force(world: World, name: str, environment: str = "prod", **files: str) -> None:
    """Have the operator put the first policy of an environment in force."""
    body = {"files": {**FILES, **files}, "set": name, "environments": [environment], "reason": "SEC-1"}
    proposed = world.client.post("/v1/policies", json=body)
    assert proposed.status_code == 201, proposed.text
    world.clock.advance()
    number = proposed.get_json()["number"]
    assert world.client.post(f"/v1/policies/{number}:settle", json={"approved": True}).status_code == 201
    world.clock.advance()


def gate(world: World, release: int = 1, **more: Any) -> Document:
    body = {"target": "app@prod", "release": release, "reason": "CHG", **more}
    answer = world.client.post("/v1/gate:evaluate", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def why(answer: Document, rule: str) -> str:
    (found,) = [each for each in answer["rules"] if each["rule"] == rule]
    return "; ".join(each["message"] for each in found["violations"])


def test_without_a_policy_nothing_is_decided(world: World) -> None:
    answer = gate(world)
    assert (answer["verdict"], answer["permits"]) == ("indeterminate", False)
    assert answer["because"] == "no policy decides in prod"


def test_it_says_what_is_missing_until_nothing_is(world: World, mini: MiniSigstore) -> None:
    in_force(world, "slsa-build-l2")
    before = world.position
    denied = gate(world)
    assert (denied["verdict"], denied["blocking"]) == ("deny", ["PROV-001"])
    assert "SLSA Build L2" in why(denied, "PROV-001")
    assert world.position == before, "nothing was recorded"
    sent(world, bundle(mini), **ABOUT)
    allowed = gate(world, facts=True)
    assert (allowed["verdict"], allowed["permits"], allowed["blocking"]) == ("allow", True, [])
    (proven,) = allowed["facts"]["provenance"]
    assert (proven["level"], proven["builder"], proven["repository"]) == (3, GO, OURS)
    assert allowed["facts"]["build"]["identity"] == "verified"
    assert allowed["facts"]["evaluation"]["position"] == world.position


def test_what_is_asked_twice_of_one_ledger_at_one_instant_is_the_same(
    world: World, mini: MiniSigstore
) -> None:
    in_force(world, "slsa-build-l2")
    sent(world, bundle(mini), **ABOUT)
    one, two = gate(world), gate(world)
    assert one["result_digest"] == two["result_digest"]
    world.clock.advance()
    assert gate(world)["outcome_digest"] != one["outcome_digest"], "the instant is one of the facts"


def test_a_freeze_makes_it_wait_and_an_emergency_does_not(world: World, mini: MiniSigstore) -> None:
    in_force(world, "slsa-build-l2")
    sent(world, bundle(mini), **ABOUT)
    end = instant.text(world.clock().replace(year=2027))
    freeze = {"freeze": "frz-1", "name": "Peak", "starts_at": world.now, "ends_at": end}
    body = {**freeze, "environments": ["prod"], "services": ["*"]}
    assert world.client.post("/v1/freezes", json=body).status_code == 201
    world.clock.advance()
    assert gate(world)["verdict"] == "pending"
    assert gate(world, emergency=True)["verdict"] == "allow"
    assert world.client.post("/v1/freezes/frz-1:lift", json={"reason": "over"}).status_code == 201
    world.clock.advance()
    assert gate(world)["verdict"] == "allow"


def strict(builder: str = GO) -> dict[str, str]:
    """Return the files of a set that wants the provenance to name the release's own source."""
    text = FILES["sets/slsa-build-l2.yaml"].replace("minimum_rules: 6", "minimum_rules: 7")
    rule = f"  - use: PROV-002\n    with:\n      builders:\n        - {builder}\n"
    return {"sets/slsa-build-l2.yaml": text.replace("  - use: BLD-001\n", f"{rule}  - use: BLD-001\n")}


def test_an_attestation_of_another_repository_for_the_same_bytes_is_no_reason(
    world: World, mini: MiniSigstore
) -> None:
    in_force(world, "slsa-build-l2", **strict())
    sent(world, bundle(mini, THEIRS), **ABOUT)
    answer = gate(world)
    assert answer["verdict"] == "deny"
    assert f"names repository {THEIRS}" in why(answer, "PROV-002")


def test_a_signer_who_is_distrusted_afterwards_ends_it(world: World, mini: MiniSigstore) -> None:
    in_force(world, "slsa-build-l2")
    sent(world, bundle(mini), **ABOUT)
    assert gate(world)["verdict"] == "allow"
    said(world, "distrusted", identity=GO, **{"from": "2020-01-01T00:00:00Z"}, reason="broken into")
    answer = gate(world)
    assert answer["verdict"] == "deny"
    assert set(answer["blocking"]) == {"PROV-001", "SIGN-001"}
    assert GO in why(answer, "SIGN-001")


def test_an_older_release_with_valid_provenance_does_not_come_back(world: World, mini: MiniSigstore) -> None:
    in_force(world, "slsa-build-l2")
    sent(world, bundle(mini), **ABOUT)
    release(world, "ci/2", artifact="ab" * 32)
    place = {"service": "app", "environment": "prod"}
    world.recorded("deployments", **place, release=2, outcome="succeeded", deployment="argo/1")
    answer = gate(world)
    assert (answer["verdict"], answer["blocking"]) == ("deny", ["RPLY-001"])
    assert "release 1 is older than what has run there" in why(answer, "RPLY-001")


def test_soak_and_sboms_are_read_from_what_ran_and_was_signed(world: World, mini: MiniSigstore) -> None:
    place = {"service": "app", "environment": "staging"}
    world.recorded("deployments", **place, release=1, outcome="succeeded", deployment="argo/1")
    since = instant.text(world.clock())
    world.clock.advance(7200)
    in_force(world, "slsa-build-l2")
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {"type": "library", "name": "left", "version": "1.0", "licenses": [{"license": {"id": "MIT"}}]},
            {"type": "library", "name": "right"},
        ],
    }
    told = statement(
        [{"name": "app", "digest": {"sha256": ARTIFACT}}],
        predicate=bom,
        predicateType="https://cyclonedx.org/bom",
    )
    sent(world, json.dumps(attested(mini, told, signer=leaf(mini))).encode(), **ABOUT)
    facts = gate(world, from_environment="staging", facts=True)["facts"]
    (sbom,) = facts["sboms"]
    assert (sbom["format"], sbom["components"], sbom["without_version"]) == ("cyclonedx", 2, 1)
    assert sbom["licences"] == {"MIT": 1}
    (soak,) = facts["soak"]
    assert soak["environment"] == "staging"
    assert soak["since"] < since
    assert soak["artifacts"] == [f"sha256:{ARTIFACT}"]


def test_an_sbom_that_nobody_signed_is_no_fact(world: World) -> None:
    in_force(world, "slsa-build-l2")
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    sent(world, json.dumps(bom).encode(), **ABOUT)
    assert gate(world, facts=True)["facts"]["sboms"] == []


def test_a_policy_whose_files_are_lost_decides_nothing(world: World, mini: MiniSigstore) -> None:
    in_force(world, "slsa-build-l2")
    sent(world, bundle(mini), **ABOUT)
    for file in (world.settings.home / "blobs").rglob("*"):
        if file.is_file() and file.read_bytes().startswith(b"api: shiplog/policy/v1\nset:"):
            file.unlink()
    answer = gate(world)
    assert (answer["verdict"], answer["permits"]) == ("indeterminate", False)


def test_a_release_that_there_is_not_is_not_found(world: World) -> None:
    body = {"target": "app@prod", "release": 9}
    assert world.client.post("/v1/gate:evaluate", json=body).status_code == 404


def test_provenance_of_nobody_we_know_is_refused_and_counts_for_nothing(world: World) -> None:
    in_force(world, "slsa-build-l2")
    private = MiniSigstore()
    sent(world, json.dumps(attested(private, provenance(), signer=leaf(private))).encode(), **ABOUT)
    assert gate(world)["blocking"] == ["PROV-001"]
