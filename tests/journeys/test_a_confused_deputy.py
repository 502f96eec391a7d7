"""Somebody hands in an attestation that another run signed; it verifies, and is told apart all the same.

Tokens are exchanged as pipelines exchange them, certificates are those of a whole Sigstore in memory, and
everything goes over the HTTP API.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from domain.access.issuer import Platform
from tests.builders import digest
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import bearer, exchange, vouched
from tests.http.world import Document, World
from tests.issuer import CLAIMS, URLS, Issuer
from tests.mini_sigstore import MiniSigstore, p256, pem, statement
from tests.mini_sigstore_bundles import attested, raw

ARTIFACT = digest("app").hex
ONE, OTHER = "a" * 40, "b" * 40
GITHUB, GITLAB, BUILDKITE = URLS[Platform.GITHUB], URLS[Platform.GITLAB], URLS[Platform.BUILDKITE]
REUSED = "https://github.com/acme/shared/.github/workflows/build.yml@refs/tags/v1"
MALLORY = {
    "repository": "mallory/payments",
    "repository_id": "66",
    "repository_owner": "mallory",
    "repository_owner_id": "9",
    "sha": OTHER,
}
FORK = {"project_path": "mallory/payments", "project_id": "66", "namespace_id": "9", "sha": OTHER}
Claims = Mapping[str, str | None]


def certificate(issuer: str, **said: str) -> dict[int, str]:
    """The claims of a certificate for the usual run of a platform, changed by what is *said*."""
    server = "https://github.com" if issuer == GITHUB else issuer
    workflow = f"{server}/acme/payments/.github/workflows/release.yml@refs/tags/v1.4.0"
    usual = {
        9: workflow,
        11: "github-hosted",
        12: f"{server}/acme/payments",
        13: ONE,
        14: "refs/tags/v1.4.0",
        15: "41",
        17: "7",
        18: workflow,
        20: "push",
    }
    if issuer == BUILDKITE:
        usual = {11: "self-hosted", 13: ONE, 20: "webhook"}
    places = {"uri": 12, "commit": 13, "repository_id": 15, "owner_id": 17}
    return usual | {places[name]: value for name, value in said.items()}


@dataclass
class Pipelines:
    """A server that trusts three platforms and one Sigstore, and the pipelines that report to it."""

    operator: World
    server: World
    mini: MiniSigstore
    issuers: dict[str, Issuer]
    _numbers: Iterator[int] = field(default_factory=count)

    def token(self, issuer: str = GITHUB, **claims: str | None) -> str:
        """Exchange the token of a run with *claims*."""
        said: dict[str, Any] = {"jti": f"j-{next(self._numbers)}", **claims}
        answer = exchange(self.server, vouched(self.issuers[issuer], self.server.clock.at, **said))
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def bundle(
        self,
        issuer: str = GITHUB,
        *,
        source: str | None = None,
        dependency: Mapping[str, str] | None = None,
        **said: str,
    ) -> bytes:
        """Sign provenance as a run does whose certificate says the usual, changed by *said*."""
        claims = certificate(issuer, **said)
        identity = claims.get(9, "https://buildkite.com/acme/payments")
        address = source or claims.get(12, "https://github.com/acme/payments")
        predicate = {
            "buildDefinition": {
                "buildType": "https://ci.example/type/v1",
                "externalParameters": {},
                "resolvedDependencies": [
                    {"uri": f"git+{address}", "digest": dict(dependency or {"gitCommit": claims[13]})}
                ],
            },
            "runDetails": {"builder": {"id": identity}},
        }
        payload = statement([{"name": "app", "digest": {"sha256": ARTIFACT}}], predicate=predicate)
        signer = self.mini.leaf(claims=claims, identity=identity, issuer=issuer)
        return json.dumps(attested(self.mini, payload, signer=signer)).encode()

    def sent(self, content: bytes, token: str | None) -> Document:
        """Hand *content* in with *token*; without one, as whoever has the ledger's files."""
        world = self.server if token else self.operator
        world.clock.at = max(self.server.clock.at, self.operator.clock.at)
        answer = world.client.post(
            "/v1/evidence", data=content, content_type="application/json", headers=bearer(token or "none")
        )
        assert answer.status_code in (200, 201), answer.text
        for each in (self.server, self.operator):
            each.clock.at = world.clock.at
            each.clock.advance()
        return dict(answer.get_json()["recorded"])

    def asked(self, **expected: Any) -> Document:
        """Ask whether uploader, signer and provenance are of one source."""
        path = f"/v1/artifacts/sha256:{ARTIFACT}:check-provenance"
        builder = "https://ci.example/nobody"
        answer = self.operator.client.post(path, json={"same_source": True, "builder": builder, **expected})
        assert answer.status_code == 200, answer.text
        (judged,) = answer.get_json()["judged"]
        return dict(judged)

    def agreement(self) -> tuple[str, str]:
        """Return what all three say of repository and commit; the checks say the same."""
        judged = self.asked()
        found = {what: str(judged["origin"][what]["agreement"]) for what in ("repository", "commit")}
        held = {each["name"]: each["held"] for each in judged["checks"]}
        for what, agreement in found.items():
            assert held[f"same_source.{what}"] is (agreement == "same")
        return found["repository"], found["commit"]


