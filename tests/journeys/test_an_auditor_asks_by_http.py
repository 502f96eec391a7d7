"""What an auditor does with nothing but HTTP: asks what ran, asks again later, checks the record alone."""

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import pytest
import securesystemslib.dsse
import securesystemslib.exceptions
import securesystemslib.signer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from in_toto.models import metadata  # type: ignore[import-untyped]  # it has no stubs and no marker
from werkzeug.test import TestResponse

from tests.http import world as worlds
from tests.http.world import FIRST, SECOND, Document, World, build, image, tell_story

securesystemslib_signer: Any = securesystemslib.signer  # it re-exports without saying so in its types
DSSE: Any = securesystemslib.dsse.Envelope
IN_TOTO: Any = metadata.Envelope


@pytest.fixture
def told(any_world: World) -> World:
    """A ledger that was told the story."""
    tell_story(any_world)
    any_world.clock.at = worlds.AFTER_THE_STORY
    return any_world


def ran(answer: Document) -> dict[tuple[str, str], int]:
    """Return which release ran in which slot, by an answer to what ran."""
    return {(each["service"], each["slot"]): each["release"]["number"] for each in answer["running"]}


def bytes_of(answer: TestResponse) -> tuple[bytes, str | None, str | None, str | None]:
    assert answer.status_code == 200, answer.text
    kept = answer.headers.get
    return answer.get_data(), kept("ETag"), kept("Cache-Control"), kept("Ledger-Head")


PAY, CANARY, SEARCH = ("payments-api", "main"), ("payments-api", "canary"), ("search-api", "main")


def test_what_ran_in_prod_at_each_hour(told: World) -> None:
    expected: dict[float, dict[tuple[str, str], int]] = {
        0.5: {SEARCH: 1},
        1.5: {SEARCH: 1, PAY: 1},
        2.5: {SEARCH: 1, PAY: 2},
        3.5: {SEARCH: 1, PAY: 3},
        4.5: {SEARCH: 1, PAY: 1, CANARY: 3},
        6.5: {SEARCH: 1, PAY: 1},
    }
    assert {
        hours: ran(told.answer("environments/prod/state", as_of=told.at(hours))) for hours in expected
    } == expected


def test_the_answer_names_commit_configuration_actor_and_what_was_seen(told: World) -> None:
    answer = told.answer("environments/prod/state", as_of=told.at(5.5), service="payments-api")
    main, canary = sorted(answer["running"], key=lambda each: str(each["slot"]), reverse=True)
    assert main["build"]["source"]["commit"] == FIRST
    assert main["build"]["artifacts"][0]["digest"] == image("ci/4711")
    assert (main["build"]["id"], main["build"]["label"], main["build"]["identity"]) == (
        "ci/4711",
        "v1",
        "reported",
    )
    assert main["config"]["version"] == 1
    deployment = main["deployment"]
    assert (deployment["id"], deployment["kind"], deployment["reason"]) == (
        "argo/994",
        "rollback",
        "payments time out",
    )
    assert deployment["actor"] == {
        "kind": "operator",
        "issuer": "shiplog:embedded",
        "subject": "operator",
    }
    assert (main["observed"], canary["observed"]) == ("match", "differs")
    early = told.answer("environments/prod/state", as_of=told.at(4.5), service="payments-api", slot="main")
    assert [each["observed"] for each in early["running"]] == ["not reported"]


def test_the_same_question_can_be_asked_of_a_service_and_of_everything(told: World) -> None:
    everywhere = told.answer("state", as_of=told.at(4.5))
    assert {(each["environment"], each["service"], each["slot"]) for each in everywhere["running"]} == {
        ("prod", *PAY),
        ("prod", *CANARY),
        ("prod", *SEARCH),
        ("staging", *PAY),
    }
    service = told.answer("services/payments-api/state", as_of=told.at(4.5))
    assert len(service["running"]) == len(everywhere["running"]) - 1
    names = told.answer("environments")
    assert (names["environments"], names["services"]) == (
        ["prod", "staging"],
        ["payments-api", "search-api"],
    )


