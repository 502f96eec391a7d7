"""How long a pipeline waits for the gate: `python -m tests.benchmarks.gate [--events N]`.

1. The set `regulated` is loaded, and decides on a document of facts of 64 KB; the oracle of the tests, plain
   Python that means the same, decides on the same beside it. Processor time of one thread.
2. A thousand such documents are read back and decided on, as a backtest does it.
3. `shiplog serve` is asked over one connection on a ledger of a million events, facts and all, on both
   databases, beside what runs in one target, asked in the same way.
4. A decision in a server beside `cosign` verifying the same provenance in a process, where it is on PATH.
"""

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from adapters.evidence.verifier import OfflineVerifier
from api import wiring
from api.v1.gate import _sources
from domain.evidence_port import TrustedRoot
from domain.queries.gate.evaluate import Asked, evaluate
from domain.target import Target
from domain.verification import Verified
from tests import postgres
from tests.benchmarks import evidence_beside
from tests.benchmarks.figures import Figure, command
from tests.benchmarks.gate_ledger import RELEASES, SET, evidence, long_ledger, question
from tests.benchmarks.gate_policy import by_policy, milliseconds
from tests.benchmarks.http_as_of import FILLED
from tests.benchmarks.http_load import got, load, posted, served
from tests.http.world import World
from tests.mini_sigstore import MiniSigstore

EVENTS, QUICK_EVENTS = 1_000_000, 5_000
DOCUMENTS, QUICK_DOCUMENTS = 1_000, 100
SECONDS, QUICK_SECONDS = 30.0, 3.0
ASKED_AT_MOST = 40
"""Milliseconds."""


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure the policy alone, then the whole gate on both databases."""
    yield from by_policy(QUICK_DOCUMENTS if asked.quick else DOCUMENTS)
    events = asked.events or (QUICK_EVENTS if asked.quick else EVENTS)
    seconds = QUICK_SECONDS if asked.quick else SECONDS
    rounds = 3 if asked.quick else 10
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        yield from _asked("SQLite", long_ledger(Path(folder) / "home", events), events, seconds, rounds)
    with (
        tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder,
        postgres.server() as server,
        server.database() as url,
    ):
        yield from _asked("PostgreSQL", long_ledger(Path(folder) / "home", events, url), events, seconds)


def _asked(
    on: str, ledger: AbstractContextManager[World], events: int, seconds: float, beside_rounds: int = 0
) -> Iterator[Figure]:
    """Ask the gate on *ledger*, in process and over HTTP; with rounds, beside cosign too."""
    with ledger as world:
        decided = milliseconds(_in_process(world), 20)
    if beside_rounds:
        yield from _beside_cosign(decided, beside_rounds)
    state = got("/v1/environments/staging/state?service=app")
    gate = posted("/v1/gate:evaluate", json.dumps(question()).encode())
    with served(world.settings) as server:
        plain = load(server, lambda: state, clients=1, seconds=seconds)
        found = load(server, lambda: gate, clients=1, seconds=seconds)
    yield Figure(
        f"gate: asked over HTTP, facts and decision of `{SET}`, p99",
        found.percentile(99),
        "ms",
        on=on,
        size=events,
        sized="events",
        baseline=plain.percentile(99),
        beside="what runs in one target, asked in the same way",
        at_most=ASKED_AT_MOST,
        processor=found.server,
        note=f"p50 {found.percentile(50):.1f} ms, {plain.percentile(50):.1f} ms beside it;"
        f" {decided:.1f} ms of processor in process",
    )


def _in_process(world: World) -> Callable[[], object]:
    asked = Asked(
        target=Target("app", "prod"),
        release=RELEASES,
        requester=wiring.OPERATOR,
        from_environment="staging",
        reason="release",
        ticket="CHG-1",
    )
    services = world.services

    def ask() -> object:
        with services.together():
            return evaluate(asked, sources=_sources(services), load=services.loaded_policies)

    found = evaluate(asked, sources=_sources(services), load=services.loaded_policies)
    assert found.facts is not None, found.because
    counts = [len(found.facts[each]) for each in ("attestations", "provenance", "sboms", "tests", "soak")]
    assert counts == [4, 1, 1, 2, 1], counts
    return ask


def _beside_cosign(decided: float, rounds: int) -> Iterator[Figure]:
    """Compare with the same provenance, verified by another's process: signature, log and identity alone."""
    mini = MiniSigstore(now=FILLED)
    content, at, anchor = next(evidence(mini, RELEASES)), FILLED, TrustedRoot(mini.trusted_root())
    (found,) = OfflineVerifier().verify(content, (anchor,), at=at)
    assert isinstance(found, Verified), found
    with evidence_beside.given(content, anchor, found, at.isoformat()) as files:
        line = evidence_beside.cosign(files)
        if line is not None:
            yield Figure(
                f"gate: facts and decision of `{SET}` in a server, beside cosign",
                decided,
                "ms",
                on="SQLite",
                baseline=evidence_beside.milliseconds(line, files, rounds),
                beside="a process of cosign that verifies the provenance",
                processor=decided * 1000,
            )


def options(parser: ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--events", type=int, help="how long the ledger is")


if __name__ == "__main__":
    sys.exit(command(measured, __doc__, options))
