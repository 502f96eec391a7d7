"""What follows when a signer is not trusted: what it signed, where that ran, how it counted and counts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from domain import instant
from domain.admission import Attested
from domain.digest import Digest
from domain.trust_root import RootKind
from domain.verification import Engine, KeySigner, TimeSource, TrustedTime
from tests.builders import NOON, a_trusted_root, a_verification, digest
from tests.http import world as worlds
from tests.http.world import Document, World, image

FIRST, SECOND = image("ci/4711"), image("ci/4712")
"""Artifacts of the story: releases 1 and 2, and release 3, of staging and prod."""
UNRELEASED = str(digest("nobody released it"))
T = NOON + timedelta(hours=1)
CERTIFICATE = a_verification().certificate
KEY = digest("a key")


@pytest.fixture
def story(told_ledger: Settings, tmp_path: Path) -> Iterator[World]:
    with worlds.copied(told_ledger, tmp_path / "home", at=worlds.AFTER_THE_STORY) as world:
        world.services.ledger.append([a_trusted_root()])
        yield world


def add(world: World, *about: str, at: float | None = 2, **changes: Any) -> int:
    """Record that something about artifacts was signed *at* hours after noon; None: nobody knows when."""
    count = world.position
    times = () if at is None else (TrustedTime(NOON + timedelta(hours=at), TimeSource.LOG),)
    digests = [Digest(each) for each in about]
    attested = tuple(Attested(name="app", digests=(("sha256", each.hex),)) for each in digests)
    told: dict[str, Any] = {"version": 1, "times": times, "attested": attested, **changes}
    (receipt,) = world.services.ledger.append([a_verification(file=digest(f"file {count}"), **told)])
    world.clock.advance()
    return receipt.position


def by_key(key: Digest = KEY, **changes: Any) -> dict[str, Any]:
    return {"certificate": None, "key": KeySigner(fingerprint=key), "engine": Engine.PINNED_KEY, **changes}


def impact(world: World, **asked: Any) -> Document:
    assert CERTIFICATE is not None
    who = {} if "key" in asked else {"identity": CERTIFICATE.identity}
    return world.answer("trust/impact", **{**who, "start": instant.text(T), **asked})


def positions(found: Document) -> list[int]:
    return [each["position"] for each in found["verifications"]]


def artifact(found: Document, name: str) -> Document:
    (one,) = [each for each in found["artifacts"] if each["digest"] == name]
    return dict(one)


def test_what_is_proven_to_be_signed_before_is_not_affected(story: World) -> None:
    assert CERTIFICATE is not None
    add(story, FIRST, at=0.5)
    unknown, exactly = add(story, FIRST, at=None), add(story, FIRST, at=1)
    elsewhere = add(story, FIRST, certificate=replace(CERTIFICATE, issuer="https://another.example"))
    add(story, FIRST, certificate=replace(CERTIFICATE, identity=CERTIFICATE.identity.upper()))
    add(story, FIRST, **by_key())
    nothing = add(story)
    both = TrustedTime(NOON, TimeSource.TIMESTAMP), TrustedTime(NOON + timedelta(hours=3), TimeSource.LOG)
    add(story, FIRST, times=both)
    assert positions(impact(story)) == [nothing, elsewhere, exactly, unknown]
    assert positions(impact(story, issuer=CERTIFICATE.issuer)) == [nothing, exactly, unknown]
    assert positions(impact(story, key=str(CERTIFICATE.fingerprint)))[-1] == unknown
    assert impact(story, start=instant.text(NOON + timedelta(hours=9)))["artifacts"][0]["digest"] == FIRST
    shown = {each["position"]: each for each in impact(story)["verifications"]}
    assert (shown[unknown]["signed_at"], shown[exactly]["signed_at"]) == (None, instant.text(T))
    assert (shown[nothing]["artifacts"], shown[exactly]["artifacts"]) == ([], [FIRST])


def test_where_its_artifacts_went_is_what_where_says(story: World) -> None:
    add(story, FIRST, SECOND, UNRELEASED)
    found = impact(story)
    for name in (FIRST, SECOND):
        told = story.answer("where", name=name)
        one = artifact(found, name)
        place = [
            (each["service"], each["environment"], each["slot"], each["since"]) for each in told["intervals"]
        ]
        assert place
        assert [(e["service"], e["environment"], e["slot"], e["since"]) for e in one["intervals"]] == place
        assert [e["until"] for e in one["intervals"]] == [e["until"] for e in told["intervals"]]
        released = {(e["environment"], e["number"]) for e in told["releases"]}
        assert {(e["environment"], e["release"]["number"]) for e in one["releases"]} == released
    assert (artifact(found, UNRELEASED)["releases"], artifact(found, UNRELEASED)["intervals"]) == ([], [])


def test_how_it_was_judged_then_and_is_now(story: World) -> None:
    assert CERTIFICATE is not None
    ours, other = add(story, FIRST), add(story, FIRST, **by_key())
    dry = impact(story)
    assert dry["distrusted"] is None
    assert [(each["then"], each["now"]) for each in dry["verifications"]] == [
        (
            {"counts": True, "why": None},
            {"counts": False, "why": f"distrusted: since {instant.text(T)}, as is asked about"},
        )
    ]
    assert (artifact(dry, FIRST)["then"], artifact(dry, FIRST)["now"]) == (2, 1)
    pinned = impact(story, known_at=f"position:{other}")

    said = {"identity": CERTIFICATE.identity, "from": instant.text(T), "reason": "taken over"}
    distrusted = story.recorded("trust/distrusted", **said)["position"]
    later = add(story, FIRST)
    found = impact(story)
    assert (found["distrusted"], positions(found)) == (distrusted, [later, ours])
    shown = {each["position"]: each for each in found["verifications"]}
    why = f"distrusted: since {instant.text(T)}: taken over"
    assert shown[ours]["then"] == {"counts": True, "why": None}
    assert shown[ours]["now"] == shown[later]["now"] == {"counts": False, "why": why}
    assert shown[later]["then"] is None
    assert (artifact(found, FIRST)["then"], artifact(found, FIRST)["now"]) == (2, 1)
    assert impact(story, known_at=f"position:{other}") == pinned


def test_what_did_not_count_for_another_reason(story: World) -> None:
    add(story, FIRST)
    add(story, FIRST, root=digest("another root"), **by_key())
    withdrawn = {"root": str(digest("a root")), "from": "2026-03-01T00:00:00Z", "reason": "its keys leaked"}
    story.recorded("trust/withdrawn", **withdrawn)
    (only,) = impact(story)["verifications"]
    assert only["then"] == only["now"]
    assert (only["now"]["counts"], only["now"]["why"].startswith("withdrawn: ")) == (False, True)
    assert (artifact(impact(story), FIRST)["then"], artifact(impact(story), FIRST)["now"]) == (1, 1)


def test_the_log_that_vouched_for_a_key_and_the_keys_span_are_asked_as_well(story: World) -> None:
    add(story, FIRST, root=KEY, log_root=digest("a root"), **by_key())
    imported = a_trusted_root(version=2, kind=RootKind.KEY, root=KEY, report=None)
    story.services.ledger.append([imported])
    asked = {"key": str(KEY), "start": instant.text(NOON + timedelta(hours=2))}
    (only,) = impact(story, **asked)["verifications"]
    assert only["then"] == {"counts": True, "why": None}
    story.services.ledger.append([replace(imported, version=3, valid_until=NOON)])
    (only,) = impact(story, **asked)["verifications"]
    assert (only["now"]["counts"], only["now"]["why"].partition(":")[0]) == (False, "key_in_use")
    withdrawn = {"root": str(digest("a root")), "from": "2026-03-01T00:00:00Z", "reason": "its keys leaked"}
    story.recorded("trust/withdrawn", **withdrawn)
    (only,) = impact(story, **asked)["verifications"]
    assert (only["now"]["counts"], only["now"]["why"].partition(":")[0]) == (False, "withdrawn")


def test_pages_do_not_shift(story: World) -> None:
    told = [add(story, FIRST if number % 2 else SECOND) for number in range(7)][::-1]
    first = impact(story, limit=3)
    add(story, FIRST)
    second = impact(story, limit=3, cursor=first["next"])
    third = impact(story, limit=3, cursor=second["next"])
    assert [*positions(first), *positions(second), *positions(third)] == told
    assert third["next"] is None
    assert first["ledger"] == second["ledger"] == third["ledger"]
    assert artifact(first, FIRST) == artifact(second, FIRST)
    assert positions(impact(story, limit=8)) == [story.position, *told]
    assert impact(story, limit=8)["next"] is None


def test_a_page_has_no_more_artifacts_than_its_bound(story: World) -> None:
    many = [str(digest(f"artifact {number}")) for number in range(1500)]
    last = [add(story, *many[:1000]), add(story, *many[400:900]), add(story, *many[900:]), add(story)]
    first = impact(story)
    assert (positions(first), len(first["artifacts"])) == ([last[3], last[2]], 600)
    second = impact(story, cursor=first["next"])
    assert (positions(second), len(second["artifacts"])) == ([last[1], last[0]], 1000)
    assert second["next"] is None


@pytest.mark.parametrize("bound", ["SPOKEN_MAX", "RAN_MAX"])
def test_what_is_left_out_is_said(story: World, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    for _ in range(3):
        add(story, FIRST)
    assert not impact(story)["truncated"]
    monkeypatch.setattr(f"domain.queries.impact_of.{bound}", 1)
    found = impact(story)
    assert found["truncated"]
    assert len(artifact(found, FIRST)["intervals"]) == (1 if bound == "RAN_MAX" else 4)


def test_a_subject_by_two_digests_is_one_artifact(story: World) -> None:
    named = Attested(digests=(("sha512", "ab" * 64), ("sha256", Digest(FIRST).hex), ("gitCommit", "ab" * 20)))
    add(story, attested=(named, named))
    long = add(story, attested=(Attested(digests=(("sha512", "ab" * 64),)),), **by_key())
    assert [each["digest"] for each in impact(story)["artifacts"]] == [FIRST]
    (alone,) = impact(story, key=str(KEY))["artifacts"]
    assert (alone["digest"], alone["then"], alone["now"]) == (f"sha512:{'ab' * 64}", 2, 1)
    assert positions(impact(story, key=str(KEY))) == [long]


def test_the_event_is_believed_and_not_the_index(story: World) -> None:
    ours = add(story, FIRST, **by_key())
    forged = digest("a key nobody used")
    with closing(sqlite3.connect(story.settings.home / "ledger.db")) as connection, connection:
        changed = "UPDATE verification_v2 SET signer = ?, signed_at = NULL WHERE position = ?"
        connection.execute(changed, (bytes.fromhex(forged.hex), ours))
    assert impact(story, key=str(forged))["verifications"] == []
