"""What the reporters of a simulated service say: everything, in any order, and much of it wrong or twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from domain import instant
from tests.builders import NOON
from tests.histories import ENVIRONMENTS, SERVICES, SLOTS
from tests.http.world import FIRST, REPOSITORY, SECOND, image

Line = dict[str, Any]
EARLY = NOON - timedelta(days=1)
BUILDS = (("b-1", FIRST), ("b-2", SECOND), ("b-3", FIRST))
PATHS = {"declared": "declarations"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and its lines as a batch has them."""

    path: str
    body: bytes
    lines: tuple[bytes, ...]
    atomic: bool | None
    """Whether all or nothing is recorded; None for a single report."""
    key: str | None

    @property
    def media(self) -> str:
        """The type of the body."""
        return "application/json" if self.atomic is None else "application/jsonl"


def groundwork() -> Request:
    """Return two releases of every target, so that there is something to run."""
    at = instant.text(EARLY)
    lines: list[Line] = []
    for service in SERVICES:
        lines += [_build(service, *build, at) for build in BUILDS[:2]]
        for environment in ENVIRONMENTS:
            about = {"service": service, "environment": environment, "occurred_at": at}
            lines.append({"type": "config", **about, "entries": {"LEVEL": {"value": "1"}}})
            lines += [{"type": "release", **about, "build": build} for build, _ in BUILDS[:2]]
    return batch(lines, atomic=True, key=None)


def single(line: Line, key: str | None) -> Request:
    """Return the request that reports *line* alone."""
    kind = PATHS.get(line["type"], f"{line['type']}s")
    body = orjson.dumps({name: value for name, value in line.items() if name != "type"})
    return Request(f"/v1/{kind}", body, (orjson.dumps(line),), None, key)


def batch(lines: list[Line], *, atomic: bool, key: str | None) -> Request:
    """Return the request that reports *lines* together."""
    written = tuple(orjson.dumps(line) for line in lines)
    mode = "atomic" if atomic else "each"
    return Request(f"/v1/reports:batch?mode={mode}", b"\n".join(written), written, atomic, key)


class Rumours:
    """Requests by *dice*, told at a time and to a ledger of some length."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._count = 0
        self.said: list[Request] = []
        """Every request so far, to be said again."""

    def next(self, now: datetime, head: int) -> Request:
        """Return the next: new, or one that was made before."""
        dice = self._dice
        if self.said and dice.random() < 0.25:
            return dice.choice(self.said)
        self._count += 1
        key = f"key-{self._count}" if dice.random() < 0.3 else None
        if dice.random() < 0.25:
            lines = [self._line(now, head) for _ in range(dice.randint(1, 6))]
            made = batch(lines, atomic=dice.random() < 0.5, key=key)
        else:
            made = single(self._line(now, head), key)
        self.said.append(made)
        return made

    def _line(self, now: datetime, head: int) -> Line:  # noqa: PLR0911 - one a kind of report
        dice = self._dice
        self._count += 1
        # Now and then someone reports for the future, or under a name that is taken.
        at = now + timedelta(seconds=dice.choice((-9000, -400, -300, -200, -100, -1, 0, 100, 900)))
        named = self._count if dice.random() < 0.95 else dice.randint(1, self._count)
        about: Line = {"id": f"r-{named}", "reporter": "sim", "occurred_at": instant.text(at)}
        service, environment = dice.choice(SERVICES), dice.choice(ENVIRONMENTS)
        on_target = {**about, "service": service, "environment": environment}
        in_slot = {**on_target, "slot": dice.choice(("main", *SLOTS))}
        match dice.randint(0, 11):
            case 0:
                return _build(service, *dice.choice(BUILDS), at=about["occurred_at"]) | about
            case 1:
                value = {"value": str(dice.randint(1, 3))}
                return {"type": "config", **on_target, "entries": {"LEVEL": value}}
            case 2:
                return {"type": "release", **on_target, "build": dice.choice(BUILDS)[0]}
            case 3:
                seen = {"service": service, "slot": in_slot["slot"], "artifacts": [image(f"{service} b-1")]}
                observed = {**about, "environment": environment, "reporter": "agent"}
                return {"type": "observation", **observed, "running": [seen]}
            case 4:
                reason = {"reason": "it was not so"}
                by = {"type": "removal", **{n: v for n, v in in_slot.items() if n != "id"}}
                more = {"replacement": by} if dice.random() < 0.5 else {}
                return {"type": "correction", **about, "of": dice.randint(1, head + 2), **reason, **more}
            case 5:
                return {"type": "removal", **in_slot}
            case 6 | 7:
                return {"type": "declared", **in_slot, "label": dice.choice(("v1", "v2", None))}
            case _:
                name = f"d-{dice.randint(1, 20)}"
                outcome = dice.choice(("succeeded", "succeeded", "started", "failed"))
                run = {"release": dice.randint(1, 4), "deployment": name, "outcome": outcome}
                return {"type": "deployment", **in_slot, **run}


def _build(service: str, name: str, commit: str, at: str) -> Line:
    source = {"repository": REPOSITORY, "commit": commit}
    made = [{"name": service, "digest": image(f"{service} {name}")}]
    about = {"service": service, "build": name, "occurred_at": at}
    return {"type": "build", **about, "source": source, "artifacts": made}
