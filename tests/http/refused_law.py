"""Policies, freezes, waivers and questions to the gate that are refused; see `tests.http.refused`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from api import policy_files
from tests.http.refused import Case, asked
from tests.http.refused import _posted as posted
from tests.http.world import Document, World, image

FILES = {name: content.decode() for name, content in policy_files.shipped().items()}
POLICY: Document = {"files": FILES, "set": "baseline", "environments": ["prod"], "reason": "SEC-1"}
FREEZE: Document = {
    "freeze": "frz-2",
    "name": "Peak",
    "starts_at": "2026-11-26T00:00:00Z",
    "ends_at": "2026-12-01T00:00:00Z",
    "environments": ["prod"],
    "services": ["*"],
}
WAIVER: Document = {
    "rule": "VULN-001",
    "term": "CVE-2026-1",
    "environments": ["prod"],
    "services": ["*"],
    "reason": "not reachable",
    "ticket": "SEC-7",
    "expires_at": "2026-12-01T00:00:00Z",
}


def prepare(world: World) -> None:
    """Propose a policy, which is settled, and another one, which waits; a minute before it is asked about."""
    now = world.clock.at
    world.clock.at -= timedelta(seconds=60)
    for name in ("baseline", "regulated"):
        answer = world.client.post("/v1/policies", json={**POLICY, "set": name, "environments": ["qa"]})
        assert answer.status_code == 201, answer.text
        world.clock.advance()
    assert world.client.post("/v1/policies/1:settle", json={"approved": True}).status_code == 201
    world.clock.advance()
    assert world.client.post("/v1/waivers", json={**WAIVER, "term": "CVE-2026-0"}).status_code == 201
    world.clock.at = now


def cases() -> Iterator[Case]:
    """Yield the table."""
    yield from _policies()
    yield from _settlements()
    yield from _freezes()
    yield from _waivers()
    yield from _gate()
    for noun in ("policies", "freezes", "waivers"):
        yield asked(f"/v1/{noun}?as_of=yesterday", "as_of")
        yield asked(f"/v1/{noun}?cursor=AAAA", "cursor", slug="foreign-cursor")
        yield asked(f"/v1/{noun}?known_at=position:9999999", status=404, slug="beyond-the-head")
    yield asked(f"/v1/policies/files/{image('none')}", status=404, slug="nothing-found")
    yield asked("/v1/policies/files/sha256:5f", "digest")


def _policies() -> Iterator[Case]:
    def policy(what: str, *places: str, slug: str = "", **changes: Any) -> Case:
        return posted("/v1/policies", what, {**POLICY, **changes}, *places, slug=slug)

    rule = FILES["rules/bld-001.yaml"]
    spoilt = {**FILES, "rules/bld-001.yaml": rule.replace("outcome ==", "outcame ==")}
    wrong = {**FILES, "rules/bld-001.yaml": rule.replace("'succeeded'", "'failed'")}
    bad = "malformed-policy"
    yield policy("a misspelt fact", slug=bad, files=spoilt)
    yield policy("cases that are wrong", slug=bad, files=wrong)
    yield policy("a set that there is not", slug=bad, set="production")
    yield policy("no files", "#/files", files={})
    yield policy("a file that is called as none is", "#/files/..~1x.yaml", files={"../x.yaml": "a"})
    yield policy("nowhere", "#/environments", environments=[])
    yield policy("an environment in capitals", "#/environments/0", environments=["Prod"])
    yield policy("no reason", "#/reason", reason=" ")


def _settlements() -> Iterator[Case]:
    approved = {"approved": True}
    yield posted("/v1/policies/1:settle", "again", {"approved": False}, status=409, slug="already-recorded")
    yield posted("/v1/policies/2:settle", "alone", approved, status=403, slug="second-person-needed")
    yield posted("/v1/policies/9:settle", "none", approved, status=404, slug="unknown-proposal")
    yield posted("/v1/policies/2:settle", "nothing", {}, "#/approved")
    early = {"approved": False, "effective_from": "2026-12-01T00:00:00Z"}
    yield posted("/v1/policies/2:settle", "from a day, and rejected", {**early, "reason": " "}, "#/reason")


def _freezes() -> Iterator[Case]:
    def freeze(what: str, *places: str, slug: str = "", **changes: Any) -> Case:
        return posted("/v1/freezes", what, {**FREEZE, **changes}, *places, slug=slug)

    yield freeze("over before it starts", slug="contradictory-report", ends_at="2026-11-01T00:00:00Z")
    yield freeze("everything and more", slug="malformed-value", environments=["*", "prod"])
    yield freeze("nothing", "#/services", services=[])
    yield freeze("an id in capitals", "#/freeze", freeze="FRZ-2")
    yield freeze("a naive time", "#/starts_at", starts_at="2026-11-26T00:00:00")
    lift = "/v1/freezes/frz-9:lift"
    yield posted(lift, "none", {"reason": "over"}, status=409, slug="nothing-to-change")
    yield posted(lift, "no reason", {}, "#/reason")


def _waivers() -> Iterator[Case]:
    def waiver(what: str, *places: str, slug: str = "", **changes: Any) -> Case:
        return posted("/v1/waivers", what, {**WAIVER, **changes}, *places, slug=slug)

    yield waiver("over already", slug="contradictory-report", expires_at="2026-01-01T00:00:00Z")
    yield waiver("no rule", "#/rule", rule="vuln")
    yield waiver("no ticket", "#/ticket", ticket="")
    yield waiver("a service twice", slug="malformed-value", services=["app", "app"])
    yield posted("/v1/waivers/1:approve", "by the operator", {}, status=403, slug="not-permitted")
    yield posted("/v1/waivers/9:revoke", "none", {"reason": "x"}, status=404, slug="nothing-found")
    yield posted("/v1/waivers/1:revoke", "no reason", {}, "#/reason")


def _gate() -> Iterator[Case]:
    path = "/v1/gate:evaluate"
    question: Document = {"target": "payments-api@prod", "release": 1}
    yield posted(path, "no release", {**question, "release": 99}, status=404, slug="unknown-release")
    yield posted(path, "no target", {"release": 1}, "#/target")
    yield posted(path, "a target that is none", {**question, "target": "payments-api"}, "#/target")
    yield posted(path, "an unknown member", {**question, "dry_run": True}, "#/dry_run")
