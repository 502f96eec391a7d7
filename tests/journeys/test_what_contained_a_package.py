"""A disclosure: which running release contained jinja2 before 3.1.3, from when to when, and who can tell?"""

from pathlib import Path
from typing import Any

import pytest

from api.cli import clock
from tests.builders import NOON, Clock
from tests.cli.running import Shell
from tests.http.world import FIRST, SECOND, THIRD, Document, World, build, image
from tests.sbom_story import Builder, handed_in, listing, plain

PROD = {"service": "payments-api", "environment": "prod"}
JINJA2 = "pkg:pypi/jinja2"
VULNERABLE = f"{JINJA2}@<3.1.3"


def later(world: World, hours: float) -> None:
    world.clock.advance(hours * 3600)


def runs(world: World, name: str, commit: str) -> Document:
    """Build, release and deploy; an hour passes."""
    build(world, name, commit)
    if not world.answer("state")["running"]:
        world.recorded("configs", **PROD, entries={"LOG_LEVEL": {"value": "info"}})
    cut = world.recorded("releases", **PROD, build=name)
    told = world.recorded("deployments", **PROD, release=cut["release"])
    later(world, 1)
    return told


def asked(world: World, question: str = VULNERABLE, **query: Any) -> Document:
    return world.answer("components", purl=question, **query)


def shape(rows: list[Document]) -> list[tuple[int, bool]]:
    return [(each["release"]["number"], each["verified"]) for each in rows]


def unknown(answer: Document) -> list[tuple[int, str]]:
    return [(each["release"]["number"], each["lacking"][0]["why"]) for each in answer["unlisted"]]


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def disclosed(any_world: World, builder: Builder) -> World:
    """Release 1 has a verified SBOM with 3.1.2, release 2 one with 3.1.3, release 3 none."""
    world = any_world
    builder.is_trusted_by(world)
    handed_in(world, builder.attests(image("ci/1"), listing(jinja2="3.1.2", flask="3.0.0")))
    runs(world, "ci/1", FIRST)
    runs(world, "ci/2", SECOND)
    handed_in(world, builder.attests(image("ci/2"), listing(jinja2="3.1.3", flask="3.0.0")))
    runs(world, "ci/3", THIRD)
    return world


def test_where_a_vulnerable_version_ran_and_where_nobody_can_tell(disclosed: World) -> None:
    answer = asked(disclosed, environment="prod")
    (found,) = answer["intervals"]
    assert shape([found]) == [(1, True)]
    assert found["since"] < found["until"]
    (listed,) = found["listings"]
    assert (listed["component"], listed["artifact"]) == (f"{JINJA2}@3.1.2", image("ci/1"))
    assert (unknown(answer), answer["unlisted_truncated"]) == ([(3, "none")], False)
    for question in (f"{JINJA2}@3.1.2", f"{JINJA2}@vers:pypi/>=3|<3.1.3", f"{JINJA2}@>=3.1.2,<3.1.3"):
        assert asked(disclosed, question)["intervals"] == [found], question
    assert shape(asked(disclosed, JINJA2)["intervals"]) == [(2, True), (1, True)]
    assert asked(disclosed, f"{JINJA2}@9")["intervals"] == []


def test_only_what_ran_between_two_dates_is_told(disclosed: World) -> None:
    (first,) = asked(disclosed)["intervals"]
    since, until = first["since"], first["until"]
    assert asked(disclosed, end=since)["intervals"] == []
    assert asked(disclosed, start=until)["intervals"] == []
    assert unknown(asked(disclosed, end=until)) == []
    assert asked(disclosed, start=since, end=until)["intervals"] == [first]
    within = disclosed.at(0.5)
    assert since < within < until
    assert asked(disclosed, start=within, end=disclosed.at(0.6))["intervals"] == [first]


