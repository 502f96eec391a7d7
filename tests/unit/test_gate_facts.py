"""What one question to the gate may cost: bounded, whatever somebody hands in, and beyond that no allow."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.blobs.memory import MemoryBlobs
from api import wiring
from api.v1.gate import _sources
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.policy import facts as schema
from domain.policy.outcome import Verdict
from domain.policy.shape import TEXT_LENGTH_MAX, plain
from domain.ports import BlobReader
from domain.queries.gate import attested as bounds
from domain.queries.gate import files, of_release
from domain.queries.gate.evaluate import Asked, Evaluated, evaluate
from domain.queries.gate.files import Files
from domain.target import Target
from tests.http import world as worlds
from tests.http.world import World
from tests.journeys.test_provenance_under_attack import ARTIFACT, TABLE, bundle, leaf, root, said, sent
from tests.journeys.test_the_gate_is_asked import in_force, release
from tests.mini_sigstore import MiniSigstore, statement
from tests.mini_sigstore_bundles import attested
from tests.unit.sboms import cyclonedx

CYCLONEDX = "https://cyclonedx.org/bom"
ABOUT = {"for": f"sha256:{ARTIFACT}"}


@pytest.fixture(scope="module")
def mini() -> MiniSigstore:
    return MiniSigstore()


@pytest.fixture
def world(tmp_path: Path, mini: MiniSigstore) -> Iterator[World]:
    """A ledger in which release 1 of app is allowed in prod."""
    with worlds.opened(worlds.make(tmp_path / "home")) as lent:
        lent.clock.advance(3600)
        said(lent, "builders", content=TABLE)
        said(lent, "roots", **root(mini), instance="public-good")
        release(lent, "ci/1")
        in_force(lent, "slsa-build-l2")
        sent(lent, bundle(mini), **ABOUT)
        yield lent


def signed(mini: MiniSigstore, predicate: dict[str, Any], kind: str = CYCLONEDX) -> bytes:
    told = statement(
        [{"name": "app", "digest": {"sha256": ARTIFACT}}], predicate=predicate, predicateType=kind
    )
    return json.dumps(attested(mini, told, signer=leaf(mini))).encode()


def sbom(mini: MiniSigstore, serial: int, *licences: str) -> bytes:
    named = [{"license": {"name": each}} for each in licences]
    return signed(mini, cyclonedx({"name": "left", "licenses": named}, version=serial))


def asked(world: World, blobs: BlobReader | None = None, number: int = 1) -> Evaluated:
    wanted = Asked(target=Target("app", "prod"), release=number, requester=wiring.OPERATOR, reason="CHG-1")
    sources = _sources(world.services)
    if blobs is not None:
        sources = replace(sources, blobs=blobs)
    return evaluate(wanted, sources=sources, load=world.services.loaded_policies)


class Counted:
    """Files, and how often each was read."""

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs
        self.read: Counter[Digest] = Counter()

    def get(self, digest: Digest) -> bytes:
        self.read[digest] += 1
        return self._blobs.get(digest)


# -- files


def test_as_many_bytes_are_read_as_are_bounded_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = MemoryBlobs()
    digest, other = kept.put(b"12345"), kept.put(b"6")
    monkeypatch.setattr(files, "BYTES_MAX", 10)
    read = Files(kept)
    assert read.get(digest) + read.get(digest) == b"1234512345"
    with pytest.raises(MalformedValue, match="evidence would have to be read"):
        read.get(other)


def test_as_many_files_are_read_as_are_bounded_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = MemoryBlobs()
    empty = kept.put(b"")
    monkeypatch.setattr(files, "FILES_MAX", 2)
    read = Files(kept)
    assert read.get(empty) == read.get(empty) == b""
    with pytest.raises(MalformedValue, match="more than 2 files"):
        read.get(empty)


def test_a_file_with_many_sboms_is_read_once(world: World, mini: MiniSigstore) -> None:
    counted = Counted(world.services.evidence.blobs)
    sent(world, b"\n".join(sbom(mini, serial, "MIT") for serial in range(12)), **ABOUT)
    found = asked(world, counted)
    assert found.facts is not None
    assert len(found.facts["sboms"]) == 12
    assert set(counted.read.values()) == {1}
    assert len(counted.read) == 3, "the table of builders, the provenance and this"


# -- too much of something


@pytest.mark.parametrize(
    ("bound", "most"),
    [
        ("files.FILES_MAX", 4),
        ("files.BYTES_MAX", 10_000),
        ("attested.EVENTS_MAX", 7),
        ("attested.ATTESTATIONS_MAX", 3),
        ("attested.ARTIFACTS_MAX", 0),
    ],
)
def test_with_more_than_is_looked_at_nothing_is_decided(
    world: World, mini: MiniSigstore, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    for serial in range(3):
        sent(world, sbom(mini, serial, "MIT"), **ABOUT)
    assert asked(world).verdict is Verdict.ALLOW
    monkeypatch.setattr(f"domain.queries.gate.{bound}", most)
    found = asked(world)
    assert (found.verdict, found.outcome, found.facts) == (Verdict.INDETERMINATE, None, None)
    assert found.because is not None
    assert "more than" in found.because or "at most" in found.because


def test_too_many_events_are_not_even_read(
    world: World, mini: MiniSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One piece, handed in again and again in other spellings, is one attestation, and many events."""
    again = sbom(mini, 1, "MIT")
    for spaces in range(3):
        sent(world, again + b" " * spaces, **ABOUT)
    found = asked(world)
    assert found.facts is not None
    assert len(found.facts["attestations"]) == 2
    monkeypatch.setattr(bounds, "EVENTS_MAX", 3)
    assert asked(world).verdict is Verdict.INDETERMINATE


