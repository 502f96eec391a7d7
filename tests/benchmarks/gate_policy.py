"""The gate without a ledger: how long a policy takes to be loaded, to decide, and to be tried on history.

Beside it the oracle of the tests, plain Python that means the same. All is processor time of one thread.
"""

from collections.abc import Callable, Iterator
from random import Random
from time import thread_time
from typing import Any

import orjson

from adapters.policy.documents import read
from adapters.policy.engine import CelEngine
from domain import canonical
from domain.policy.decide import decide
from domain.policy.outcome import Verdict
from tests.benchmarks.figures import Figure
from tests.benchmarks.gate_ledger import SET
from tests.policies import library, oracle
from tests.policies.random_facts import mutated

FACTS_BYTES = 64 << 10
ROUNDS = 5
LOAD_AT_MOST, DECIDE_AT_MOST = 200, 15
"""Milliseconds."""
DECISIONS_AT_LEAST = 200

Facts = dict[str, Any]


def large() -> Facts:
    """Return facts of 64 KB that every rule of the set allows."""
    facts = library.ready()
    (first, *_), number = facts["findings"], 0
    while len(canonical.encode(facts)) < FACTS_BYTES:
        for _ in range(10):
            number += 1
            more = {"id": f"CVE-2026-{20_000 + number}", "purl": f"pkg:pypi/library-{number}@1.{number}.0"}
            facts["findings"].append({**first, **more, "severity": ("low", "medium", "high")[number % 3]})
    return facts


def by_policy(documents: int) -> Iterator[Figure]:
    """Load the set, decide once, and on so many *documents*."""
    files, facts = library.files(), large()
    loaded, engine = library.loaded(SET), CelEngine()
    names = sorted(loaded.files)
    yield Figure(
        f"gate: policy set `{SET}` loaded",
        milliseconds(lambda: engine.load(files, SET), 3),
        "ms",
        baseline=milliseconds(lambda: [read(files[name], name) for name in names], 3),
        beside="the YAML of its files, read",
        at_most=LOAD_AT_MOST,
    )
    assert decide(loaded, facts).verdict is Verdict.ALLOW
    given = {use.rule: use.given for use in loaded.policy.uses}

    def by_oracle(facts: Facts) -> int:
        return sum(len(list(rule(facts, given[id_]))) for id_, rule in oracle.RULES.items())

    took = milliseconds(lambda: decide(loaded, facts), 10)
    yield Figure(
        f"gate: a decision of `{SET}`",
        took,
        "ms",
        size=len(canonical.encode(facts)),
        sized="bytes of facts",
        baseline=milliseconds(lambda: by_oracle(facts), 10),
        beside="the same rules in plain Python, without digest or words",
        at_most=DECIDE_AT_MOST,
        processor=took * 1000,
    )
    dice = Random("backtest")  # noqa: S311 - the same documents every time
    stored = [canonical.encode(mutated(facts, dice)) for _ in range(documents)]
    backtest = milliseconds(lambda: [decide(loaded, orjson.loads(each)) for each in stored], 1)
    plain = milliseconds(lambda: [by_oracle(orjson.loads(each)) for each in stored], 1)
    yield Figure(
        f"gate: backtest of `{SET}` over stored facts, decisions a second of processor",
        documents / backtest * 1000,
        "decisions/s",
        size=documents,
        sized="decisions",
        baseline=documents / plain * 1000,
        beside="the same rules in plain Python, without digest or words",
        at_least=DECISIONS_AT_LEAST,
        processor=backtest / documents * 1000,
    )


def milliseconds(call: Callable[[], object], each: int) -> float:
    """Return the processor time of one call, in the round that was disturbed least."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = thread_time()
        for _ in range(each):
            call()
        best = min(best, (thread_time() - begun) / each)
    return best * 1000