@pytest.fixture
def pipelines(empty_ledger: Settings, tmp_path: Path) -> Iterator[Pipelines]:
    issuers = {
        URLS[platform]: Issuer(platform)
        for platform in (Platform.GITHUB, Platform.GITLAB, Platform.BUILDKITE)
    }
    mini = MiniSigstore()
    rules = {
        GITHUB: {"repository_id": ["41", "66"], "repository_owner_id": ["7", "9"]},
        GITLAB: {"project_id": ["41", "66"], "namespace_id": ["7", "9"]},
        BUILDKITE: {name: [CLAIMS[Platform.BUILDKITE][name]] for name in ("organization_id", "pipeline_id")},
    }
    with worlds.copied(empty_ledger, tmp_path / "home") as operator:
        operator.clock.advance(3600)
        root = {"kind": "sigstore", "name": "mini", "content": mini.trusted_root().decode()}
        assert operator.client.post("/v1/trust/roots", json=root).status_code == 201
        for url, issuer in issuers.items():
            bootstrap.trust(operator, issuer)
            binding = {"name": f"ci-{issuer.platform}", "issuer": url, "rules": rules[url]}
            bootstrap.agreed(operator, binding={**binding, "scopes": ["read", "report:evidence"]})
        at = operator.clock.at
        with worlds.opened(operator.settings, at=at, guarded=worlds.by_credential) as server:
            yield Pipelines(operator, server, mini, issuers)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return worlds.make(tmp_path_factory.mktemp("empty") / "home")


TABLE: dict[str, tuple[str, Claims, dict[str, Any], tuple[str, str]]] = {
    "its own run": (GITHUB, {}, {}, ("same", "same")),
    "a confused deputy": (GITHUB, MALLORY, {}, ("differs", "differs")),
    "the name created again, with another number": (
        GITHUB,
        {"repository_id": "66"},
        {},
        ("differs", "same"),
    ),
    "renamed, with the number it had": (GITHUB, {"repository": "acme/money"}, {}, ("same", "same")),
    "another run of the same repository": (GITHUB, {"sha": OTHER}, {}, ("same", "differs")),
    "a workflow of another repository signs": (
        GITHUB,
        {"job_workflow_ref": REUSED.removeprefix("https://github.com/")},
        {},
        ("same", "same"),
    ),
    "spelled otherwise": (
        GITHUB,
        {},
        {"source": "https://GitHub.com/acme/payments.git@refs/tags/v1.4.0"},
        ("same", "same"),
    ),
    "it says another repository": (
        GITHUB,
        {},
        {"source": "https://github.com/acme/other"},
        ("differs", "same"),
    ),
    "it says the tag, not the commit": (GITHUB, {}, {"dependency": {"gitTag": ONE}}, ("same", "unknown")),
    "it says another commit": (GITHUB, {}, {"dependency": {"gitCommit": OTHER}}, ("same", "differs")),
    "a certificate without numbers": (GITHUB, {}, {"repository_id": ""}, ("same", "same")),
    "GitLab, its own run": (GITLAB, {}, {}, ("same", "same")),
    # One that says where it runs (`job_project_id`) is not even exchanged: see test_hostile_tokens.
    "GitLab, a merge request from a fork": (GITLAB, FORK, {}, ("differs", "differs")),
    "GitLab, the path created again": (GITLAB, {"project_id": "66"}, {}, ("differs", "same")),
    "Buildkite, which names no repository": (BUILDKITE, {}, {}, ("unknown", "same")),
    "Buildkite, another commit": (BUILDKITE, {"build_commit": OTHER}, {}, ("unknown", "differs")),
    "Buildkite, before the commit was looked up": (
        BUILDKITE,
        {"build_commit": "HEAD"},
        {},
        ("unknown", "unknown"),
    ),
}


@pytest.mark.parametrize(("issuer", "claims", "signed", "found"), TABLE.values(), ids=TABLE)
def test_a_run_is_compared_with_who_signed_and_with_what_is_said(
    pipelines: Pipelines, issuer: str, claims: Claims, signed: dict[str, Any], found: tuple[str, str]
) -> None:
    pipelines.sent(pipelines.bundle(issuer, **signed), pipelines.token(issuer, **claims))
    assert pipelines.agreement() == found