def test_a_late_sbom_is_not_known_earlier(disclosed: World, builder: Builder) -> None:
    before = {"known_at": f"position:{disclosed.position}"}
    then = disclosed.ask("components", purl=VULNERABLE, **before).get_data()
    handed_in(disclosed, builder.attests(image("ci/3"), listing(jinja2="3.0.0")))
    now = asked(disclosed)
    assert (shape(now["intervals"]), unknown(now)) == ([(3, True), (1, True)], [])
    assert disclosed.ask("components", purl=VULNERABLE, **before).get_data() == then
    position = now["intervals"][0]["deployment"]["position"]
    verified = disclosed.position
    for known, seen in ((verified - 1, [(1, True)]), (verified, [(3, True), (1, True)])):
        assert shape(asked(disclosed, known_at=f"position:{known}")["intervals"]) == seen
    assert asked(disclosed, known_at=f"position:{position - 1}")["intervals"][0]["release"]["number"] == 1


def test_what_a_reporter_claims_is_told_as_a_claim(disclosed: World) -> None:
    handed_in(disclosed, plain(jinja2="2.11.0"), image("ci/3"))
    answer = asked(disclosed)
    assert shape(answer["intervals"]) == [(3, False), (1, True)]
    assert unknown(answer) == [(3, "claimed")]


def test_a_signature_that_nobody_trusts_lists_nothing(disclosed: World) -> None:
    handed_in(disclosed, Builder().attests(image("ci/3"), listing(jinja2="3.0.0")), image("ci/3"))
    answer = asked(disclosed)
    assert (shape(answer["intervals"]), unknown(answer)) == ([(1, True)], [(3, "none")])


def test_an_attestation_that_lists_nothing_readable_is_unknown_and_not_empty(
    disclosed: World, builder: Builder
) -> None:
    handed_in(disclosed, builder.attests(image("ci/3"), {"bomFormat": "CycloneDX", "specVersion": "9"}))
    assert unknown(asked(disclosed)) == [(3, "unreadable")]
    inside = disclosed.answer(f"artifacts/{image('ci/3')}/components")
    assert (inside["read"], inside["components"]) == (None, [])
    assert "expected one of" in inside["unreadable"][0]["why"]


def test_pages_go_on_where_they_ended(disclosed: World) -> None:
    whole = asked(disclosed, JINJA2)
    first = asked(disclosed, JINJA2, limit=1)
    second = asked(disclosed, JINJA2, limit=1, cursor=first["next"])
    assert first["intervals"] + second["intervals"] == whole["intervals"]
    assert (first["unlisted"], second["unlisted"], second["next"]) == (whole["unlisted"], [], None)


def test_when_nobody_looked_is_told_beside_what_contained_it(disclosed: World) -> None:
    whole = asked(disclosed, JINJA2)
    assert (whole["unknown"], whole["unknown_truncated"]) == ([], False)
    (second, first), began = whole["intervals"], {"environment": "prod", "reporter": "agent"}
    disclosed.recorded("heartbeats", **began, every=60, occurred_at=first["since"])
    disclosed.recorded("heartbeats", **began, every=0, occurred_at=second["since"])
    whole = asked(disclosed, JINJA2)
    assert whole["intervals"] == [second, first]
    (gap,) = whole["unknown"]
    assert first["since"] < gap["from"] < gap["to"] == second["since"]
    assert asked(disclosed, JINJA2, start=second["since"])["unknown"] == []
    assert asked(disclosed, JINJA2, end=gap["from"])["unknown"] == []
    assert asked(disclosed, JINJA2, start=gap["from"], end=second["since"])["unknown"] == [gap]

    pages = [asked(disclosed, JINJA2, limit=1)]
    later(disclosed, 1)
    pages.append(asked(disclosed, JINJA2, limit=1, cursor=pages[0]["next"]))
    assert [page["as_of"] for page in pages] == [whole["as_of"]] * 2
    assert [page["unknown"] for page in pages] == [[], [gap]]
    # An environment that is asked about is told of also where nothing contained it.
    none = asked(disclosed, f"{JINJA2}@9", environment="prod", start=disclosed.at(-2), end=disclosed.at(-1))
    assert (none["intervals"], [each["from"] for each in none["unknown"]]) == ([], [None])


