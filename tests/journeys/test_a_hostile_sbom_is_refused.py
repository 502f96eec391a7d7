"""SBOMs made to cost: refused within a second, and all that is left of them is the refusal."""

import json
import time
from collections.abc import Callable

import pytest

from tests.http.world import World, image
from tests.sbom_story import handed_in, listing

HEAD = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":['
NESTED = b'{"name":"a","components":['

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million components": (lambda: HEAD + b'{"name":"a"},' * 1_000_000 + b"{}]}", "too many brackets"),
    "components of nothing": (lambda: HEAD + b"{}," * 900_000 + b"{}]}", "too many components"),
    "more components than there are": (
        lambda: HEAD + b",".join(b'{"name":"a%d"}' % number for number in range(200_001)) + b"]}",
        "too many components",
    ),
    "components in components": (lambda: HEAD + NESTED * 50_000 + b"]}" * 50_000 + b"]}", "nested"),
    "lists in lists": (lambda: HEAD + b"[" * 100_000 + b"]" * 100_000 + b"]}", "nested"),
    "many in many": (
        lambda: HEAD + NESTED * 14 + b'{"name":"x"},' * 300_000 + b"{}" + b"]}" * 14 + b"]}",
        "too many components",
    ),
    "a name that fills it": (lambda: HEAD + b'{"name":"' + b"a" * 40_000_000 + b'"}]}', "name too long"),
    "another version": (lambda: HEAD.replace(b"1.6", b"9.9") + b"]}", "expected one of"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_and_nothing_else_is_kept(world: World, what: str) -> None:
    made, words = HOSTILE[what]
    content, before = made(), world.position
    begun = time.process_time()
    answer = handed_in(world, content, image("ci/1"))
    assert time.process_time() - begun < 2  # of processor; the figure itself is in tests/benchmarks
    assert (answer["recorded"]["topic"], world.position) == ("evidence-refused.v1", before + 1)
    (refusal,) = answer["evidence"]["refusals"]
    assert words in refusal["words"]
    assert answer["evidence"]["admitted"] is None
    digest = answer["evidence"]["digest"]
    assert world.ask(f"evidence/{digest}/content").status_code == 404
    assert not any(path.is_file() for path in (world.settings.home / "blobs").glob("**/*"))
    assert world.answer(f"artifacts/{image('ci/1')}/components")["sboms"] == []


def test_what_names_itself_is_followed_nowhere(world: World) -> None:
    cyclic = listing(jinja2="3.1.2") | {"dependencies": [{"ref": "a", "dependsOn": ["b", "a"]}]}
    cyclic["dependencies"].append({"ref": "b", "dependsOn": ["a"]})
    handed_in(world, json.dumps(cyclic).encode(), image("ci/1"))
    assert len(world.answer(f"artifacts/{image('ci/1')}/components")["components"]) == 1
