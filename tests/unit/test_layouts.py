"""A layout holds when every step was done by those who may; each way round it is refused."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.formats import encode_canonical

from adapters.evidence.layouts import InTotoLayouts
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason
from domain.evidence_port import PinnedKey
from domain.supply_chain import LayoutHeld
from tests.mini_sigstore import IN_TOTO, pae, spki

AT = datetime(2026, 11, 20, tzinfo=UTC)
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
Document = dict[str, Any]
Rules = list[list[str]]


@cache
def key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def key_id(name: str) -> str:
    return hashlib.sha256(f"id of {name}".encode()).hexdigest()


def public(name: str) -> str:
    return key(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def owner(name: str) -> PinnedKey:
    return PinnedKey(spki(key(name)), key_id=key_id(name))


def digest(content: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content).hexdigest()}


SOURCE = {"src/app.py": digest(b"code"), "Dockerfile": digest(b"FROM scratch")}
BUILT = {"dist/app.tar.gz": digest(b"artifact"), "dist/app.cdx.json": digest(b"sbom")}
FUNCTIONARIES = ("dev", "ci", "reviewer", "other-reviewer", "releaser")
CLOSED = ["DISALLOW", "*"]


def from_products(step: str, pattern: str = "*") -> list[str]:
    return ["MATCH", pattern, "WITH", "PRODUCTS", "FROM", step]


def step(name: str, by: Sequence[str], materials: Rules, products: Rules, threshold: int = 1) -> Document:
    return {
        "_type": "step",
        "name": name,
        "pubkeys": [key_id(each) for each in by],
        "threshold": threshold,
        "expected_materials": materials,
        "expected_products": products,
        "expected_command": [],
    }


def laid_out(**changes: Any) -> Document:
    keys = {
        key_id(each): {
            "keyid": key_id(each),
            "keytype": "ed25519",
            "scheme": "ed25519",
            "keyval": {"public": public(each)},
        }
        for each in FUNCTIONARIES
    }
    taken = [from_products("commit"), CLOSED]
    steps = [
        step("commit", ["dev"], [CLOSED], [["CREATE", "src/*"], ["CREATE", "Dockerfile"], CLOSED]),
        step("review", ["reviewer", "other-reviewer"], taken, taken, 2),
        step("build", ["ci"], [from_products("review"), CLOSED], [["CREATE", "dist/*"], CLOSED]),
        step(
            "release",
            ["releaser"],
            [from_products("build"), CLOSED],
            [["REQUIRE", "dist/app.tar.gz"], from_products("build"), CLOSED],
        ),
    ]
    document = {
        "_type": "layout",
        "keys": keys,
        "steps": steps,
        "inspect": [],
        "expires": "2027-01-01T00:00:00Z",
        "readme": "",
    }
    return {**document, **changes}


def link(name: str, materials: Mapping[str, Any], products: Mapping[str, Any], **changes: Any) -> Document:
    document = {"_type": "link", "name": name, "materials": materials, "products": products, "command": []}
    return {**document, "byproducts": {}, "environment": {}, **changes}


def signed(document: Document, *by: str, block: bool = False) -> bytes:
    """Wrap *document* as an envelope, or as a metablock."""
    if block:
        raw = str(encode_canonical(document)).encode()
        made = [{"keyid": key_id(each), "sig": key(each).sign(raw).hex()} for each in by]
        return json.dumps({"signed": document, "signatures": made}).encode()
    payload = json.dumps(document).encode()
    over = pae(IN_TOTO, payload)
    made = [{"keyid": key_id(each), "sig": base64.b64encode(key(each).sign(over)).decode()} for each in by]
    around = {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO}
    return json.dumps({**around, "signatures": made}).encode()


def links(**changes: Sequence[bytes]) -> list[bytes]:
    """What everybody did; *changes* replace a step's."""
    made: dict[str, Sequence[bytes]] = {
        "commit": [signed(link("commit", {}, SOURCE), "dev")],
        "review": [signed(link("review", SOURCE, SOURCE), each) for each in ("reviewer", "other-reviewer")],
        "build": [signed(link("build", SOURCE, BUILT), "ci")],
        "release": [signed(link("release", BUILT, BUILT), "releaser")],
    }
    return [each for of_step in {**made, **changes}.values() for each in of_step]


