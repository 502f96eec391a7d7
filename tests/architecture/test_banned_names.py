"""Names that may be used in their own place only, each with what to use instead, and why.

A reference counts, not only a call: `now=datetime.now` as a default is the real clock too.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.architecture.tree import PACKAGES, modules


@dataclass(frozen=True)
class Ban:
    """Names nobody uses outside *places*; a name that ends in a dot stands for all below it."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    instead: str
    why: str

    def covers(self, name: str, file: str) -> bool:
        """Say whether *name* may not stand in *file*."""
        hit = any(name == n or (n.endswith(".") and name.startswith(n)) for n in self.names)
        return hit and not file.startswith(self.places)


BANS = (
    Ban(
        names=(
            "datetime.datetime.now",
            "datetime.datetime.today",
            "datetime.datetime.utcnow",
            "datetime.date.today",
            "time.time",
            "time.time_ns",
            "time.gmtime",
            "time.localtime",
        ),
        places=(
            "adapters/clock.py",
            "api/cli/clock.py",  # what time it is at the keyboard, without loading the ledger
            "tests/benchmarks/",
        ),
        instead="the clock that the wiring hands in; in tests the one of `tests/builders.py`",
        why="a second clock would disagree with recorded_at, and no test could turn it",
    ),
    Ban(
        names=("time.sleep",),
        places=("tests/benchmarks/",),
        instead="waiting on a condition or an event, with a bound",
        why="a sleep is too short on a busy machine and too long on every other",
    ),
    Ban(
        names=(
            "random.betavariate",
            "random.choice",
            "random.choices",
            "random.getrandbits",
            "random.randbytes",
            "random.randint",
            "random.random",
            "random.randrange",
            "random.sample",
            "random.seed",
            "random.shuffle",
            "random.uniform",
        ),
        places=(),
        instead="`random.Random(seed)`, with the seed in sight",
        why="a failure that cannot be run again cannot be understood",
    ),
    Ban(
        names=("secrets.", "uuid.uuid1", "uuid.uuid4", "os.urandom", "random.SystemRandom"),
        places=(
            "adapters/",
            "api/access/limits.py",  # keys the digests by which a process knows a credential again
            "api/access/opaque.py",
            "api/cli/",
            "api/people/",  # cookies, and what a login under way is known by: nobody must guess them
            "api/refusing.py",  # gives a crash the number it is looked up by
            "api/wiring.py",
            "tests/sign_on_issuer.py",  # somebody else's codes
            "tests/sign_on_server.py",  # and their cookies
        ),
        instead="an id derived from the fact (`uuid.uuid5`, a digest), or one that is handed in",
        why="the same report twice must be the same event",
    ),
    Ban(
        names=("importlib.import_module", "importlib.util.spec_from_file_location", "__import__"),
        places=(
            "api/cli/lazy.py",  # imports a command, out of a closed table, when it is run
            "tests/",
        ),
        instead="a closed table from name to class",
        why="what a row or a request says must never choose what is imported (ADR 0003)",
    ),
)


def uses(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything *source* refers to, its imports' aliases undone."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                known[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            dotted = ast.unparse(node)
            first, *rest = dotted.split(".")
            yield node.lineno, ".".join([known.get(first, first), *rest])


def offences(file: str, source: str) -> list[str]:
    """Say each banned use in *file*, with the way out."""
    return [
        f"{file}:{line}: {name}: use {ban.instead}, because {ban.why}"
        for line, name in uses(source)
        for ban in BANS
        if ban.covers(name, file)
    ]


def test_nobody_uses_a_banned_name() -> None:
    found = [line for file, text in modules(*PACKAGES, "tests") for line in offences(file, text)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "from datetime import datetime\nwhen = datetime.utcnow()",
        "from datetime import datetime as dt\ndef f(now=dt.now): ...",
        "import datetime as d\nd.date.today()",
        "from time import sleep\nsleep(1)",
        "import time as t\nt.time()",
        "import random\nrandom.choice([1])",
        "from uuid import uuid4\nuuid4()",
        "import secrets\nsecrets.token_hex()",
        "from importlib import import_module\nimport_module('a')",
    ],
)
def test_a_banned_name_is_seen_under_every_alias(source: str) -> None:
    assert offences("domain/build.py", source) != []


def test_a_seeded_generator_and_a_duration_are_fine() -> None:
    source = "import random, time\nrandom.Random(7).choice([1])\ntime.monotonic()"
    assert offences("adapters/log/sequencer.py", source) == []


def test_a_name_is_allowed_in_its_place() -> None:
    source = "from datetime import UTC, datetime\ndatetime.now(UTC)"
    assert offences("adapters/clock.py", source) == []
    assert offences("adapters/ledger/recorder.py", source) != []