def test_one_platform_hands_in_what_another_signed(pipelines: Pipelines) -> None:
    pipelines.sent(pipelines.bundle(GITLAB), pipelines.token(GITHUB))
    assert pipelines.agreement() == ("differs", "same")


def test_a_reused_workflow_signs_in_its_own_name(pipelines: Pipelines) -> None:
    claims = certificate(GITHUB) | {9: REUSED}
    payload = statement([{"name": "app", "digest": {"sha256": ARTIFACT}}])
    signer = pipelines.mini.leaf(claims=claims, identity=REUSED)
    pipelines.sent(json.dumps(attested(pipelines.mini, payload, signer=signer)).encode(), pipelines.token())
    judged = pipelines.asked(identity=REUSED)
    assert judged["verification"]["signer"]["identity"] == REUSED
    compared = judged["origin"]["repository"]
    assert (compared["uploader_signer"], compared["signer_provenance"]) == ("same", "unknown")


def test_who_is_no_run_is_unknown(pipelines: Pipelines) -> None:
    content = pipelines.bundle()
    pipelines.sent(content, None)
    assert pipelines.agreement() == ("unknown", "unknown")
    issued = pipelines.operator.client.post(
        "/v1/access/tokens",
        json={
            "name": "ci",
            "holder": {"issuer": GITHUB, "subject": "repo:acme/payments"},
            "scopes": ["report:evidence"],
            "expires_at": pipelines.operator.at(24),
        },
    )
    assert issued.status_code == 201, issued.text
    pipelines.sent(content + b" ", issued.get_json()["secret"])
    assert pipelines.agreement() == ("unknown", "unknown")


def test_a_key_proves_nothing_of_the_run(pipelines: Pipelines) -> None:
    key = p256()
    root = {"kind": "key", "name": "a key", "content": pem(key).decode()}
    assert pipelines.operator.client.post("/v1/trust/roots", json=root).status_code == 201
    payload = raw(json.loads(pipelines.bundle())["dsseEnvelope"]["payload"])
    bundle = attested(pipelines.mini, payload, signer=key)
    pipelines.sent(json.dumps(bundle["dsseEnvelope"]).encode(), pipelines.token())
    judged = pipelines.asked()
    assert judged["origin"]["repository"] == {
        "agreement": "unknown",
        "uploader_signer": "unknown",
        "uploader_provenance": "same",
        "signer_provenance": "unknown",
    }


def test_who_hands_in_what_is_there_already_takes_nothing_from_the_run_that_signed_it(
    pipelines: Pipelines,
) -> None:
    content = pipelines.bundle()
    first = pipelines.sent(content, pipelines.token(**MALLORY))
    assert pipelines.agreement() == ("differs", "differs")
    second = pipelines.sent(content, pipelines.token())
    assert (second["existing"], pipelines.agreement()) == (False, ("same", "same"))
    uploader = pipelines.asked()["origin"]["uploader"]
    assert uploader["repository"] == "https://github.com/acme/payments"
    again = [pipelines.sent(content, pipelines.token(**claims)) for claims in (MALLORY, {})]
    assert [(each["existing"], each["position"]) for each in again] == [
        (True, first["position"]),
        (True, first["position"]),
    ]
    path = f"/v1/artifacts/sha256:{ARTIFACT}:check-provenance?known_at=position:{second['position'] - 1}"
    before = pipelines.operator.client.post(path, json={"same_source": True}).get_json()
    assert before["judged"][0]["origin"]["repository"]["agreement"] == "differs"


def test_copies_by_others_do_not_hide_the_run_that_signed_it(pipelines: Pipelines) -> None:
    content = pipelines.bundle()
    stranger = pipelines.token(**MALLORY)
    for spaces in range(1, 13):
        pipelines.sent(content + b" " * spaces, stranger)
    assert pipelines.agreement() == ("differs", "differs")
    pipelines.sent(content, pipelines.token())
    assert pipelines.agreement() == ("same", "same")
    for spaces in range(13, 17):
        pipelines.sent(content + b" " * spaces, stranger)
    assert pipelines.agreement() == ("same", "same")


def test_what_differs_is_said_in_words(pipelines: Pipelines) -> None:
    pipelines.sent(pipelines.bundle(), pipelines.token(**MALLORY))
    checks = {each["name"]: each["found"] for each in pipelines.asked()["checks"]}
    assert checks["same_source.repository"] == (
        "differs: uploader https://github.com/mallory/payments (66),"
        " signer https://github.com/acme/payments (41), provenance https://github.com/acme/payments (41)"
    )
    assert checks["same_source.commit"] == f"differs: uploader {OTHER}, signer {ONE}, provenance {ONE}"