@pytest.mark.parametrize("question", ["jinja2", "pkg:pypi/jinja2@*", "pkg:pypi/jinja2@^3"])
def test_a_question_that_is_none_is_refused(disclosed: World, question: str) -> None:
    answer = disclosed.ask("components", purl=question)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/unclear-component")


def test_a_package_that_nobody_lists_is_told_from_one_that_did_not_run(disclosed: World) -> None:
    assert not asked(disclosed, "pkg:pypi/jnja2")["listed"]
    assert asked(disclosed, f"{JINJA2}@9")["listed"]


def test_what_is_inside_an_artifact(disclosed: World) -> None:
    path = f"artifacts/{image('ci/1')}/components"
    answer = disclosed.answer(path)
    assert [each["component"] for each in answer["components"]] == [f"{JINJA2}@3.1.2", "pkg:pypi/flask@3.0.0"]
    assert (answer["read"]["verified"], answer["read"]["total"]) == (True, 2)
    pages = [disclosed.answer(path, limit=1)]
    pages.append(disclosed.answer(path, limit=1, cursor=pages[0]["next"]))
    assert [each for page in pages for each in page["components"]] == answer["components"]
    handed_in(disclosed, plain(requests="2.0.0"), image("ci/1"))
    both = disclosed.answer(path)
    assert [each["verified"] for each in both["sboms"]] == [True, False]
    claimed = disclosed.answer(path, evidence=both["sboms"][1]["evidence"])
    assert [each["component"] for each in claimed["components"]] == ["pkg:pypi/requests@2.0.0"]
    assert disclosed.answer(path, known_at=f"position:{disclosed.position - 1}")["sboms"] == answer["sboms"]


def test_by_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", ticking := Clock(NOON))
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    shiplog = Shell(ticking, monkeypatch)
    shiplog.done("init", "--no-trust-root")
    artifacts = [f"sha256:{digit * 64}" for digit in "ab"]
    source = ("--repository", "https://git.example/app", "--commit", FIRST)
    shiplog.done("record", "config", "app@prod", "--set", "LOG_LEVEL=info")
    for number, artifact in enumerate(artifacts, 1):
        name = f"ci/{number}"
        shiplog.done("record", "build", "app", "--build", name, *source, "--artifact", f"app={artifact}")
        shiplog.done("release", "cut", "app@prod", "--build", name)
        shiplog.done("record", "deployment", "app@prod", "--release", str(number))
        ticking.advance(3600)
    (tmp_path / "sbom.json").write_bytes(plain(jinja2="3.1.2"))
    shiplog.done("record", "evidence", str(tmp_path / "sbom.json"), "--for", artifacts[0])

    ran = shiplog.done("where", VULNERABLE, "--environment", "prod", "-o", "csv")
    rows = [line.split(",") for line in ran.out.splitlines()]
    told = [(row[3], row[7], row[8]) for row in rows]
    assert told == [
        ("release", "contains", "sbom"),
        ("v2", "unknown", "no SBOM"),
        ("v1", f"{JINJA2}@3.1.2", "claimed"),
    ]
    assert "2 without a verified SBOM" in ran.err
    assert "check the spelling" in shiplog.done("where", "pkg:pypi/jnja2").err
    assert shiplog("where", FIRST, "--environment", "prod").code == 2

    inside = shiplog.done("components", artifacts[0], "-o", "csv")
    assert inside.out.splitlines() == [
        "name,version,component,kind,scope,licences",
        f"jinja2,3.1.2,{JINJA2}@3.1.2,library,,",
    ]
    assert "claimed only" in inside.err
    assert "unknown" in shiplog.done("components", artifacts[1]).err
