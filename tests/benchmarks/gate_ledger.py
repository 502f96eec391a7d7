"""A long ledger, and in it a service that is released as a gate wants it: built, signed, tested, soaked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.digest import Digest
from tests.benchmarks.http_as_of import BATCH_LINES, FILLED, line
from tests.benchmarks.sboms import _entry
from tests.http import world as worlds
from tests.http.world import World
from tests.journeys.test_provenance_under_attack import OURS, TABLE, leaf, provenance, root, said, sent
from tests.journeys.test_the_gate_is_asked import in_force
from tests.mini_sigstore import MiniSigstore, statement
from tests.mini_sigstore_bundles import attested
from tests.unit.sboms import cyclonedx

STEP = timedelta(minutes=2)
"""From one declaration to the next: a million of them are four years."""
RELEASES = 20
COMPONENTS = 300
TESTS = 200
SET = "regulated"


@contextmanager
def long_ledger(home: Path, events: int, database_url: str = "") -> Iterator[World]:
    """Lend a ledger of so many declarations, with the releases of app after them."""
    with worlds.opened(worlds.make(home, database_url=database_url, at=FILLED), at=FILLED) as world:
        for start in range(0, events, BATCH_LINES):
            numbers = range(start, min(start + BATCH_LINES, events))
            answer = world.batch(b"\n".join(line(n, STEP) for n in numbers))
            assert answer.status_code == 200, answer.text[:500]
        mini = MiniSigstore(now=FILLED)
        said(world, "builders", content=TABLE)
        said(world, "roots", **root(mini), instance="public-good")
        in_force(world, SET)
        for number in range(1, RELEASES + 1):
            _release(world, mini, number)
        yield world


def artifact(number: int) -> Digest:
    """Return what release *number* is made of."""
    return Digest.of(b"app %d" % number)


def evidence(mini: MiniSigstore, number: int) -> Iterator[bytes]:
    """Yield what is said of release *number*: its provenance first, its SBOM, how its tests went."""

    def signed(payload: bytes) -> bytes:
        return json.dumps(attested(mini, payload, signer=leaf(mini))).encode()

    subject = [{"name": "app", "digest": {"sha256": artifact(number).hex}}]
    yield signed(provenance(artifact=artifact(number).hex, run=number))
    sbom = cyclonedx(*map(_entry, range(COMPONENTS)), version=number)
    yield signed(statement(subject, predicate=sbom, predicateType="https://cyclonedx.org/bom"))
    for suite in ("unit", "integration"):
        predicate = {
            "result": "PASSED",
            "configuration": [{"uri": suite}],
            "passedTests": [f"{suite}/test-{place}" for place in range(TESTS)],
        }
        kind = "https://in-toto.io/attestation/test-result/v0.1"
        yield signed(statement(subject, predicate=predicate, predicateType=kind))


def question(release: int = RELEASES) -> dict[str, Any]:
    """Return what is asked of the gate about *release*."""
    asked = {"target": "app@prod", "release": release, "from_environment": "staging"}
    return {**asked, "reason": "release", "ticket": "CHG-1"}


def _release(world: World, mini: MiniSigstore, number: int) -> None:
    """Build app, sign what it is, and run it in staging; in prod runs what was released before."""
    build, made = f"ci/{number}", [{"name": "app", "digest": str(artifact(number))}]
    source = {"repository": OURS, "commit": f"{number:040x}", "ref": "refs/heads/main"}
    world.recorded("builds", service="app", build=build, source=source, artifacts=made)
    for each in evidence(mini, number):
        sent(world, each, **{"for": str(artifact(number))})
    for environment, runs in (("staging", number), ("prod", number - 1)):
        place = {"service": "app", "environment": environment}
        answer = world.report("configs", **place, entries={"LEVEL": {"value": "info"}})
        assert answer.status_code in (200, 201), answer.text
        world.recorded("releases", **place, build=build, config="current")
        if runs:
            world.recorded("deployments", **place, release=runs, deployment=f"argo/{environment}/{runs}")
