"""Evidence comes in before its build, is verified as it comes in, and is held against expectations."""

import base64
import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from api.cli import clock
from tests.builders import NOON, Clock
from tests.cli.running import Ran, Shell
from tests.corpus import cases
from tests.http.world import FIRST, Document, World
from tests.mini_sigstore import CLAIMS, IDENTITY, MiniSigstore, p256, pae, pem, sign, statement
from tests.mini_sigstore_bundles import DIGESTS, attested

ARTIFACT = f"sha256:{DIGESTS['sha256']}"
BUILDER = "https://github.com/acme/app/.github/workflows/build.yml"
SOURCE = "https://github.com/acme/app"
TAG = "v1.2.3"
TABLE = (files("policies") / "builders" / "default.json").read_text()


def provenance(artifact: str = DIGESTS["sha256"]) -> bytes:
    """SLSA provenance of the artifact, as the workflow of the miniature tells it."""
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": f"refs/tags/{TAG}"}},
            "resolvedDependencies": [{"uri": f"git+{SOURCE}@refs/tags/{TAG}"}],
        },
        "runDetails": {"builder": {"id": IDENTITY}},
    }
    return statement([{"name": "app.tar.gz", "digest": {"sha256": artifact}}], predicate=predicate)


@pytest.fixture(scope="module")
def sigstore() -> MiniSigstore:
    return MiniSigstore()


@pytest.fixture(scope="module")
def bundle(sigstore: MiniSigstore) -> bytes:
    tagged = {14: f"refs/tags/{TAG}"}
    return json.dumps(
        attested(sigstore, provenance(), signer=sigstore.leaf(claims={**CLAIMS, **tagged}))
    ).encode()


