"""An artifact is held against the layout of its supply chain, whatever else was handed in for it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli import clock
from domain import instant
from domain.digest import Digest
from tests.builders import NOON, Clock
from tests.cli.running import Ran, Shell
from tests.http.world import Document, World
from tests.mini_sigstore import spki
from tests.supply_chains import (
    ARTIFACT,
    BUILT,
    EXPIRES,
    SOURCE,
    key,
    laid_out,
    link,
    links,
    public_pem,
    releases,
    signed,
)

APP = f"sha256:{ARTIFACT['sha256']}"
LAYOUT = signed(laid_out(), "one", "two")
LAYOUT_DIGEST = str(Digest.of(LAYOUT))
OWNERS = {name: str(Digest.of(spki(key(name)))) for name in ("one", "two", "three")}


@dataclass(frozen=True)
class Desk:
    """A shell on a ledger of its own, and files to hand in."""

    shell: Shell
    folder: Path

    def file(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def hand_in(self, *contents: bytes) -> None:
        """Record links. Only the layout vouches for their keys, so each is refused by itself."""
        paths = [self.file(f"{Digest.of(each).hex}.link", each) for each in contents]
        assert self.shell("record", "evidence", *paths, "--for", APP).code in (13, 14)

    def trust(self, owner: str, *more: str) -> None:
        self.shell.done("trust", "import", self.file(f"{owner}.pem", public_pem(owner)), "--key", *more)

    def distrust(self, name: str) -> None:
        who = str(Digest.of(spki(key(name))))
        self.shell.done("trust", "distrust", who, "--from", "1h ago", "--reason", "stolen")

    def check(self, *more: str) -> Ran:
        return self.shell("check", "layout", APP, "--layout", LAYOUT_DIGEST, *more)

    @property
    def now(self) -> str:
        position = self.shell.done("trust", "list", "-o", "json").json["ledger"]["position"]
        return f"position:{position}"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A ledger that trusts nobody yet, in which the layout is."""
    monkeypatch.setattr(clock, "now", ticking := Clock(NOON))
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    made = Desk(Shell(ticking, monkeypatch), tmp_path)
    made.shell.done("init", "--no-trust-root")
    ticking.advance(3600)
    assert made.check().code == 3  # nobody handed it in
    made.shell("record", "evidence", made.file("layout.json", LAYOUT))
    return made


def test_from_a_layout_and_its_owner_to_a_verdict_by_command_line(desk: Desk) -> None:
    unknown = desk.check()
    assert (unknown.code, "no key is trusted to sign layouts" in unknown.err) == (14, True)
    desk.trust("one")  # a key for everything else does not sign layouts
    assert desk.check().code == 14
    desk.trust("one", "--signs", "layout")
    nobody = desk.check()
    assert (nobody.code, "undecided: not as laid out: commit, review" in nobody.err) == (14, True)

    made = links()
    desk.hand_in(*made[:-1])
    early = desk.now
    missing = desk.check("-o", "csv")
    assert missing.code == 13
    assert "NO,release,0 of 1,,,no link by a key that may do it" in missing.out
    desk.hand_in(made[-1])
    held = desk.check("-o", "csv")
    assert held.code == 0, held.out
    assert held.out.splitlines()[2].startswith('yes,review,2 of 2,"sha256:')
    assert "every step was done, by a layout that 1 of its owners signed" in held.err
    for form in ("table", "md", "jsonl", "json"):
        assert desk.check("-o", form).code == 0

    # Other releases, strangers, the layout itself, copies: nothing of it matters.
    stranger = signed(link("build", SOURCE, {}), "mallory")
    desk.hand_in(*releases(2), stranger, LAYOUT, b'{"signed":{},"signatures":[{"sig":"00"}]}')
    assert desk.check("-o", "csv").out == held.out
    desk.hand_in(signed(link("build", SOURCE, BUILT), "ci", block=True))
    assert desk.check().code == 0
    assert desk.check("-o", "csv", "--known-at", early).out == missing.out


def test_as_of_when_and_by_whom(desk: Desk) -> None:
    desk.trust("one", "--signs", "layout")
    desk.hand_in(*links())
    expired = desk.check("--at", instant.text(EXPIRES))
    assert (expired.code, "layout-expired" in expired.err) == (13, True)
    assert desk.check("--at", "2026-12-31T23:59:59Z").code == 0
    both = ("--owner", OWNERS["one"], "--owner", OWNERS["two"])
    not_trusted = desk.check(*both)
    assert (not_trusted.code, "is not trusted to sign layouts" in not_trusted.err) == (14, True)
    desk.trust("two", "--signs", "layout")
    assert desk.check(*both, "-o", "json").json["owners"] == [OWNERS["one"], OWNERS["two"]]
    desk.trust("three", "--signs", "layout")
    unsigned = desk.check("--owner", OWNERS["three"])
    assert (unsigned.code, "bad-signature" in unsigned.err) == (13, True)


