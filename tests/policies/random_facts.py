"""Facts at random, near those that are ready: values that mean something are put where they mean another."""

import copy
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain import instant
from domain.policy.facts import FACTS
from domain.policy.shape import Counts, Listing, Record, Scalar, Shape

TEXTS = (
    "",
    "*",
    "prod",
    "staging",
    "payments-api",
    "carol",
    "dave",
    "alice",
    "bob",
    "frank",
    "unit",
    "integration",
    "passed",
    "failed",
    "succeeded",
    "declared",
    "reported",
    "cyclonedx",
    "spdx",
    "approved",
    "rejected",
    "critical",
    "high",
    "not_affected",
    "fixed",
    "differs",
    "unknown",
    "same",
    "session",
    "token",
    "AGPL-3.0-only",
    "sha256:00",
)  # fmt: skip - a word a line would be a page
STEPS = (timedelta(0), timedelta(seconds=1), timedelta(hours=24), timedelta(days=2), timedelta(days=31))


def mutated(ready: dict[str, Any], dice: Random) -> dict[str, Any]:
    """Return *ready* with one to twelve things changed."""
    facts = copy.deepcopy(ready)
    now = instant.parse(facts["evaluation"]["time"])
    for _ in range(dice.randint(1, 12)):
        _change(facts, FACTS, dice, now)
    facts["schema"] = ready["schema"]
    facts["promotion"]["environment"] = dice.choice(("prod", "staging"))
    return facts


def _change(inside: dict[str, Any], record: Record, dice: Random, now: datetime) -> None:
    name = dice.choice(sorted(record.members))
    shape: Shape = record.members[name]
    match shape:
        case Record():
            _change(inside[name], shape, dice, now)
        case Listing() if inside[name] and dice.random() < 0.7 and isinstance(shape.of, Record):
            _change(dice.choice(inside[name]), shape.of, dice, now)
        case Listing():
            _lengthen(inside[name], shape.of, dice, now)
        case Counts():
            inside[name][dice.choice(("MIT", "AGPL-3.0-only", "SSPL-1.0"))] = dice.randint(0, 3)
        case Scalar():
            inside[name] = _scalar(shape, dice, now)


def _lengthen(items: list[Any], of: Shape, dice: Random, now: datetime) -> None:
    if items and dice.random() < 0.5:
        items.pop(dice.randrange(len(items)))
    elif isinstance(of, Scalar):
        items.append(_scalar(of, dice, now))
    elif items:
        items.append(copy.deepcopy(dice.choice(items)))


def _scalar(scalar: Scalar, dice: Random, now: datetime) -> Any:
    match scalar:
        case Scalar.BOOL:
            return dice.random() < 0.5
        case Scalar.INT:
            return dice.choice((0, 1, 2, 3, 7, 8, 30, 31, 400))
        case Scalar.TEXT:
            return dice.choice(TEXTS)
        case Scalar.INSTANT:
            return instant.text(now + dice.choice((-1, 1)) * dice.choice(STEPS))
