"""What someone who may hand in evidence, or runs a Sigstore of their own, can make of provenance: nothing."""

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.builders import digest
from tests.http.world import Document, World
from tests.mini_sigstore import CLAIMS, Leaf, MiniSigstore, p256, pem, statement
from tests.mini_sigstore_bundles import attested, raw
from tests.mini_sigstore_log import b64

ARTIFACT = digest("app").hex
GENERATOR = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows"
GO = f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0"
OURS, THEIRS = "https://github.com/acme/app", "https://github.com/mallory/app"
TABLE = (files("policies") / "builders" / "default.json").read_text()
EXPECTED = {"source": OURS, "level": 3}


def provenance(source: str = OURS, builder: str = GO, artifact: str = ARTIFACT, **more: Any) -> bytes:
    predicate = {
        "buildDefinition": {
            "buildType": "https://ci.example/type/v1",
            "externalParameters": more,
            "resolvedDependencies": [{"uri": f"git+{source}@refs/heads/main"}],
        },
        "runDetails": {"builder": {"id": builder}},
    }
    return statement([{"name": "app", "digest": {"sha256": artifact}}], predicate=predicate)


def leaf(mini: MiniSigstore, source: str = OURS, identity: str = GO) -> Leaf:
    return mini.leaf(identity=identity, claims={**CLAIMS, 12: source})


def bundle(mini: MiniSigstore, source: str = OURS, **more: Any) -> bytes:
    """The provenance of one more run, by the Go builder of slsa-github-generator."""
    return json.dumps(attested(mini, provenance(source, **more), signer=leaf(mini, source))).encode()


@pytest.fixture(scope="module")
def mini() -> MiniSigstore:
    return MiniSigstore()


@pytest.fixture
def trusting(world: World, mini: MiniSigstore) -> World:
    """A ledger that takes the miniature for Sigstore's public instance."""
    world.clock.advance(3600)
    said(world, "builders", content=TABLE)
    said(world, "roots", **root(mini), instance="public-good")
    return world


def root(mini: MiniSigstore) -> Document:
    return {"kind": "sigstore", "name": "mini", "content": mini.trusted_root().decode()}


def said(world: World, noun: str, **body: Any) -> Document:
    """Say something new about trust; a second passes."""
    answer = world.client.post(f"/v1/trust/{noun}", json=body)
    world.clock.advance()
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def sent(world: World, content: bytes, **query: Any) -> Document:
    answer = world.client.post(
        "/v1/evidence", data=content, query_string=query, content_type="application/json"
    )
    world.clock.advance()
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json()["evidence"])


