"""Files that are made to cost more than they weigh: refused in a second, in little memory, kept nowhere."""

import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest

from domain.evidence import BYTES_MAX, CHECKS_MAX, SIGNATURES_MAX
from domain.ports import BLOB_BYTES_MAX
from tests.http import world as worlds
from tests.http.world import World

SECONDS_MAX = 1.0
"""Of processor, from the request to the answer."""
BYTES_FOR_EACH_MAX = 40
"""Of memory for each byte that was sent, at the worst moment; the smallest JSON object takes 32."""
ROOM_BYTES = 16 << 20
"""Of memory for everything that does not grow with what was sent."""

PAIRS = b",".join(b'"%d":0' % number for number in range(300_000))
SIGNED = b'{"payloadType":"a","payload":"YQ==","signatures":[%b]}' % b",".join(
    [b'{"sig":"YQ=="}'] * SIGNATURES_MAX
)
NAMED = {
    "deep": (b'{"mediaType":' * 100_000 + b"1" + b"}" * 100_000, "too-deep"),
    "deep in a list": (b'{"payloadType":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
    "the last name twice": (b'{"mediaType":1,' + PAIRS + b',"299999":0}', "duplicate-name"),
    "an endless integer": (b'{"mediaType":' + b"9" * 3_000_000 + b"}", "not-a-number"),
    "half a character": (b'{"mediaType":"' + rb"\ud800" * 600_000 + b'"}', "lone-surrogate"),
    "many signatures": (b"\n".join([SIGNED] * (CHECKS_MAX // SIGNATURES_MAX + 1)), "too-many"),
    "nothing but brackets": (b"[" * BYTES_MAX, "too-deep"),
    "many small pieces": (b'{"payloadType":"a"}\n' * 200_000, "too-many"),
}
"""It looks like evidence, so that it is recorded that it is none."""
NAMELESS = {
    "a byte too many": b'{"mediaType":"' + b"a" * (BYTES_MAX - 15) + b'"}',
    "no end": b'{"mediaType":"' + b"a" * (BYTES_MAX - 14),
    "nothing but lists": b"[" + b"[]," * 1_300_000 + b"[]]",
    "quotes": b'"' * BYTES_MAX,
    "backslashes": b'{"a":"' + b"\\" * (BYTES_MAX - 6),
    "a bomb": gzip.compress(bytes(BLOB_BYTES_MAX)),
    "a billion laughs": b'<!DOCTYPE a [<!ENTITY b "lol">' + b'<!ENTITY c "&b;&b;">' * 9 + b"]><testsuite/>",
}
"""It may be anything, so that nothing is recorded."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One ledger for all of them: each leaves it as it is, or is one event more."""
    with worlds.opened(worlds.make(tmp_path_factory.mktemp("hostile") / "home")) as lent:
        yield lent


def recorded(world: World) -> tuple[int, list[Path]]:
    """Where the ledger stands, and which files are kept."""
    folder = world.settings.blobs_place
    assert isinstance(folder, Path)
    return world.position, sorted(folder.rglob("*")) if folder.exists() else []


@pytest.mark.parametrize("case", NAMED)
def test_what_looks_like_evidence_leaves_its_refusal_alone(world: World, case: str) -> None:
    content, reason = NAMED[case]
    assert len(content) <= BYTES_MAX
    position, kept = recorded(world)
    begun = process_time()
    answer = world.client.post("/v1/evidence", data=content, content_type="application/json")
    assert process_time() - begun < SECONDS_MAX
    assert (answer.status_code, answer.get_json()["recorded"]["topic"]) == (201, "evidence-refused.v1")
    assert answer.get_json()["evidence"]["refusals"][0]["reason"] == reason
    assert len(answer.data) < 4096, "the refusal does not repeat what was sent"
    assert recorded(world) == (position + 1, kept)


@pytest.mark.parametrize("case", NAMELESS)
def test_what_may_be_anything_leaves_nothing(world: World, case: str) -> None:
    before = recorded(world)
    begun = process_time()
    answer = world.client.post("/v1/evidence", data=NAMELESS[case], content_type="application/octet-stream")
    assert process_time() - begun < SECONDS_MAX
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/unreadable-evidence")
    assert len(answer.data) < 4096
    assert recorded(world) == before


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_nothing_is_ever_unpacked(world: World, coding: str) -> None:
    before = recorded(world)
    tracemalloc.start()
    begun = process_time()
    answer = world.client.post(
        "/v1/evidence",
        data=NAMELESS["a bomb"],
        content_type="application/json",
        headers={"Content-Encoding": coding},
    )
    assert process_time() - begun < SECONDS_MAX
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status_code, answer.get_json()["type"]) == (415, "/problems/unsupported-media-type")
    assert most < ROOM_BYTES
    assert recorded(world) == before


def test_a_body_over_every_bound_is_not_read(world: World) -> None:
    before = recorded(world)
    content = bytes(BLOB_BYTES_MAX + 1)
    begun = process_time()
    answer = world.client.post("/v1/evidence", data=content, content_type="application/octet-stream")
    assert process_time() - begun < SECONDS_MAX
    assert answer.status_code == 413
    assert recorded(world) == before


@pytest.mark.parametrize(
    "case", ["deep", "the last name twice", "many small pieces", "nothing but lists", "a bomb"]
)
def test_memory_grows_with_what_was_sent_and_no_faster(world: World, case: str) -> None:
    content = NAMED[case][0] if case in NAMED else NAMELESS[case]
    world.answer("environments")  # whatever a first request loads
    tracemalloc.start()
    world.client.post("/v1/evidence", data=content, content_type="application/octet-stream")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < ROOM_BYTES + BYTES_FOR_EACH_MAX * len(content)