def test_late_and_corrected_reports_change_what_is_known_later_and_never_what_was_known_earlier(
    told: World,
) -> None:
    position, instant = told.position, told.now
    told.clock.advance(60)
    questions = [
        ("environments/prod/state", {"as_of": told.at(2.5)}),
        ("environments/prod/state", {"as_of": told.at(3.5), "service": "payments-api"}),
        ("services/payments-api/state", {"as_of": told.at(2.5)}),
        ("state", {"as_of": told.at(3.5)}),
        ("environments/prod/diff", {"start": told.at(1.5), "end": told.at(3.5)}),
        ("environments/prod/diff", {"against": "staging", "as_of": told.at(3.5)}),
    ]
    listings = [
        ("services/payments-api/timeline", {}),
        ("environments/prod/changes", {}),
        ("environments/prod/changes/4", {}),
        ("targets/payments-api@prod/releases", {}),
        ("targets/payments-api@prod/releases/3", {}),
        ("where", {"name": SECOND[:8]}),
        ("who", {"name": SECOND[:8]}),
        (f"commits/{FIRST}", {}),
        (f"artifacts/{image('ci/4712')}", {}),
        ("environments", {}),
    ]
    clocks: tuple[dict[str, str], ...] = ({"known_at": f"position:{position}"}, {"known_at": instant})
    before = {
        (path, *asked.values(), *known.values()): told.ask(path, **asked, **known)
        for path, asked in questions + listings
        for known in clocks
    }
    kept = {question: bytes_of(answer) for question, answer in before.items()}
    was = [told.answer(path, **asked) for path, asked in questions[:2]]

    # A deployment of the second hour is reported five hours late,
    late = told.recorded(
        "deployments",
        service="payments-api",
        environment="prod",
        release=3,
        deployment="argo/late",
        occurred_at=told.at(2.25),
    )
    # and that of the third hour turns out to have been to another slot.
    wrong = told.answer("environments/prod/changes", start=told.at(3), end=told.at(3.5))["changes"][0]
    told.recorded(
        "corrections",
        of=wrong["position"],
        reason="it went to the second cell",
        replacement={
            "type": "deployment",
            "service": "payments-api",
            "environment": "prod",
            "slot": "cell-2",
            "release": 3,
            "occurred_at": told.at(3),
        },
    )

    for path, asked in questions + listings:
        for known in clocks:
            question = (path, *asked.values(), *known.values())
            answer = told.ask(path, **asked, **known)
            assert bytes_of(answer) == kept[question], question
    for path, asked in questions:
        for known in clocks:
            answer = told.ask(path, **asked, **known)
            tag = f'"{sha256(answer.get_data()).hexdigest()}"'
            assert answer.headers["ETag"] == tag
            assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
            again = told.ask(path, **asked, **known, holding=tag)
            assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    is_now = [told.answer(path, **asked) for path, asked in questions[:2]]
    assert [ran(answer)[PAY] for answer in was] == [2, 3]
    assert [ran(answer)[PAY] for answer in is_now] == [3, 3]
    assert ("payments-api", "cell-2") not in ran(was[1])
    assert ran(is_now[1])["payments-api", "cell-2"] == 3
    (main,) = [each for each in is_now[1]["running"] if each["slot"] == "main"]
    assert main["deployment"]["position"] == late["position"]


def test_answers_known_earlier_are_the_same_after_a_restart(told: World) -> None:
    known = {"as_of": told.at(4.5), "known_at": f"position:{told.position}"}
    kept = bytes_of(told.ask("state", **known))
    told.services.close()
    with worlds.opened(told.settings, at=worlds.AFTER_THE_STORY) as again:
        assert bytes_of(again.ask("state", **known)) == kept


