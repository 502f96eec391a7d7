"""A layout holds when every step was done by those who may; each way round it is refused."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.evidence.layouts import InTotoLayouts
from adapters.evidence.verifier import OfflineVerifier
from domain.digest import Digest
from domain.errors import EvidenceLost
from domain.evidence import LINKS_MAX, EvidenceRefused, Reason, Signs
from domain.supply_chain import LayoutJudged, LayoutNotHeld
from domain.verification import Refused, Verified
from tests.mini_sigstore import spki
from tests.supply_chains import (
    ARTIFACT,
    AT,
    BUILT,
    CLOSED,
    EXPIRES,
    LATER,
    LATER_SOURCE,
    SOURCE,
    Document,
    digest,
    from_products,
    key,
    key_id,
    laid_out,
    link,
    links,
    owner,
    release,
    releases,
    signed,
    step,
)


def held(layout: bytes | None = None, **changes: Any) -> LayoutJudged:
    given: dict[str, Any] = {"links": links(), "at": AT, "owners": (owner("one"), owner("two")), **changes}
    layout = layout or signed(laid_out(), "one", "two")
    return InTotoLayouts().verify_layout(layout, given.pop("owners"), given.pop("links"), **given)


def refused(layout: bytes | None = None, **changes: Any) -> Reason:
    with pytest.raises(EvidenceRefused) as caught:
        held(layout, **changes)
    return caught.value.reason


def not_held(layout: bytes | None = None, **changes: Any) -> dict[str, list[str]]:
    """Return what failed, by step."""
    with pytest.raises(LayoutNotHeld) as caught:
        held(layout, **changes)
    assert caught.value.reason is Reason.LAYOUT_NOT_HELD
    return {each.name: [*each.failures] for each in caught.value.judged.steps if each.failures}


def test_a_layout_that_holds_says_who_did_what() -> None:
    found = held(artifact=BUILT["dist/app.tar.gz"])
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


def test_the_artifact_asked_about_is_what_the_last_step_left() -> None:
    for left in BUILT.values():
        assert held(artifact=left) == held()
    for other in (digest(b"evil"), SOURCE["Dockerfile"], {"sha512": "ab" * 64}, {}):
        failed = not_held(artifact=other)
        assert failed["release"] == [
            "no link by a key that may do it has what is asked about among its products"
        ]
        assert "is not judged while" not in failed
    weak = {**BUILT["dist/app.tar.gz"], "sha512": "0" * 128}
    both = {**BUILT, "dist/app.tar.gz": {**BUILT["dist/app.tar.gz"], "sha512": "1" * 128}}
    made = {"build": [signed(link("build", SOURCE, both), "ci")]}
    made["release"] = [signed(link("release", both, both), "releaser")]
    assert not_held(links=links(**made), artifact=weak)  # one of two digests does not suffice


# -- what else lies in a ledger


@pytest.mark.parametrize("others", [release(LATER_SOURCE, LATER), releases(20)], ids=["superset", "many"])
def test_links_of_other_releases_by_the_same_keys_are_passed_over(others: list[bytes]) -> None:
    alone = held(artifact=ARTIFACT)
    for together in (others + links(), links() + others):
        found = held(links=together, artifact=ARTIFACT)
        assert [each.by for each in found.steps] == [each.by for each in alone.steps]
        assert found.products == alone.products
    later = held(links=[*release(LATER_SOURCE, LATER), *links()], artifact=LATER["dist/app.tar.gz"])
    assert dict(later.products)["dist/app.tar.gz"] == tuple(LATER["dist/app.tar.gz"].items())


def test_what_one_release_lacks_no_other_makes_up_for() -> None:
    for missing in ("commit", "review", "build", "release"):
        assert not_held(links=[*links(**{missing: ()}), *releases(3)], artifact=ARTIFACT)
    one_reviewer = links(review=[signed(link("review", SOURCE, SOURCE), "reviewer")])
    assert "review" in not_held(links=[*one_reviewer, *releases(3)], artifact=ARTIFACT)


NOISE = [
    b"",
    b"{",
    b"[]",
    b"{}",
    json.dumps(link("build", SOURCE, EXTRA)).encode(),
    signed(laid_out(), "one", "two"),
    signed(laid_out(), "mallory"),
    signed(laid_out(), "mallory").replace(key_id("mallory").encode(), key_id("ci").encode()),
    signed({"_type": "link", "name": "build"}, "ci"),
    signed(link("build", SOURCE, EXTRA), "mallory"),
    signed(link("build", SOURCE, EXTRA), "mallory").replace(
        key_id("mallory").encode(), key_id("ci").encode()
    ),
    signed(link("build", SOURCE, EXTRA), "releaser"),
    signed(link("another", SOURCE, EXTRA), "ci"),
    signed({**link("build", SOURCE, EXTRA), "name": ["build"]}, "ci"),
    signed({**link("build", SOURCE, EXTRA), "_type": "https://in-toto.io/Statement/v1"}, "ci"),
    signed(link("build", SOURCE, BUILT), "mallory", "ci", "ci", "dev"),
    signed(link("build", SOURCE, BUILT), "ci", block=True),
    signed(link("build", SOURCE, BUILT, byproducts={"return-value": 0}, environment={"at": "noon"}), "ci"),
    b"\n".join([signed(link("build", SOURCE, BUILT), "ci"), signed(link("build", {}, {}), "mallory")]),
]


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
def test_noise_spoils_nothing(noise: bytes) -> None:
    alone = held(artifact=ARTIFACT)
    for together in ([noise, *links()], [*links(), noise]):
        found = held(links=together, artifact=ARTIFACT)
        assert [(each.name, each.by) for each in found.steps] == [
            (each.name, each.by) for each in alone.steps
        ]


OTHERWISE = {
    "the same source makes something else": link("build", SOURCE, EXTRA),
    "the same things are made of another source": link("build", EVIL, BUILT),
    "what is asked about was released among other things": link("release", EXTRA, EXTRA),
    "reviewed, and changed by it": link("review", SOURCE, EVIL),
}


@pytest.mark.parametrize("said", OTHERWISE.values(), ids=OTHERWISE)
def test_a_link_that_says_otherwise_by_one_who_may_fails_it(said: Document) -> None:
    by = {"build": "ci", "release": "releaser", "review": "reviewer"}[said["name"]]
    for against in (signed(said, by), signed(said, by, block=True)):
        for together in ([against, *links()], [*links(), against]):
            failed = not_held(links=together, artifact=ARTIFACT)
            assert any("say otherwise" in each for each in failed[said["name"]])
    assert held(links=[*links(), signed(said, "mallory")], artifact=ARTIFACT).products


def test_a_name_that_the_library_trips_over_spoils_only_its_own_link() -> None:
    # It takes a prefix off and puts it before the rest again, where an absolute path has no need of it.
    layout = laid_out()
    within = ["MATCH", "*", "IN", "src", "WITH", "PRODUCTS", "IN", "src", "FROM", "review"]
    layout["steps"][2]["expected_materials"] = [within, from_products("review"), CLOSED]
    odd = {**SOURCE, "src//etc/passwd": digest(b"odd")}
    ours = signed(layout, "one", "two")
    alone = held(ours, artifact=ARTIFACT)
    assert held(ours, links=[*release(odd, LATER), *links()], artifact=ARTIFACT).steps == alone.steps
    failed = not_held(ours, links=release(odd, BUILT), artifact=ARTIFACT)
    assert failed == {"build": ["materials: a name that no rule can be held against: '/etc/passwd'"]}


def test_several_links_in_one_file_are_read() -> None:
    together = b"\n".join(links())
    assert [each.by for each in held(links=[together]).steps] == [each.by for each in held().steps]


def test_the_word_of_distrusted_keys_does_not_count() -> None:
    keys = {name: Digest.of(spki(key(name))) for name in ("ci", "reviewer", "one")}
    failed = not_held(distrusted=[keys["ci"]])
    assert failed["build"][1] == "links by keys that are distrusted do not count: 1 of them"
    assert not_held(distrusted=[keys["reviewer"]])["review"]
    assert not_held(links=links(build=[]), distrusted=[keys["ci"]])["build"] == [
        "no link by a key that may do it"
    ]
    three = [*links(), signed(link("build", SOURCE, EXTRA), "ci")]
    assert not_held(links=three, distrusted=[keys["ci"]])["build"][1].endswith(": 2 of them")


def test_the_keys_of_layouts_sign_nothing_else() -> None:
    ours = replace(owner("ci"), signs=Signs.LAYOUT)
    build = signed(link("build", SOURCE, BUILT), "ci")
    for block in (False, True):
        layout = signed(laid_out(), "ci", block=block)
        assert held(layout, owners=(ours,)).owners == (Digest.of(spki(key("ci"))),)
        (found,) = OfflineVerifier().verify(layout, (ours,), at=AT)
        assert isinstance(found, Verified)
    for content in (build, signed({"_type": "https://in-toto.io/Statement/v1"}, "ci")):
        (refusal,) = OfflineVerifier().verify(content, (ours,), at=AT)
        assert isinstance(refusal, Refused)
        assert refusal.reason is Reason.UNTRUSTED_KEY


def test_one_owner_may_suffice_and_all_who_signed_are_named() -> None:
    one, two, three = (owner(name) for name in ("one", "two", "three"))
    names = {each: Digest.of(spki(key(each))) for each in ("one", "two")}
    assert held(owners=(three, two, one), one_owner=True).owners == (names["two"], names["one"])
    alone = signed(laid_out(), "mallory", "two", "mallory")
    assert held(alone, owners=(one, two), one_owner=True).owners == (names["two"],)
    assert refused(alone, owners=(one, three), one_owner=True) is Reason.UNTRUSTED_KEY
    assert refused(owners=(), one_owner=True) is Reason.NO_ANCHOR
    assert refused(alone, owners=(one, two)) is Reason.UNTRUSTED_KEY


def test_no_more_links_are_looked_at_than_the_bound() -> None:
    of_others = [signed(link("another", {}, {}), "ci"), signed(link("build", {}, {}), "mallory")]
    assert not held(links=[*of_others * LINKS_MAX, *links()]).truncated
    many = [
        signed(link("build", {}, {}), "mallory").replace(key_id("mallory").encode(), key_id("ci").encode())
    ]
    assert not held(links=[*links(), *many * (LINKS_MAX - 5)]).truncated
    assert held(links=[*links(), *many * (LINKS_MAX - 4)]).truncated
    assert not_held(links=[*many * LINKS_MAX, *links()])["build"] == ["no link by a key that may do it"]


def test_what_the_reader_of_files_refuses_is_passed_on() -> None:
    def lost() -> Iterator[bytes]:
        yield links()[0]
        raise EvidenceLost("gone")

    with pytest.raises(EvidenceLost):
        held(links=lost())


def test_many_threads_judge_at_once() -> None:
    # The library keeps its trace of rules in a variable of its module.
    with ThreadPoolExecutor(8) as pool:
        told = list(
            pool.map(lambda n: held(artifact=ARTIFACT) if n % 2 else not_held(artifact={}), range(40))
        )
    assert told[1] == held(artifact=ARTIFACT)
    assert told[0] == not_held(artifact={})