def test_the_word_of_those_who_were_taken_over_does_not_count(desk: Desk) -> None:
    for owner in ("one", "two"):
        desk.trust(owner, "--signs", "layout")
    desk.hand_in(*links())
    before = desk.now
    desk.distrust("ci")
    spoilt = desk.check("-o", "json")
    assert spoilt.code == 13
    failed = {step["name"]: step["failures"] for step in json.loads(spoilt.out)["steps"]}
    assert "by keys that are distrusted do not count" in failed["build"][-1]
    assert desk.check("--known-at", before).code == 0
    desk.distrust("one")
    assert json.loads(desk.check("-o", "json").out)["owners"] == [OWNERS["two"]]
    assert desk.check("--owner", OWNERS["one"]).code == 14
    desk.distrust("two")
    assert desk.check().code == 14
    assert desk.check("--known-at", before).code == 0


def post(world: World, content: bytes, *, about: str = APP) -> None:
    answer = world.client.post(f"/v1/evidence?for={about}", data=content, content_type="application/json")
    assert answer.status_code in (200, 201), answer.text
    world.clock.advance()


def checked(world: World, status: int = 200, **body: Any) -> Document:
    asked = {"layout": LAYOUT_DIGEST, **body}
    answer = world.client.post(f"/v1/artifacts/{APP}:check-layout", json=asked)
    assert answer.status_code == status, answer.text
    return dict(answer.get_json())


@pytest.fixture
def laid(any_world: World) -> World:
    """A ledger in which the layout is, and its owner is trusted."""
    key_body = {"kind": "key", "name": "owner", "content": public_pem("one").decode(), "signs": "layout"}
    any_world.recorded("trust/roots", **key_body)
    post(any_world, LAYOUT)
    return any_world


def test_by_http(laid: World) -> None:
    for each in links():
        post(laid, each)
    before = laid.position
    found = checked(laid)
    assert (found["verdict"], found["refused"], found["owners"]) == ("held", None, [OWNERS["one"]])
    assert [each["name"] for each in found["steps"]] == ["commit", "review", "build", "release"]
    assert not any(each["failures"] for each in found["steps"])
    assert {each["name"]: each["digest"] for each in found["products"]} == BUILT
    assert found["files"] == 5
    evidence = [each["evidence"] for step in found["steps"] for each in step["links"]]
    assert evidence == [str(Digest.of(each)) for each in links()]
    assert laid.position == before

    late = checked(laid, at="2027-01-01T00:00:00Z")
    assert (late["verdict"], late["refused"]["reason"], late["steps"]) == ("not-held", "layout-expired", [])

    # One who may build says that the same source became something else.
    post(laid, signed(link("build", SOURCE, {}), "ci", block=True))
    disputed = checked(laid)
    assert disputed["verdict"] == "not-held"
    (failed,) = [step for step in disputed["steps"] if step["failures"]]
    assert (failed["name"], "say otherwise" in failed["failures"][0]) == ("build", True)
    assert checked(laid, 404, layout=APP)["type"] == "/problems/nothing-found"


INSPECTION = {
    "_type": "inspection",
    "name": "look",
    "run": ["touch", "pwned"],
    "expected_materials": [],
    "expected_products": [],
}


def test_a_layout_that_would_run_a_command_is_refused(laid: World) -> None:
    layout = signed(laid_out(inspect=[INSPECTION]), "one")
    for each in (layout, *links()):
        post(laid, each)
    found = checked(laid, layout=str(Digest.of(layout)))
    assert (found["verdict"], found["refused"]["reason"], found["steps"]) == ("not-held", "layout-unsafe", [])
    assert not Path("pwned").exists()


def test_a_link_that_is_lost_might_have_spoken_against_it(laid: World) -> None:
    for each in links():
        post(laid, each)
    noise = signed(link("another", {}, {}), "mallory")
    post(laid, noise)
    assert checked(laid)["verdict"] == "held"
    blob = next((laid.settings.home / "blobs").rglob(f"*{Digest.of(noise).hex[2:]}*"))
    blob.unlink()
    found = checked(laid)
    assert (found["verdict"], found["lost"]) == ("undecided", [str(Digest.of(noise))])
    next((laid.settings.home / "blobs").rglob(f"*{Digest.of(LAYOUT).hex[2:]}*")).unlink()
    assert checked(laid, 500)["type"] == "/problems/evidence-lost"


def test_what_was_not_looked_at_might_have_spoken_against_it(
    laid: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (signed(link("another", {}, {}), "mallory"), *links()):
        post(laid, each)
    found = checked(laid)
    assert (found["verdict"], found["truncated"]) == ("held", False)
    monkeypatch.setattr("domain.queries.check_layout.LINKS_MAX", 5)
    found = checked(laid)
    assert (found["verdict"], found["truncated"], found["files"]) == ("undecided", True, 5)
    assert not any(step["failures"] for step in found["steps"])
    monkeypatch.undo()
    monkeypatch.setattr("domain.queries.check_layout.LINKS_BYTES_MAX", len(links()[-1]) + 1)
    found = checked(laid)
    assert (found["verdict"], found["truncated"], found["files"]) == ("not-held", True, 1)


def test_a_key_for_layouts_vouches_for_nothing_else(laid: World) -> None:
    build = signed(link("build", SOURCE, BUILT), "one")
    post(laid, build)
    found = laid.answer(f"evidence/{Digest.of(build)}")["evidence"]
    assert (found["verifications"], found["refusals"][0]["reason"]) == ([], "untrusted-key")
    layout = laid.answer(f"evidence/{LAYOUT_DIGEST}")["evidence"]
    assert layout["verifications"][0]["signer"]["fingerprint"] == OWNERS["one"]
