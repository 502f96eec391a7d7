"""The library of policies, as it lies in `policies/`."""

import json
from functools import cache
from importlib import resources
from typing import Any

from adapters.policy.engine import CelEngine, CelSet
from domain.policy.trying import Trial

ENGINE = CelEngine()


@cache
def files() -> dict[str, bytes]:
    root = resources.files("policies")
    return {
        f"{folder}/{each.name}": each.read_bytes()
        for folder in ("sets", "rules", "tests")
        for each in sorted(root.joinpath(folder).iterdir(), key=lambda found: found.name)
        if each.name.endswith((".yaml", ".json"))
    }


@cache
def loaded(name: str = "regulated") -> CelSet:
    return ENGINE.load(files(), name)


@cache
def trials() -> tuple[Trial, ...]:
    return ENGINE.trials(files())


def ready() -> dict[str, Any]:
    """Return facts that every set allows; a copy of one's own."""
    return dict(json.loads(files()["tests/ready.json"]))
