"""A signer is in other hands: what is affected is asked before, told when it is said, and asked after."""

import csv
import io
import json
from base64 import b64encode
from pathlib import Path

import pytest

from domain.digest import Digest
from tests.cli.running import Shell
from tests.http.world import image
from tests.mini_sigstore import IN_TOTO, p256, pae, pem, sign, spki, statement

KEY = p256()
SIGNER = str(Digest.of(spki(KEY)))
FIRST = image("ci/4711")
UNRELEASED = f"sha256:{'ab' * 32}"
SINCE = ("--from", "2026-03-01T12:00Z")


def envelope(*about: str) -> bytes:
    said = [{"name": "app", "digest": {"sha256": each.removeprefix("sha256:")}} for each in about]
    payload = statement(said)
    signature = b64encode(sign(KEY, pae(IN_TOTO, payload))).decode()
    around = {"payloadType": IN_TOTO, "payload": b64encode(payload).decode()}
    return json.dumps({**around, "signatures": [{"sig": signature}]}).encode()


@pytest.fixture
def vouched(told: Shell, tmp_path: Path) -> Shell:
    """A shell on the ledger of the story: a key vouches for an artifact that ran and for one that did not."""
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    told.done("trust", "import", str(tmp_path / "key.pem"), "--key")
    for name, content in (("first", envelope(FIRST)), ("both", envelope(FIRST, UNRELEASED))):
        (tmp_path / name).write_bytes(content)
        told.done("record", "evidence", str(tmp_path / name))
    return told


def rows(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def test_it_is_asked_told_and_asked_again(vouched: Shell) -> None:
    asked = vouched.done("trust", "impact", SIGNER, *SINCE, "-o", "csv")
    assert "it is not distrusted; affected: 2 verifications, 2 artifacts, of which 1 ran" in asked.err
    assert "2 artifacts are left without any verification that counts" in asked.err
    told = rows(asked.out)
    assert [(row["artifact"], row["counted_then"], row["count_now"]) for row in told] == [
        *[(FIRST, "2", "0")] * 4,
        (UNRELEASED, "1", "0"),
    ]
    where = vouched.done("where", FIRST, "-o", "csv")
    for row, place in zip(told, rows(where.out), strict=False):
        for column in ("service", "environment", "slot", "since", "until", "release"):
            assert row[column] == place[column]
    assert (told[-1]["service"], told[-1]["since"]) == ("", "")
    distrusted = vouched.done("trust", "distrust", SIGNER, *SINCE, "--reason", "it was lost")
    assert "topic     signer-distrusted.v1" in distrusted.out
    assert f"{FIRST}  2" in distrusted.out
    assert "of which 1 ran" in distrusted.err
    again = vouched.done("trust", "impact", SIGNER, *SINCE, "-o", "csv")
    assert again.out == asked.out
    assert "distrusted at position" in again.err
    early = vouched.done("trust", "impact", SIGNER, *SINCE, "--known-at", "position:20")
    assert "affected: 0 verifications, 0 artifacts" in early.err


def test_a_distrust_as_json_is_one_document(vouched: Shell) -> None:
    told = vouched.done("trust", "distrust", SIGNER, *SINCE, "--reason", "lost", "-o", "json").json
    asked = vouched.done("trust", "impact", SIGNER, *SINCE, "-o", "json").json
    assert told["topic"] == "signer-distrusted.v1"
    assert told["impact"] == asked
    assert asked["distrusted"] == told["position"]
    assert not any(each["now"]["counts"] for each in asked["verifications"])


def test_pages_are_put_together(vouched: Shell) -> None:
    one = vouched.done("trust", "impact", SIGNER, *SINCE, "--limit", "1", "-o", "json")
    assert "there are more" in one.err
    assert len(one.json["verifications"]) == 1
    every = vouched.done("trust", "impact", SIGNER, *SINCE, "--all", "-o", "json")
    assert every.json == vouched.done("trust", "impact", SIGNER, *SINCE, "-o", "json").json
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.cli.listing.PAGE_SIZE_MAX", 1)
        paged = vouched.done("trust", "impact", SIGNER, *SINCE, "--all", "-o", "json").json
    assert paged["verifications"] == every.json["verifications"]
    assert {each["digest"] for each in paged["artifacts"]} == {FIRST, UNRELEASED}
    assert len(paged["artifacts"]) == 2


@pytest.mark.parametrize("form", ["table", "md", "jsonl", "csv", "json"])
def test_in_every_form(vouched: Shell, form: str) -> None:
    assert FIRST in vouched.done("trust", "impact", SIGNER, *SINCE, "-o", form).out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((SIGNER,), 2),
        ((SIGNER, "--from", "soon"), 2),
        ((SIGNER, *SINCE, "--issuer", "https://issuer.example"), 2),
        (("", *SINCE), 2),
        (("sha256:5f", *SINCE), 2),
        ((SIGNER, *SINCE, "--known-at", "position:9999"), 3),
        (("nobody@known.example", *SINCE), 0),
    ],
)
def test_how_it_ends(vouched: Shell, arguments: tuple[str, ...], code: int) -> None:
    assert vouched("trust", "impact", *arguments).code == code


def test_a_distrust_stays_recorded_when_its_impact_cannot_be_told(
    vouched: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The question is refused here because the page is larger than the server allows.
    monkeypatch.setattr("api.cli.trust_impact.listing.LIMIT", 9999)
    monkeypatch.setattr("api.cli.trust_impact.listing.PAGE_SIZE_MAX", 9999)
    ran = vouched.done("trust", "distrust", SIGNER, *SINCE, "--reason", "lost", "-o", "json")
    assert (ran.json["impact"], "it is recorded" in ran.err) == (None, True)
    assert vouched.done("trust", "list", "-o", "json").json["distrusted"][0]["key"] == SIGNER