def tampered(bundle: bytes) -> bytes:
    """The same bundle about another artifact."""
    document = json.loads(bundle)
    payload = provenance("0" * 64)
    document["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    return json.dumps(document).encode()


@pytest.fixture
def shiplog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell with a ledger that trusts nobody yet."""
    monkeypatch.setattr(clock, "now", ticking := Clock(NOON))
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    shell = Shell(ticking, monkeypatch)
    shell.done("init", "--no-trust-root")
    ticking.advance(3600)
    return shell


def check(shiplog: Shell, *expected: str, known_at: str | None = None) -> Ran:
    told = [part for each in expected for part in ("--expect", each)]
    known = () if known_at is None else ("--known-at", known_at)
    return shiplog("check", "provenance", ARTIFACT, *told, *known, "-o", "csv")


EXPECTED = (f"source={SOURCE}", f"tag={TAG}", f"builder={BUILDER}")


def test_from_a_trusted_root_to_a_verdict_by_command_line(
    shiplog: Shell, tmp_path: Path, sigstore: MiniSigstore, bundle: bytes
) -> None:
    paths = {name: tmp_path / name for name in ("root.json", "newer.json", "app.sigstore.json", "bad.json")}
    paths["root.json"].write_bytes(sigstore.trusted_root())
    paths["newer.json"].write_bytes(sigstore.trusted_root() + b"\n")
    paths["app.sigstore.json"].write_bytes(bundle)
    paths["bad.json"].write_bytes(tampered(bundle))
    root, newer, evidence, bad = map(str, paths.values())

    # Nothing is trusted, so nothing can be said.
    shiplog.done("trust", "import", root, "--name", "miniature", "--instance", "public-good")
    assert check(shiplog, *EXPECTED).code == 14

    # The evidence comes before the build it speaks about.
    recorded = shiplog.done("record", "evidence", evidence, "--for", ARTIFACT, "-o", "json").json[0]
    assert recorded["recorded"]["topic"] == "evidence-admitted.v1"
    (found,) = recorded["evidence"]["verifications"]
    assert (found["engine"], found["signer"]["identity"]) == ("sigstore", IDENTITY)
    assert (found["signer"]["claims"]["source_repository_id"], found["times"][0]["source"]) == ("1001", "log")
    source = ("--repository", SOURCE, "--commit", FIRST)
    shiplog.done("record", "build", "app", "--build", "ci/1", *source, "--artifact", f"app={ARTIFACT}")

    # What held, and what did not.
    held = check(shiplog, *EXPECTED)
    assert held.code == 0, held.out
    assert "level 2" in held.err
    hints = [check(shiplog, *asked).err.count("anybody's provenance") for asked in (EXPECTED, EXPECTED[1:])]
    assert hints == [0, 1]
    not_held = check(shiplog, f"source={SOURCE}", "tag=v1.2.4", f"builder={BUILDER}")
    assert not_held.code == 13
    assert "NO,tag,v1.2.4,v1.2.3" in not_held.out
    assert check(shiplog, *EXPECTED, "parameter.workflow.ref=refs/tags/v1.2.3").code == 0
    assert check(shiplog, *EXPECTED, "parameter.workflow.path=x").code == 13

    # The same evidence twice is one; a tampered one is refused, and that is on record.
    again = shiplog.done("record", "evidence", evidence, "-o", "json").json[0]
    assert again["recorded"]["existing"]
    assert again["evidence"] == recorded["evidence"]
    refused = shiplog("record", "evidence", bad, "-o", "csv")
    assert (refused.code, "bad-signature" in refused.out) == (13, True)
    listed = shiplog.done("evidence", "list", ARTIFACT, "-o", "json").json
    assert [each["digest"] for each in listed["evidence"]] == [recorded["evidence"]["digest"]]

    # A newer root: a new verification, beside the old.
    before = f"position:{listed['ledger']['position']}"
    shiplog.done("trust", "import", newer, "--instance", "public-good")
    assert shiplog.done("evidence", "verify", "-o", "json").json == {
        "looked_at": 2,
        "recorded": 2,
        "lost": [],
    }
    assert shiplog.done("evidence", "verify", "-o", "json").json == {
        "looked_at": 2,
        "recorded": 0,
        "lost": [],
    }
    digest = recorded["evidence"]["digest"]
    now = shiplog.done("evidence", "show", digest, "-o", "json").json["evidence"]
    assert now["verifications"][0] == found
    assert {each["root"] for each in now["verifications"]} == {
        each["root"] for each in shiplog.done("trust", "list", "-o", "json").json["roots"]
    }

    # The signer turns out to have been taken over; what was known before stays known.
    when = ("--from", "2026-03-01T00:00Z", "--reason", "the workflow was taken over")
    shiplog.done("trust", "distrust", IDENTITY, *when)
    assert check(shiplog, *EXPECTED).code == 13
    assert check(shiplog, *EXPECTED, known_at=before).code == 0
    assert check(shiplog, *EXPECTED, known_at=before).out == held.out
    assert check(shiplog, *EXPECTED, known_at="position:2").code == 14
    then = shiplog.done("evidence", "show", digest, "--known-at", before, "-o", "json").json["evidence"]
    assert then == recorded["evidence"]
    assert shiplog.done("verify").code == 0


def test_a_distrust_from_later_on_leaves_what_was_signed_before(
    shiplog: Shell, tmp_path: Path, sigstore: MiniSigstore, bundle: bytes
) -> None:
    for name, content in (("root.json", sigstore.trusted_root()), ("bundle.json", bundle)):
        (tmp_path / name).write_bytes(content)
    shiplog.done("trust", "import", str(tmp_path / "root.json"), "--instance", "public-good")
    shiplog.done("record", "evidence", str(tmp_path / "bundle.json"))
    when = ("--from", "2026-03-01T12:00:01Z", "--reason", "left")
    shiplog.done("trust", "distrust", IDENTITY, *when)
    assert check(shiplog, *EXPECTED).code == 0
    shiplog.done(
        "trust",
        "distrust",
        IDENTITY,
        "--issuer",
        "https://another.example",
        *when[2:],
        *when[:1],
        "2026-01-01T00:00Z",
    )
    assert check(shiplog, *EXPECTED).code == 0


def sent(world: World, content: bytes, **query: Any) -> Document:
    """Hand in *content*, which must be new; a second passes."""
    answer = world.client.post(
        "/v1/evidence", data=content, query_string=query, content_type="application/json"
    )
    world.clock.advance()
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def trusted(world: World, content: bytes, kind: str = "sigstore", **more: Any) -> Document:
    """Trust a root, by default of the instance that the table of builders of this program is about."""
    said: Document = {"kind": kind, "name": kind, "content": content.decode()}
    if kind == "sigstore":
        table = world.client.post("/v1/trust/builders", json={"content": TABLE})
        assert table.status_code in (200, 201), table.text
        said["instance"] = "public-good"
    answer = world.client.post("/v1/trust/roots", json={**said, **more})
    world.clock.advance()
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def judged(world: World, expected: Document, **query: Any) -> Document:
    path = f"/v1/artifacts/{ARTIFACT}:check-provenance"
    answer = world.client.post(path, json=expected, query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_a_pinned_key_alone_by_http_on_each_database(any_world: World) -> None:
    world, key = any_world, p256()
    payload = provenance()
    signature = base64.b64encode(sign(key, pae("application/vnd.in-toto+json", payload))).decode()
    envelope = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"sig": signature}],
    }
    content = json.dumps(envelope).encode()
    world.clock.advance(3600)

    # Before anybody trusts the key, it is kept and refused; with it, verified.
    early = sent(world, content, name="app.intoto.json")
    assert [each["reason"] for each in early["evidence"]["refusals"]] == ["no-anchor"]
    trusted(world, pem(key), "key")
    done = world.client.post("/v1/evidence:verify", json={}).get_json()
    assert [each["topic"] for each in done["recorded"]] == ["evidence-verified.v1"]
    digest = early["evidence"]["digest"]
    now = world.answer(f"evidence/{digest}")
    (found,) = now["evidence"]["verifications"]
    assert (found["engine"], found["times"], found["log_index"]) == ("pinned-key", [], None)
    assert found["root"] == found["signer"]["fingerprint"]
    assert world.client.get(f"/v1/evidence/{digest}/content").get_data() == content

    # A key says nothing about where the source was: only what it signs is held against it.
    asked = {"build_types": ["https://actions.github.io/buildtypes/workflow/v1"]}
    answer = judged(world, {**asked, "source": SOURCE})
    held = {each["name"]: each["held"] for each in answer["judged"][0]["checks"]}
    assert answer["verdict"] == "not-held"
    assert (held["build_type"], held["source"]) == (True, False)

    # As of then it is as it was then, byte for byte.
    at = f"position:{early['recorded']['position'] + 1}"
    then = world.ask(f"evidence/{digest}", known_at=at)
    assert then.get_json()["evidence"] == early["evidence"]
    assert "immutable" in then.headers["Cache-Control"]
    assert world.ask(f"evidence/{digest}", known_at=at).get_data() == then.get_data()
    assert judged(world, asked, known_at=at)["verdict"] == "missing"

    # The key is distrusted: nobody knows when it signed.
    said = {"key": found["root"], "from": world.now, "reason": "lost"}
    assert world.client.post("/v1/trust/distrusted", json=said).status_code == 201
    distrusted = judged(world, asked)["judged"][0]["checks"][-1]
    assert (distrusted["name"], distrusted["held"]) == ("distrusted", False)


def test_several_artifacts_and_several_reporters_add_up(world: World, bundle: bytes) -> None:
    first = sent(world, bundle)
    other, third = (f"sha256:{digits * 32}" for digits in ("5f", "6a"))
    second = sent(world, bundle, **{"for": [other]})
    assert second["evidence"]["about"] == [other]
    assert second["evidence"]["refusals"] == first["evidence"]["refusals"]
    again = world.client.post(f"/v1/evidence?for={other}", data=bundle, content_type="application/json")
    assert (again.status_code, again.get_json()["recorded"]["existing"]) == (200, True)
    sent(world, bundle, **{"for": [other, third]})
    for artifact in (other, third):
        (listed,) = world.answer(f"artifacts/{artifact}/evidence")["evidence"]
        assert listed["about"] == [other, third]
    assert world.answer(f"artifacts/{ARTIFACT}/evidence")["evidence"] == []


def test_evidence_that_is_lost_or_altered_is_never_counted(
    world: World, sigstore: MiniSigstore, bundle: bytes
) -> None:
    world.clock.advance(3600)
    trusted(world, sigstore.trusted_root())
    other_bundle = json.dumps(attested(sigstore, provenance())).encode()
    digest = sent(world, bundle)["evidence"]["digest"]
    assert judged(world, {"source": SOURCE, "builder": BUILDER})["verdict"] == "held"
    hex_ = digest.removeprefix("sha256:")
    folder = world.settings.blobs_place
    assert isinstance(folder, Path)
    file = folder / hex_[:2] / hex_[2:4] / hex_
    other = sent(world, other_bundle)["evidence"]["digest"]
    again = "/v1/evidence:verify"
    for spoil, words, problem in (
        (lambda: file.write_bytes(tampered(bundle)), "is something else", "broken-ledger"),
        (file.unlink, "has no", "evidence-lost"),
    ):
        spoil()
        answers = (
            world.client.get(f"/v1/evidence/{digest}/content"),
            world.client.post(again, json={"evidence": digest}),
        )
        for lost in answers:
            assert (lost.status_code, lost.get_json()["type"]) == (500, f"/problems/{problem}")
        # It is named, and keeps no other from being verified or judged.
        done = world.client.post(again, json={}).get_json()
        assert (done["looked_at"], [each["evidence"] for each in done["lost"]]) == (2, [digest])
        good, spoilt = judged(world, {"source": SOURCE, "builder": BUILDER})["judged"]
        assert (good["evidence"], good["held"], spoilt["evidence"]) == (other, True, digest)
        kept = spoilt["checks"][-1]
        assert (kept["name"], kept["held"], words in kept["found"]) == ("kept", False, True)
        assert digest in kept["found"]
    folder.joinpath(other[7:9], other[9:11], other[7:]).unlink()
    assert judged(world, {})["verdict"] == "not-held"
    # What is recorded of it can still be read; and whoever has the file can put it back.
    before = world.answer(f"evidence/{digest}")["evidence"]
    assert world.client.post("/v1/evidence", data=bundle, content_type="application/json").status_code == 200
    assert world.answer(f"evidence/{digest}")["evidence"] == before
    assert judged(world, {"source": SOURCE, "builder": BUILDER})["verdict"] == "held"


def test_a_forged_index_makes_no_evidence_speak_of_another_artifact(
    world: World, sigstore: MiniSigstore, bundle: bytes
) -> None:
    world.clock.advance(3600)
    trusted(world, sigstore.trusted_root())
    found = sent(world, bundle)["evidence"]["verifications"][0]
    other = "5f" * 32
    with closing(sqlite3.connect(world.settings.home / "ledger.db")) as database, database:
        row = (bytes.fromhex(other), found["position"])
        database.execute("INSERT INTO subject_v2 (digest, position) VALUES (?, ?)", row)
    assert world.answer(f"artifacts/sha256:{other}/evidence")["evidence"] != []
    path = f"/v1/artifacts/sha256:{other}:check-provenance"
    assert world.client.post(path, json={}).get_json()["verdict"] == "missing"


PLAIN = {
    "cyclonedx": b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}',
    "sarif": b'{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json","runs":[]}',
    "openvex": b'{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","statements":[]}',
    "junit": b'<?xml version="1.0"?>\n<testsuites tests="1"><testsuite name="a"/></testsuites>',
    "test-result": b'{"_type":"https://in-toto.io/Statement/v1","subject":[],'
    b'"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED"}}',
    "vulns": b'{"_type":"https://in-toto.io/Statement/v1","subject":[],'
    b'"predicateType":"https://in-toto.io/attestation/vulns/v0.2","predicate":{}}',
}


@pytest.mark.parametrize("kind", PLAIN)
def test_what_nobody_signed_is_kept_and_establishes_nothing(world: World, kind: str) -> None:
    answer = sent(world, PLAIN[kind], **{"for": [ARTIFACT]})["evidence"]
    assert (answer["kind"], answer["size"]) == (kind, len(PLAIN[kind]))
    assert answer["verifications"] == answer["refusals"] == []
    assert judged(world, {})["verdict"] == "missing"
    assert world.client.post("/v1/evidence:verify", json={}).get_json()["recorded"] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"mediaType":' * 100_000, "too-deep"),
        (b'{"payloadType":"a","payloadType":"b"}', "duplicate-name"),
        (b'{"payloadType":"\\ud800"}', "lone-surrogate"),
        (b'{"bomFormat":"CycloneDX","components":[' + b"[]," * 1_000_001 + b"[]]}", "malformed"),
    ],
)
def test_a_hostile_file_leaves_its_refusal_and_nothing_else(
    world: World, content: bytes, reason: str
) -> None:
    before = world.position
    answer = sent(world, content)
    assert world.position == before + 1
    assert answer["recorded"]["topic"] == "evidence-refused.v1"
    (refusal,) = answer["evidence"]["refusals"]
    assert (refusal["reason"], refusal["place"]) == (reason, None)
    assert answer["evidence"]["admitted"] is None
    content_path = f"/v1/evidence/{answer['evidence']['digest']}/content"
    assert world.client.get(content_path).get_json()["type"] == "/problems/nothing-found"
    again = world.client.post("/v1/evidence", data=content, content_type="application/json")
    assert (again.status_code, world.position) == (200, before + 1)


@cases.needed()
def test_a_real_bundle_of_somebody_else(world: World) -> None:
    real = next(each for each in cases.listed() if each.id == "slsa-verifier:0276")
    trusted(world, cases.root("prod").content)
    answer = sent(world, cases.content(real))["evidence"]
    (found,) = answer["verifications"]
    artifact = f"sha256:{found['subjects'][0]['digest']['sha256']}"
    path = f"/v1/artifacts/{artifact}:check-provenance"
    source = found["signer"]["claims"]["source_repository_uri"]
    verdicts = [
        world.client.post(path, json={"source": each}).get_json()["verdict"]
        for each in (source, f"{source}-2", source.replace("https", "http"))
    ]
    assert verdicts == ["held", "not-held", "not-held"]
