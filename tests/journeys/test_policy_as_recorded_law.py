"""A policy is put in force by two people and superseded; changes are frozen, violations waived."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api import policy_files
from api.settings import Settings
from domain import instant
from tests.access import SSO
from tests.http import world as worlds
from tests.http.bootstrap import agreed
from tests.http.people import as_person, by_name_or_operator
from tests.http.world import World

DAY = 86_400
FILES = {name: content.decode() for name, content in policy_files.shipped().items()}


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Sally and Tom are in charge of security, Rita of releases; Anna approves, Otto audits."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    settings: Settings = worlds.make(tmp_path / "home", database_url=url)
    with worlds.opened(settings, guarded=by_name_or_operator) as lent:
        for who, role in {
            "sally": "security",
            "tom": "security",
            "rita": "release-manager",
            "anna": "approver",
            "otto": "auditor",
        }.items():
            agreed(lent, grant={"role": role, "holder": {"issuer": SSO, "subject": who}})
        yield lent


def says(world: World, who: str, path: str, **body: Any) -> TestResponse:
    """Have *who* post *body*; a second passes."""
    answer = world.client.post(f"/v1/{path}", json=body, headers=as_person(who))
    world.clock.advance()
    return answer


def asks(world: World, path: str, **query: str) -> Any:
    answer = world.client.get(f"/v1/{path}", query_string=query, headers=as_person("otto"))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def propose(world: World, who: str, name: str, *environments: str, files: Any = None) -> TestResponse:
    said = {"files": files or FILES, "set": name, "environments": list(environments), "reason": "SEC-1"}
    return says(world, who, "policies", **said)


def in_force(world: World, **query: str) -> dict[str, str]:
    return {each["environment"]: each["set"] for each in asks(world, "policies", **query)["in_force"]}


def test_a_policy_takes_two_people_and_is_known_as_of_any_instant(world: World) -> None:
    proposed = propose(world, "sally", "baseline", "staging", "prod")
    assert proposed.status_code == 201, proposed.text
    number = proposed.get_json()["number"]
    assert in_force(world) == {}

    alone = says(world, "sally", f"policies/{number}:settle", approved=True)
    assert alone.status_code == 403
    assert "SOD-5" in alone.text
    assert says(world, "rita", f"policies/{number}:settle", approved=True).status_code == 403
    assert says(world, "tom", f"policies/{number}:settle", approved=True).status_code == 201
    assert in_force(world) == {"prod": "baseline", "staging": "baseline"}
    before = world.now

    world.clock.advance(DAY)
    second = propose(world, "rita", "regulated", "prod").get_json()["number"]
    tomorrow = instant.text(world.clock() + timedelta(days=1))
    approval = {"approved": True, "effective_from": tomorrow, "reason": "we are regulated"}
    assert says(world, "tom", f"policies/{second}:settle", **approval).status_code == 201
    assert in_force(world)["prod"] == "baseline", "it has not begun"
    world.clock.advance(DAY)
    assert in_force(world) == {"prod": "regulated", "staging": "baseline"}
    assert in_force(world, as_of=before) == {"prod": "baseline", "staging": "baseline"}
    log = asks(world, "policies")["policies"]
    assert [(each["set"], each["proposed_by"]["subject"], each["settled_by"]["subject"]) for each in log] == [
        ("regulated", "rita", "tom"),
        ("baseline", "sally", "tom"),
    ]
    assert log[0]["cases"] > 150


def test_the_files_of_a_policy_are_kept_byte_for_byte(world: World) -> None:
    propose(world, "sally", "baseline", "prod")
    (policy,) = asks(world, "policies")["policies"]
    for file in policy["files"]:
        got = world.client.get(f"/v1/policies/files/{file['digest']}", headers=as_person("otto"))
        assert got.data.decode() == FILES[file["name"]]
    other = world.client.get(f"/v1/policies/files/sha256:{'0' * 64}", headers=as_person("otto"))
    assert other.status_code == 404


def test_a_policy_that_is_doubtful_or_fails_its_cases_is_not_recorded(world: World) -> None:
    position = world.position
    misspelt = {
        **FILES,
        "rules/bld-001.yaml": FILES["rules/bld-001.yaml"].replace("outcome ==", "outcame =="),
    }
    refused = propose(world, "sally", "baseline", "prod", files=misspelt)
    assert (refused.status_code, "outcame" in refused.text) == (422, True)
    weaker = {**FILES, "rules/bld-001.yaml": FILES["rules/bld-001.yaml"].replace("'succeeded'", "'failed'")}
    refused = propose(world, "sally", "baseline", "prod", files=weaker)
    assert (refused.status_code, "cases are wrong" in refused.text) == (422, True)
    assert world.position == position


def test_what_was_turned_down_or_superseded_can_be_proposed_again_in_the_same_words(world: World) -> None:
    assert propose(world, "sally", "baseline", "prod").get_json()["number"] == 1
    assert propose(world, "sally", "baseline", "prod").status_code == 409, "the first one waits"
    assert says(world, "tom", "policies/1:settle", approved=False, reason="too early").status_code == 201
    again = propose(world, "sally", "baseline", "prod")
    assert (again.status_code, again.get_json()["number"]) == (201, 2)
    assert says(world, "tom", "policies/2:settle", approved=True).status_code == 201
    assert propose(world, "sally", "baseline", "prod").get_json()["number"] == 3


def test_the_operator_begins_and_from_then_on_it_takes_people(world: World) -> None:
    body = {"files": FILES, "set": "baseline", "environments": ["prod"], "reason": "a beginning"}
    number = world.client.post("/v1/policies", json=body).get_json()["number"]
    world.clock.advance()
    assert world.client.post(f"/v1/policies/{number}:settle", json={"approved": True}).status_code == 201
    world.clock.advance()
    body["set"] = "slsa-build-l2"
    number = world.client.post("/v1/policies", json=body).get_json()["number"]
    world.clock.advance()
    assert world.client.post(f"/v1/policies/{number}:settle", json={"approved": True}).status_code == 403


def test_a_freeze_holds_until_it_is_lifted(world: World) -> None:
    start, end = world.now, instant.text(world.clock().replace(year=2027))
    freeze = {"freeze": "frz-1", "name": "Black Friday", "starts_at": start, "ends_at": end}
    where = {"environments": ["prod"], "services": ["*"]}
    assert says(world, "anna", "freezes", **freeze, **where).status_code == 403
    assert says(world, "rita", "freezes", **freeze, **where).status_code == 201
    assert says(world, "rita", "freezes", **freeze, **where).status_code == 200, "said twice, declared once"
    assert says(world, "rita", "freezes", **{**freeze, "name": "Other"}, **where).status_code == 409
    (known,) = asks(world, "freezes")["freezes"]
    assert known["holds"]
    held = world.now
    world.clock.advance()
    assert says(world, "rita", "freezes/frz-1:lift", reason="nobody came").status_code == 201
    assert not asks(world, "freezes")["freezes"][0]["holds"]
    assert asks(world, "freezes", as_of=held)["freezes"][0]["holds"]


def test_who_is_limited_to_staging_does_everything_there_and_nothing_elsewhere(world: World) -> None:
    for who in ("carl", "cora"):
        holder = {"issuer": SSO, "subject": who}
        agreed(world, grant={"role": "security", "holder": holder, "environments": ["staging"]})
    end = instant.text(world.clock().replace(year=2027))
    freeze = {"name": "Quiet", "starts_at": world.now, "ends_at": end, "services": ["*"]}
    waiver = {"rule": "BLD-001", "term": "*", "services": ["*"], "reason": "x", "ticket": "SEC-7"}
    for where, good in (("staging", True), ("prod", False), ("*", False)):
        boss, mate = ("carl", "cora") if good else ("sally", "carl")
        wanted = 201 if good else 403
        if where != "*":
            assert propose(world, "carl", "baseline", where).status_code == wanted
            number = propose(world, boss, "slsa-build-l2", where).get_json()["number"]
            assert says(world, mate, f"policies/{number}:settle", approved=True).status_code == wanted
        said = {**freeze, "environments": [where]}
        assert says(world, "carl", "freezes", freeze=f"a{good}".lower(), **said).status_code == wanted
        id_ = f"frz-{where}".replace("*", "all")
        assert says(world, boss, "freezes", freeze=id_, **said).status_code == 201
        assert says(world, mate, f"freezes/{id_}:lift", reason="over").status_code == wanted
        said = {**waiver, "environments": [where], "expires_at": end}
        assert says(world, "carl", "waivers", **{**said, "term": "mine"}).status_code == wanted
        number = says(world, boss, "waivers", **said).get_json()["number"]
        assert says(world, mate, f"waivers/{number}:approve").status_code == wanted
        assert says(world, mate, f"waivers/{number}:revoke", reason="over").status_code == wanted


def test_lists_of_the_law_come_in_pages_that_never_shift(world: World) -> None:
    end = instant.text(world.clock().replace(year=2027))
    freeze = {"name": "Quiet", "ends_at": end, "environments": ["prod"], "services": ["*"]}
    waiver = {
        "rule": "BLD-001",
        "environments": ["prod"],
        "services": ["*"],
        "reason": "x",
        "ticket": "SEC-7",
    }
    for number in range(3):
        assert propose(world, "sally", "baseline", f"env-{number}").status_code == 201
        said = {**freeze, "freeze": f"frz-{number}", "starts_at": world.now}
        assert says(world, "rita", "freezes", **said).status_code == 201
        said = {**waiver, "term": f"t-{number}", "expires_at": end}
        assert says(world, "rita", "waivers", **said).status_code == 201
    for name, key, wanted in (
        ("policies", "number", [3, 2, 1]),
        ("freezes", "freeze", ["frz-2", "frz-1", "frz-0"]),
        ("waivers", "number", [3, 2, 1]),
    ):
        first = asks(world, name, limit="2")
        assert propose(world, "sally", "baseline", f"env-{name}").status_code == 201
        then = asks(world, name, limit="2", cursor=first["next"])
        assert [each[key] for each in (*first[name], *then[name])] == wanted
        assert (then["next"], then["as_of"], then["ledger"]) == (None, first["as_of"], first["ledger"])


def test_a_waiver_is_asked_for_by_one_and_approved_by_others(world: World) -> None:
    end = instant.text(world.clock().replace(month=12))
    waiver = {
        "rule": "VULN-001",
        "term": "CVE-2026-10001",
        "environments": ["prod"],
        "services": ["payments-api"],
        "reason": "not reachable",
        "ticket": "SEC-7",
        "expires_at": end,
    }
    asked = says(world, "rita", "waivers", **waiver)
    assert asked.status_code == 201, asked.text
    number = asked.get_json()["number"]
    assert says(world, "rita", f"waivers/{number}:approve").status_code == 403
    assert says(world, "sally", f"waivers/{number}:approve").status_code == 201
    assert says(world, "sally", f"waivers/{number}:approve").status_code == 200, "said twice, counted once"
    assert says(world, "anna", f"waivers/{number}:approve", reason="seen").status_code == 201
    (known,) = asks(world, "waivers")["waivers"]
    assert [each["subject"] for each in known["approved_by"]] == ["sally", "anna"]
    assert known["state"] == "approved"
    before = world.now
    world.clock.advance()
    assert says(world, "sally", f"waivers/{number}:revoke", reason="mended").status_code == 201
    assert asks(world, "waivers")["waivers"][0]["state"] == "revoked"
    assert asks(world, "waivers", as_of=before)["waivers"][0]["state"] == "approved"