def held(layout: bytes | None = None, **changes: Any) -> LayoutHeld:
    given: dict[str, Any] = {"links": links(), "at": AT, "owners": (owner("one"), owner("two")), **changes}
    layout = layout or signed(laid_out(), "one", "two")
    return InTotoLayouts().verify_layout(layout, given.pop("owners"), given.pop("links"), **given)


def refused(layout: bytes | None = None, **changes: Any) -> Reason:
    with pytest.raises(EvidenceRefused) as caught:
        held(layout, **changes)
    return caught.value.reason


def test_a_layout_that_holds_says_who_did_what() -> None:
    found = held(products=BUILT)
    assert found.owners == tuple(Digest.of(spki(key(each))) for each in ("one", "two"))
    assert [each.name for each in found.steps] == ["commit", "review", "build", "release"]
    assert found.steps[1].by == tuple(Digest.of(spki(key(each))) for each in ("reviewer", "other-reviewer"))
    assert (found.at, found.expires) == (AT, EXPIRES)
    assert dict(found.products) == {name: tuple(each.items()) for name, each in BUILT.items()}


def test_metablocks_and_envelopes_may_be_mixed() -> None:
    layout = signed(laid_out(), "one", "two", block=True)
    found = held(layout, links=links(build=[signed(link("build", SOURCE, BUILT), "ci", block=True)]))
    assert len(found.steps) == 4


def test_a_difference_in_the_command_is_reported() -> None:
    layout = laid_out()
    layout["steps"][2]["expected_command"] = ["make"]
    found = held(signed(layout, "one", "two"))
    assert [each.command_as_expected for each in found.steps] == [True, True, False, True]


def test_links_that_are_nobodys_business_are_dropped() -> None:
    noise = [
        signed(link("another", {}, {}), "ci"),
        signed(link("build", {}, {}), "mallory"),
        signed(link("build", {}, {}), "dev"),
        signed(link("build", {}, {}), "mallory").replace(key_id("mallory").encode(), key_id("ci").encode()),
    ]
    assert held(links=[*noise, *links(), *noise]) == held()


def test_the_same_link_twice_is_one() -> None:
    assert held(links=links() * 2) == held()


def test_every_owner_must_have_signed() -> None:
    assert refused(signed(laid_out(), "one")) is Reason.UNTRUSTED_KEY
    assert refused(signed(laid_out(), "one", "mallory")) is Reason.UNTRUSTED_KEY
    assert refused(owners=()) is Reason.NO_ANCHOR
    assert refused(owners=(owner("one"), owner("one"))) is Reason.LAYOUT_UNSAFE
    forged = signed(laid_out(), "one", "mallory").replace(key_id("mallory").encode(), key_id("two").encode())
    assert refused(forged) is Reason.BAD_SIGNATURE


def test_it_must_not_have_expired_at_the_instant_asked_about() -> None:
    assert refused(at=EXPIRES) is Reason.LAYOUT_EXPIRED
    assert held(at=EXPIRES - timedelta(seconds=1)).expires == EXPIRES
    assert refused(signed(laid_out(expires="soon"), "one", "two")) is not Reason.NOT_VERIFIED


INSPECTION = {
    "_type": "inspection",
    "name": "look",
    "run": ["touch", "pwned"],
    "expected_materials": [],
    "expected_products": [],
}


def unsafe() -> dict[str, Document]:
    """Layouts that are well signed and could be abused."""
    twice = laid_out()
    twice["keys"]["f" * 64] = {**twice["keys"][key_id("reviewer")], "keyid": "f" * 64}
    twice["steps"][1]["pubkeys"].append("f" * 64)
    open_end, late, nothing, too_few, stranger, same = (laid_out() for _ in range(6))
    open_end["steps"][2]["expected_products"] = [["CREATE", "dist/*"]]
    late["steps"][3]["expected_products"] = [from_products("build"), ["REQUIRE", "dist/app.tar.gz"], CLOSED]
    nothing["steps"][0]["expected_materials"] = []
    too_few["steps"][1]["pubkeys"] = [key_id("reviewer"), key_id("reviewer")]
    stranger["steps"][0]["pubkeys"] = ["e" * 64]
    same["steps"].append(same["steps"][3])
    return {
        "inspection": laid_out(inspect=[INSPECTION]),
        "one key under two ids": twice,
        "an open end": open_end,
        "a late REQUIRE": late,
        "no rules": nothing,
        "one key listed twice": too_few,
        "a key that is not listed": stranger,
        "two steps of one name": same,
        "no steps": laid_out(steps=[]),
        "too many steps": laid_out(steps=[step(f"s{n}", ["ci"], [CLOSED], [CLOSED]) for n in range(65)]),
    }