def test_provenance_that_is_not_looked_at_is_no_reason_to_allow(world: World, mini: MiniSigstore) -> None:
    sent(world, b"\n".join(bundle(mini, run=run) for run in range(49)), **ABOUT)
    assert asked(world).verdict is Verdict.ALLOW
    sent(world, bundle(mini, run=50), **ABOUT)
    found = asked(world)
    assert found.verdict is Verdict.INDETERMINATE
    assert "more than 50 verified provenances" in (found.because or "")


# -- what others wrote


def test_what_signers_wrote_never_keeps_a_release_from_being_judged(world: World, mini: MiniSigstore) -> None:
    sent(
        world,
        sbom(mini, 1, "MIT\nPermission is\x07hereby granted", "MIT\nPermission is\x08hereby granted"),
        **ABOUT,
    )
    sent(world, signed(mini, {}, f"https://x.example/\u2028/{'long' * 1000}"), **ABOUT)
    found = asked(world)
    assert found.verdict is Verdict.ALLOW, found.because
    assert found.facts is not None
    schema.check(found.facts)
    assert len(found.facts["attestations"]) == 3
    assert found.facts["sboms"][0]["licences"] == {
        "MIT": 1,
        "MIT\ufffdPermission is\ufffdhereby granted": 2,
    }


def test_a_text_that_is_cut_is_told_from_one_that_is_not() -> None:
    longest = "a" * TEXT_LENGTH_MAX
    assert plain(longest) == longest
    assert plain(longest + "a") != longest
    assert len(plain(longest + "a")) == TEXT_LENGTH_MAX


def test_an_sbom_that_is_lost_is_no_fact_though_what_it_said_is_at_hand(
    world: World, mini: MiniSigstore
) -> None:
    content = sbom(mini, 1, "MIT")
    sent(world, content, **ABOUT)
    found = asked(world)
    assert found.facts is not None
    assert len(found.facts["sboms"]) == 1
    (kept,) = (each for each in (world.settings.home / "blobs").rglob("*") if is_file(each, content))
    kept.unlink()
    found = asked(world)
    assert found.facts is not None
    assert found.facts["sboms"] == []


def is_file(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


# -- statements


def statements_of(ask: Callable[[], object]) -> int:
    """Return by how many statements it was answered."""
    told: list[str] = []

    def note(*said: Any) -> None:
        told.append(said[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return len(told)


def test_more_evidence_takes_no_more_statements(world: World, mini: MiniSigstore) -> None:
    sent(world, sbom(mini, 0, "MIT"), **ABOUT)
    asked(world)
    before = statements_of(lambda: asked(world))
    for serial in range(1, 9):
        sent(world, sbom(mini, serial, "MIT"), **ABOUT)
    asked(world)
    assert 0 < statements_of(lambda: asked(world)) <= before


def test_more_releases_take_no_more_statements(world: World) -> None:
    before = statements_of(lambda: asked(world))
    for number in range(2, 8):
        release(world, f"ci/{number}")
    for number, more in ((7, 0), (1, 2)):  # whether any of those that are newer ran
        assert statements_of(lambda: asked(world, number=number)) <= before + more  # noqa: B023 - at once


@pytest.mark.parametrize(("most", "newer_ran"), [(6, False), (5, True)])
def test_more_newer_releases_than_are_looked_at_are_taken_to_have_run(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int, newer_ran: bool
) -> None:
    for number in range(2, 7):
        release(world, f"ci/{number}")
    monkeypatch.setattr(of_release, "NEWER_MAX", most)
    found = asked(world)
    assert found.facts is not None
    assert found.facts["release"]["newer_ran"] is newer_ran