def test_an_answer_that_could_still_change_is_not_kept(told: World) -> None:
    asked = {"as_of": told.at(4.5)}
    for query in ({}, asked, {"known_at": f"position:{told.position}"}):
        answer = told.ask("environments/prod/state", **query)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def test_every_answer_says_which_prefix_it_came_from(told: World) -> None:
    head = told.answer("ledger")["ledger"]
    answer = told.ask("environments/prod/state")
    assert answer.get_json()["ledger"] == head
    assert answer.headers["Ledger-Head"] == f'position={head["position"]}, digest="{head["digest"]}"'
    for path in (
        "environments",
        "state",
        "environments/prod/changes",
        "environments/prod/changes/1",
        f"environments/prod/diff?from={told.at(1)}",
        "services/payments-api/state",
        "services/payments-api/timeline",
        "targets/payments-api@prod/releases",
        "targets/payments-api@prod/releases/1",
        f"where?name={FIRST}",
        f"who?name={FIRST}",
        f"commits/{FIRST}",
        f"artifacts/{image('ci/4711')}",
        "events",
        "ledger",
    ):
        assert told.ask(path).headers["Ledger-Head"] == answer.headers["Ledger-Head"], path
    earlier = told.ask("environments/prod/state", known_at="position:8")
    assert earlier.headers["Ledger-Head"].startswith("position=8, ")
    row = told.answer("events", after=7, limit=1)["events"][0]
    assert earlier.get_json()["ledger"]["digest"] == row["digest"]
    assert earlier.get_json()["ledger"]["known_at"] == row["recorded_at"]


def test_the_timeline_of_a_service_is_every_interval_without_gaps(told: World) -> None:
    answer = told.answer("services/payments-api/timeline", environment="prod", slot="main")
    intervals = [
        (each["since"], each["until"], each["release"]["number"], each["deployment"]["kind"])
        for each in answer["intervals"]
    ]
    starts = [each[0] for each in intervals]
    assert [each[2:] for each in intervals] == [
        (1, "rollback"),
        (3, "deploy"),
        (2, "config"),
        (1, "deploy"),
    ]
    assert [each[1] for each in intervals] == [None, *starts[:-1]]
    canary = told.answer("services/payments-api/timeline", environment="prod", slot="canary")["intervals"]
    assert [each["release"] and each["release"]["number"] for each in canary] == [None, 3]
    assert canary[1]["until"] == canary[0]["since"]