@pytest.mark.parametrize("name", unsafe())
def test_a_layout_that_cannot_be_judged_safely(name: str) -> None:
    layout = signed(unsafe()[name], "one", "two")
    by_form = name == "two steps of one name"  # which the library refuses when it reads them
    assert refused(layout) is (Reason.MALFORMED if by_form else Reason.LAYOUT_UNSAFE)


def test_another_layout_does_not_stand_for_a_step() -> None:
    assert refused(links=[*links(), signed(laid_out(), "ci")]) is Reason.LAYOUT_UNSAFE


def test_a_link_is_no_layout_and_a_statement_no_link() -> None:
    assert refused(signed(link("build", {}, {}), "one", "two")) is Reason.MALFORMED
    assert refused(b"{}") is Reason.UNKNOWN_FORMAT
    assert refused(b"\n".join([signed(laid_out(), "one", "two")] * 2)) is Reason.UNKNOWN_FORMAT


EVIL = {**SOURCE, "src/app.py": digest(b"evil")}
EXTRA = {**BUILT, "dist/extra": digest(b"extra")}
SWAPPED = {**BUILT, "dist/app.tar.gz": digest(b"evil")}
WITHOUT = {"dist/app.cdx.json": BUILT["dist/app.cdx.json"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"review": [signed(link("review", SOURCE, SOURCE), "reviewer")]},
        {"review": [signed(link("review", SOURCE, SOURCE), "reviewer")] * 2},
        {"review": [signed(link("review", SOURCE, SOURCE), "reviewer", "reviewer")]},
        {"build": [signed(link("build", SOURCE, BUILT), "mallory")]},
        {"build": [signed(link("build", SOURCE, BUILT), "dev")]},
        {"build": [signed(link("build", EVIL, BUILT), "ci")]},
        {"build": [signed(link("build", SOURCE, BUILT), "ci"), signed(link("build", SOURCE, EXTRA), "ci")]},
        {"build": []},
        {"release": [signed(link("release", SWAPPED, SWAPPED), "releaser")]},
        {"release": [signed(link("release", BUILT, EXTRA), "releaser")]},
        {"release": [signed(link("release", WITHOUT, WITHOUT), "releaser")]},
        {
            "review": [
                signed(link("review", SOURCE, SOURCE), "reviewer"),
                signed(link("review", SOURCE, EVIL), "other-reviewer"),
            ]
        },
    ],
    ids=[
        "one-reviewer",
        "one-reviewer-twice",
        "one-reviewer-signs-twice",
        "a-stranger-builds",
        "another-functionary-builds",
        "changed-after-review",
        "two-builds",
        "no-build",
        "swapped-at-release",
        "added-at-release",
        "missing-at-release",
        "reviewers-disagree",
    ],
)
def test_a_supply_chain_that_was_not_as_laid_out(changes: Any) -> None:
    assert refused(links=links(**changes)) is Reason.LAYOUT_NOT_HELD


def test_a_changed_link_is_nobodys_link() -> None:
    whole = json.loads(signed(link("build", SOURCE, BUILT), "ci"))
    whole["payload"] = base64.b64encode(json.dumps(link("build", SOURCE, SWAPPED)).encode()).decode()
    assert refused(links=links(build=[json.dumps(whole).encode()])) is Reason.LAYOUT_NOT_HELD


def test_those_who_disagree_are_not_resolved_by_taking_one() -> None:
    # One reviewer would suffice, and the library would take whichever link comes first.
    layout = laid_out()
    layout["steps"][1]["threshold"] = 1
    reviews = [
        signed(link("review", SOURCE, SOURCE), "reviewer"),
        signed(link("review", SOURCE, EVIL), "other-reviewer"),
    ]
    for order in (reviews, reviews[::-1]):
        assert refused(signed(layout, "one", "two"), links=links(review=order)) is Reason.LAYOUT_NOT_HELD


def test_the_products_asked_about_are_those_of_the_last_step() -> None:
    assert refused(products=WITHOUT) is Reason.LAYOUT_NOT_HELD
    assert refused(products=SWAPPED) is Reason.LAYOUT_NOT_HELD