def check(world: World, expected: Document = EXPECTED, **query: Any) -> Document:
    path = f"/v1/artifacts/sha256:{ARTIFACT}:check-provenance"
    answer = world.client.post(path, json=expected, query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def failing(answer: Document) -> list[str]:
    return [each["name"] for each in answer["judged"][0]["checks"] if not each["held"]]


# -- a Sigstore of one's own


@pytest.mark.parametrize(("more", "level"), [({}, 1), ({"instance": "acme"}, 1), ({"instance": "github"}, 2)])
def test_another_instance_can_write_any_workflow_and_reaches_no_level_by_it(
    trusting: World, more: Document, level: int
) -> None:
    private = MiniSigstore()
    said(trusting, "roots", **root(private), **more)
    sent(trusting, bundle(private))
    answer = check(trusting)
    assert (answer["verdict"], answer["judged"][0]["level"]) == ("not-held", level)
    assert "level" in failing(answer)
    sent(trusting, bundle(private, run=2))
    assert check(trusting)["verdict"] == "not-held"


def test_the_instance_and_the_root_can_be_asked_for(trusting: World, mini: MiniSigstore) -> None:
    name = check(trusting)["builders"]
    assert name == f"sha256:{digest_of(TABLE)}"
    sent(trusting, bundle(mini))
    of = trusting.answer("trust/roots")["roots"][0]["root"]
    assert check(trusting, {**EXPECTED, "instance": "public-good", "root": of})["verdict"] == "held"
    for asked in ({"instance": "github"}, {"root": "sha256:" + "5f" * 32}):
        assert failing(check(trusting, {**EXPECTED, **asked})) == list(asked)


def digest_of(text: str) -> str:
    return digest(text).hex


# -- many of one, and many of others


def test_copies_of_other_provenance_hide_none_that_holds(trusting: World, mini: MiniSigstore) -> None:
    sent(trusting, bundle(mini))
    theirs = bundle(mini, THEIRS, run=1)
    sent(trusting, b"\n".join([theirs] * 60))
    for spaces in range(1, 4):
        sent(trusting, theirs + b" " * spaces)
    by_run: Document = {"parameters": {}}
    for expected in (EXPECTED, by_run):
        answer = check(trusting, expected)
        assert (answer["verdict"], answer["truncated"], len(answer["judged"])) == ("held", False, 2)
    assert check(trusting, {"source": THEIRS})["verdict"] == "held"


def test_provenance_by_others_hides_none_that_holds(trusting: World, mini: MiniSigstore) -> None:
    sent(trusting, bundle(mini))
    for batch in range(2):
        sent(trusting, b"\n".join(bundle(mini, THEIRS, run=f"{batch}/{run}") for run in range(40)))
    for expected in (EXPECTED, {"repository_id": "1001", "commit": "a" * 40, "source": OURS}):
        answer = check(trusting, expected)
        assert (answer["verdict"], answer["truncated"]) == ("held", False)
    assert len(answer["judged"]) == 50


def test_what_is_not_provenance_hides_none(trusting: World, mini: MiniSigstore) -> None:
    sent(trusting, bundle(mini))
    other = statement(
        [{"name": "app", "digest": {"sha256": ARTIFACT}}],
        predicateType="https://in-toto.io/attestation/test-result/v0.1",
        predicate={"result": "PASSED", "configuration": []},
    )
    sent(trusting, b"\n".join(json.dumps(attested(mini, other)).encode() for _ in range(60)))
    sent(trusting, b'{"bomFormat":"CycloneDX"}', **{"for": f"sha256:{ARTIFACT}"})
    assert check(trusting)["verdict"] == "held"


def test_where_there_is_more_than_is_looked_at_the_answer_says_so(
    trusting: World, mini: MiniSigstore
) -> None:
    sent(trusting, bundle(mini))
    sent(trusting, b"\n".join(bundle(mini, run=run) for run in range(60)))
    expected = {**EXPECTED, "parameters": {}}
    answer = check(trusting, expected)
    assert (answer["verdict"], answer["truncated"], len(answer["judged"])) == ("not-held", True, 50)
    assert check(trusting, {**EXPECTED, "parameters": {"run": 17}})["verdict"] == "held"


def test_of_a_piece_that_was_stamped_again_the_earliest_time_counts(
    trusting: World, mini: MiniSigstore
) -> None:
    key = p256()
    said(trusting, "roots", kind="key", name="ours", content=pem(key).decode(), log=root_of(trusting))
    first = attested(mini, provenance(), signer=key)
    token = b64(mini.stamp(raw(first["dsseEnvelope"]["signatures"][0]["sig"]), at=trusting.clock()))
    stamped = {
        "tlogEntries": [],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": token}]},
    }
    again = {**first, "verificationMaterial": {**first["verificationMaterial"], **stamped}}
    trusting.clock.advance(60)
    found = sent(trusting, json.dumps(again).encode())
    assert found["verifications"][0]["times"][0]["source"] == "rfc3161"
    sent(trusting, json.dumps(first).encode())
    said(trusting, "distrusted", key=root_of(trusting), reason="stolen", **{"from": "2026-03-01T12:30:00Z"})
    (judged,) = check(trusting, {"build_types": ["https://ci.example/type/v1"]})["judged"]
    assert {each["name"]: each["held"] for each in judged["checks"]}["distrusted"]


def root_of(world: World) -> str:
    return str(world.answer("trust/roots")["roots"][0]["root"])


# -- what is taken back


def test_a_root_that_is_withdrawn_counts_for_what_was_recorded_before(
    trusting: World, mini: MiniSigstore
) -> None:
    sent(trusting, bundle(mini))
    before = f"position:{trusting.position}"
    when = trusting.now
    held = check(trusting)
    trusting.clock.advance(60)
    sent(trusting, bundle(mini, run="after the break-in"))
    of = root_of(trusting)
    said(trusting, "withdrawn", root=of, reason="broken into", **{"from": when})

    # The root's own clock says noon for both; ours knows better.
    newest, oldest = sorted(check(trusting)["judged"], key=lambda each: each["held"])
    assert (newest["held"], oldest["held"]) == (False, True)
    (found,) = [each for each in newest["checks"] if not each["held"]]
    assert (found["name"], found["found"]) == ("withdrawn", f"since {when}: broken into")

    # Nothing more is verified with it, and all of it is void when it is withdrawn from before.
    assert sent(trusting, bundle(mini, run=3))["refusals"][0]["reason"] == "no-anchor"
    said(trusting, "withdrawn", root=of, reason="never ours", **{"from": "2026-01-01T00:00:00Z"})
    assert (check(trusting)["verdict"], failing(check(trusting))) == ("not-held", ["withdrawn"])
    assert check(trusting, known_at=before) == held
    shown = trusting.answer("trust/roots")["roots"][0]["withdrawn"]
    assert (shown["from"], shown["reason"]) == ("2026-01-01T00:00:00Z", "never ours")
    content = trusting.client.get(f"/v1/trust/roots/{of}/content")
    assert content.get_data() == mini.trusted_root()

    # Imported again, it counts again.
    said(trusting, "roots", **root(mini), instance="public-good")
    assert check(trusting)["verdict"] == "held"


def test_a_key_whose_span_is_narrowed_no_longer_counts_for_what_is_outside(
    trusting: World, mini: MiniSigstore
) -> None:
    key = p256()
    own: Document = {"kind": "key", "name": "ours", "content": pem(key).decode(), "log": root_of(trusting)}
    said(trusting, "roots", **own)
    sent(trusting, json.dumps(attested(mini, provenance(), signer=key)).encode())
    expected = {"build_types": ["https://ci.example/type/v1"]}
    assert failing(check(trusting, expected)) == ["builder"]
    known = f"position:{trusting.position}"
    said(trusting, "roots", **own, valid_from="2026-03-01T12:00:01Z")
    assert failing(check(trusting, expected)) == ["builder", "key_in_use"]
    assert failing(check(trusting, expected, known_at=known)) == ["builder"]
    said(trusting, "roots", **own, valid_until="2026-03-01T12:00:00Z")
    assert failing(check(trusting, expected)) == ["builder"]


def test_the_table_of_builders_is_the_one_that_was_in_force(trusting: World, mini: MiniSigstore) -> None:
    sent(trusting, bundle(mini))
    before = f"position:{trusting.position}"
    held = check(trusting)
    row = {"signer": GO.partition("@")[0], "instance": "public-good", "unasked": True, "level": 2}
    lower = json.dumps({"builders": [row]})
    said(trusting, "builders", content=lower, source="by hand")
    answer = check(trusting)
    assert (failing(answer), answer["builders"]) == (["level"], f"sha256:{digest_of(lower)}")
    assert check(trusting, known_at=before) == held
    for known, table in ((None, lower), (before, TABLE)):
        query = None if known is None else {"known_at": known}
        assert trusting.client.get("/v1/trust/builders", query_string=query).get_data(as_text=True) == table
    assert trusting.client.get("/v1/trust/builders?known_at=position:1").status_code == 404
    assert check(trusting, known_at="position:1")["builders"] is None


def test_without_a_table_no_builder_counts(world: World, mini: MiniSigstore) -> None:
    world.clock.advance(3600)
    said(world, "roots", **root(mini), instance="public-good")
    sent(world, bundle(mini))
    answer = check(world, {"source": OURS, "builder": GO})
    assert (answer["builders"], failing(answer), answer["judged"][0]["level"]) == (None, ["builder"], 1)


def test_what_is_no_table_is_refused(trusting: World) -> None:
    for content in ("{}", '{"builders": [{"signer": "https://github.com/*", "level": 3}]}'):
        answer = trusting.client.post("/v1/trust/builders", json={"content": content})
        assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/unusable-builders")
    again = trusting.client.post("/v1/trust/builders", json={"content": TABLE})
    assert (again.status_code, again.get_json()["existing"]) == (200, True)