def test_the_timeline_comes_in_pages_that_are_the_whole(told: World) -> None:
    whole = told.answer("services/payments-api/timeline")["intervals"]
    pages: list[Document] = []
    cursor: dict[str, str] = {}
    while True:
        page = told.answer("services/payments-api/timeline", limit=2, **cursor)
        pages += page["intervals"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages == whole
    within = {"start": told.at(2.5), "end": told.at(3.5), "environment": "prod"}
    numbers = [
        each["release"]["number"]
        for each in told.answer("services/payments-api/timeline", **within)["intervals"]
    ]
    assert numbers == [3, 2]


def test_changes_are_one_numbered_list_without_gaps_while_new_ones_arrive(told: World) -> None:
    first = told.answer("environments/prod/changes", limit=2)
    assert first["total"] == 7
    numbers = [each["number"] for each in first["changes"]]
    cursor = first["next"]
    for n in range(20):
        told.recorded(
            "deployments",
            service="payments-api",
            environment="prod",
            release=1 + n % 3,
            deployment=f"more/{n}",
        )
        if cursor is not None:
            page = told.answer("environments/prod/changes", limit=2, cursor=cursor)
            assert page["total"] == 7
            assert page["ledger"] == first["ledger"]
            numbers += [each["number"] for each in page["changes"]]
            cursor = page["next"]
    assert cursor is None
    assert numbers == [7, 6, 5, 4, 3, 2, 1]
    newest = told.answer("environments/prod/changes", limit=500)
    assert [each["number"] for each in newest["changes"]] == list(range(27, 0, -1))
    for each in newest["changes"]:
        one = told.answer(f"environments/prod/changes/{each['number']}")
        assert one["change"] == each
    positions = [each["position"] for each in newest["changes"]]
    assert positions == sorted(positions, reverse=True)


def test_the_population_of_a_quarter_is_what_occurred_in_it(told: World) -> None:
    hours = told.answer("environments/prod/changes", start=told.at(2), end=told.at(4))["changes"]
    assert [each["deployment"] for each in hours] == ["argo/993", "argo/992"]
    assert [each["topic"] for each in hours] == ["deployment-succeeded.v1"] * 2
    before = told.answer("environments/prod/changes", end=told.at(0))["changes"]
    assert [(each["service"], each["topic"]) for each in before] == [("search-api", "declared.v1")]


def test_a_corrected_change_stays_in_the_list_and_says_so(told: World) -> None:
    wrong = told.answer("environments/prod/changes/2")["change"]
    told.recorded("corrections", of=wrong["position"], reason="it never happened")
    after = told.answer("environments/prod/changes")
    assert after["changes"][-2]["corrected_by"] == told.position
    assert ran(told.answer("environments/prod/state", as_of=told.at(2.5)))[PAY] == 1


def test_two_instants_differ_by_what_was_done_between_them(told: World) -> None:
    answer = told.answer("environments/prod/diff", start=told.at(1.5), end=told.at(2.5))
    (changed,) = answer["differing"]
    assert (changed["service"], changed["contrast"], changed["kind"]) == ("payments-api", "changed", "config")
    assert (changed["before"]["config"]["version"], changed["after"]["config"]["version"]) == (1, 2)
    assert answer["same"] == 1
    back = told.answer("environments/prod/diff", start=told.at(3.5), end=told.at(4.5))
    assert {(each["slot"], each["contrast"], each["kind"]) for each in back["differing"]} == {
        ("main", "changed", "rollback"),
        ("canary", "added", "deploy"),
    }
    since = told.answer("environments/prod/diff", start=told.at(4.5))
    assert [(each["slot"], each["contrast"]) for each in since["differing"]] == [("canary", "removed")]
    assert since["after"]["as_of"] == told.now
    assert told.answer("environments/prod/diff", start=told.at(5), end=told.at(5))["differing"] == []


def test_two_environments_differ_by_build_and_configuration(told: World) -> None:
    answer = told.answer("environments/staging/diff", against="prod", as_of=told.at(3.5))
    assert {(each["service"], each["contrast"], each["kind"]) for each in answer["differing"]} == {
        ("payments-api", "changed", None),
        ("search-api", "added", None),
    }
    assert (answer["before"]["environment"], answer["after"]["environment"]) == ("staging", "prod")


@pytest.mark.parametrize(
    ("name", "kind", "releases"),
    [
        (SECOND, "commit", {("prod", 3)}),
        (SECOND[:8], "commit", {("prod", 3)}),
        (FIRST[:7], "commit", {("prod", 1), ("prod", 2), ("staging", 1)}),
        (image("ci/4712"), "artifact", {("prod", 3)}),
        (image("ci/4712")[:20], "artifact", {("prod", 3)}),
        ("payments-api/ci/4712", "build", {("prod", 3)}),
        ("payments-api@prod#3", "release", {("prod", 3)}),
        ("payments-api/ci/4713", "build", set()),
    ],
)
def test_where_something_ran_is_found_by_any_of_its_names(
    told: World, name: str, kind: str, releases: set[tuple[str, int]]
) -> None:
    answer = told.answer("where", name=name)
    assert answer["kind"] == kind
    assert {(each["environment"], each["number"]) for each in answer["releases"]} == releases
    where = {(each["environment"], each["slot"]) for each in answer["intervals"]}
    if ("prod", 3) in releases:
        assert where == {("prod", "main"), ("prod", "canary")}
        assert {each["until"] is None for each in answer["intervals"]} == {False}
    assert not answer["truncated"]


def test_a_release_and_a_configuration_are_found_by_digest(told: World) -> None:
    release = told.answer("targets/payments-api@prod/releases/3")["release"]
    for digest, kind in ((release["digest"], "release"), (release["config"]["digest"], "config")):
        answer = told.answer("where", name=digest)
        assert (answer["kind"], answer["name"]) == (kind, digest)
        assert release in answer["releases"]


def test_two_commits_that_begin_alike_are_told_apart_only_by_more_digits(told: World) -> None:
    build(told, "ci/4714", SECOND[:9] + "f" * 31)
    refused = told.ask("where", name=SECOND[:9])
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/ambiguous-name")
    assert told.answer("where", name=SECOND[:10])["name"] == SECOND


def test_a_digest_and_a_commit_have_pages_of_their_own(told: World) -> None:
    assert told.answer(f"commits/{SECOND}") == told.answer("where", name=SECOND)
    digest = image("ci/4711")
    assert told.answer(f"artifacts/{digest}") == told.answer("where", name=digest)
    nothing = told.ask(f"commits/{'0' * 40}")
    assert (nothing.status_code, nothing.get_json()["type"]) == (404, "/problems/nothing-found")


def test_who_built_released_and_ran_a_commit(told: World) -> None:
    answer = told.answer("who", name=SECOND[:8])
    assert [each["topic"] for each in answer["events"]] == [
        "build-recorded.v1",
        "release-cut.v1",
        "deployment-succeeded.v1",
        "deployment-succeeded.v1",
    ]
    assert {each["actor"]["subject"] for each in answer["events"]} == {"operator"}


def published_key(world: World) -> Any:
    """Return the ledger's public key as stock tools take it: named by the digest of its DER."""
    key = load_pem_public_key((world.settings.keys_folder / "ledger.pub.pem").read_bytes())
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return securesystemslib_signer.SSlibKey.from_crypto(key, keyid=sha256(der).hexdigest())


def exported(world: World) -> list[Document]:
    """Return every row of the ledger, page by page."""
    rows: list[Document] = []
    while page := world.answer("events", after=len(rows), limit=7)["events"]:
        rows += page
    return rows


def test_every_event_is_exported_and_verified_offline(told: World) -> None:
    key = published_key(told)
    rows = exported(told)
    assert [row["position"] for row in rows] == list(range(1, told.position + 1))
    envelopes = [told.ask(f"events/{row['position']}") for row in rows]
    heads: dict[str, tuple[int, str]] = {}
    instants: list[str] = []
    for row, answer in zip(rows, envelopes, strict=True):
        assert answer.mimetype == "application/vnd.dsse.envelope.v1+json"
        assert answer.headers["Cache-Control"].endswith("immutable")
        envelope = DSSE.from_dict(answer.get_json())
        assert list(envelope.verify([key], 1)) == [key.keyid]
        IN_TOTO.from_dict(answer.get_json()).verify_signature({"keyid": key.keyid, **key.to_dict()})
        statement = json.loads(b64decode(answer.get_json()["payload"]))
        predicate = statement["predicate"]
        assert b64decode(row["payload"]) == envelope.payload
        assert row["digest"] == "sha256:" + sha256(envelope.pae()).hexdigest()
        assert (predicate["position"], predicate["stream"]) == (row["position"], row["stream"])
        version, head = heads.get(row["stream"], (0, None))
        assert (predicate["version"], predicate["previous"]) == (version + 1, head)
        heads[row["stream"]] = (row["version"], row["digest"])
        instants.append(predicate["recorded_at"])
        assert statement["subject"]
    assert instants == sorted(set(instants))
    assert told.answer("ledger")["ledger"]["digest"] == rows[-1]["digest"]


def test_an_envelope_with_one_other_byte_does_not_verify(told: World) -> None:
    key = published_key(told)
    document = told.ask("events/9").get_json()
    payload = b64decode(document["payload"]).replace(b"prod", b"prob", 1)
    document["payload"] = b64encode(payload).decode()
    envelope = DSSE.from_dict(document)
    with pytest.raises(securesystemslib.exceptions.VerificationError):
        envelope.verify([key], 1)


def test_a_release_says_what_it_is_made_of(told: World) -> None:
    answer = told.answer("targets/payments-api@prod/releases")
    assert [each["number"] for each in answer["releases"]] == [3, 2, 1]
    joined = [(each["build"]["id"], each["config"]["version"]) for each in answer["releases"]]
    assert joined == [("ci/4712", 1), ("ci/4711", 2), ("ci/4711", 1)]
    page = told.answer("targets/payments-api@prod/releases", limit=2)
    rest = told.answer("targets/payments-api@prod/releases", limit=2, cursor=page["next"])
    assert page["releases"] + rest["releases"] == answer["releases"]
    assert rest["next"] is None


def test_what_was_not_known_yet_is_not_shown(told: World) -> None:
    early = told.ask("services/search-api/state", known_at="position:10", as_of=told.at(-1))
    assert (early.status_code, early.get_json()["type"]) == (404, "/problems/unknown-service")
    assert ran(told.answer("services/search-api/state", as_of=told.at(-1))) == {SEARCH: 1}
