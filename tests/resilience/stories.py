"""What reporters have to say: seeded, about a hot target that all share and cold ones of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import orjson

from domain import instant
from tests.builders import NOON
from tests.http.world import FIRST, REPOSITORY, SECOND, image

JSON, LINES = "application/json", "application/jsonl"
HOT = "hot"
BATCH_LINES_MAX = 12
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """One request, and the reports in it."""

    path: str
    body: bytes
    media: str
    ids: tuple[str, ...]
    """The reporter's ids, in order; each is unique among all reporters."""
    key: str | None
    """The Idempotency-Key it is sent under."""


def cold(writer: int) -> str:
    """Name the service that only *writer* reports about."""
    return f"cold-{writer}"


def groundwork(writers: int) -> Telling:
    """Return builds, configurations and two releases of every service."""
    lines: list[Line] = []
    at = instant.text(NOON - timedelta(days=1))
    for service in (HOT, *map(cold, range(writers))):
        for build, commit in (("b-1", FIRST), ("b-2", SECOND)):
            about = {"service": service, "occurred_at": at, "build": build}
            made = [{"name": service, "digest": image(f"{service} {build}")}]
            source = {"repository": REPOSITORY, "commit": commit}
            lines.append({"type": "build", **about, "source": source, "artifacts": made})
        about = {"service": service, "environment": "prod", "occurred_at": at}
        lines.append({"type": "config", **about, "entries": {"LEVEL": {"value": "info"}}})
        lines += [{"type": "release", **about, "build": build} for build in ("b-1", "b-2")]
    return _batch([{**line, "id": f"ground-{n}"} for n, line in enumerate(lines)], "atomic", None)


def tellings(writer: int, seed: int) -> Iterator[Telling]:
    """Yield what *writer* reports: single reports and batches, for ever."""
    dice = Random(f"{seed}/{writer}")  # noqa: S311 - to be repeated
    batch = 0
    lines = _lines(writer, dice)
    while True:
        batch += 1
        key = f"key-{seed}-{writer}-{batch}" if dice.random() < 0.3 else None
        if dice.random() < 0.3:
            count = dice.randint(2, BATCH_LINES_MAX)
            yield _batch([next(lines) for _ in range(count)], dice.choice(("atomic", "each")), key)
        else:
            line = next(lines)
            kind = {"declared": "declarations"}.get(line["type"], f"{line['type']}s")
            body = {name: value for name, value in line.items() if name != "type"}
            yield Telling(f"/v1/{kind}", orjson.dumps(body), JSON, (line["id"],), key)


def _lines(writer: int, dice: Random) -> Iterator[Line]:
    number = 0
    while True:
        number += 1
        name = f"w{writer}-{number}"
        about: Line = {
            "id": name,
            "reporter": f"writer-{writer}",
            "environment": "prod",
            "service": HOT if dice.random() < 0.4 else cold(writer),
            "slot": dice.choice(("main", "canary")),
            # Late and early, and many at one instant: their order is not that of their arrival.
            "occurred_at": instant.text(NOON + timedelta(seconds=dice.randint(0, 5000))),
        }
        match dice.randint(0, 5):
            case 0:
                yield {**about, "type": "removal", "reason": name}
            case 1:
                said = {"label": f"v{dice.randint(1, 9)}", "config": f"c-{dice.randint(1, 3)}"}
                yield {**about, "type": "declared", **said, "sequence": number}
            case _:
                release = dice.randint(1, 2)
                yield {**about, "type": "deployment", "deployment": name, "release": release}


def _batch(lines: Sequence[Line], mode: str, key: str | None) -> Telling:
    body = b"\n".join(orjson.dumps(line) for line in lines)
    ids = tuple(line["id"] for line in lines)
    return Telling(f"/v1/reports:batch?mode={mode}", body, LINES, ids, key)
