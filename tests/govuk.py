"""A real delivery history with an answer key, read from outside the project; absent where it is absent."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from api.gitops.lines import Line, Replay, Scope
from api.gitops.patterns import Bound, Place
from domain import instant
from tests.http.world import World

FOLDER = Path(__file__).parents[2] / "shared" / "history" / "govuk"
ABSENT = f"the delivery history is not at {Path('..', 'shared', 'history')} beside the project"
SOURCE = "https://github.com/alphagov/govuk-helm-charts"
LINES = 261_378
"""Lines of the whole history. Row by row it would be 261,790: 393 rows repeat what was said before, and 19
services changed label and configuration in one commit, which is one line."""
READ = datetime(2026, 9, 1, tzinfo=UTC)
"""After its last commit."""


@dataclass(slots=True)
class Commit:
    """What one commit changed."""

    id: str
    at: str
    labels: dict[Place, str | None] = field(default_factory=dict)
    configs: dict[Scope, str | None] = field(default_factory=dict)


def lines(changes_max: int | None = None) -> Iterator[Line]:
    """Yield the history, or what its first *changes_max* label changes and the configs until then make."""
    replay = Replay(SOURCE)
    for commit in _commits(changes_max):
        yield from replay.advance(commit.id, instant.parse(commit.at), commit.labels, commit.configs)


def probes(until: str | None = None) -> list[dict[str, Any]]:
    """Return the questions whose answer is known, about the time before *until*."""
    with (FOLDER / "probes.jsonl").open("rb") as read:
        every = [orjson.loads(line) for line in read]
    return [probe for probe in every if until is None or probe["as_of"] < until]


def wrong(probe: dict[str, Any], world: World) -> str | None:
    """Say how the ledger's answer to *probe* is not the repository's; None when it is."""
    service = probe["service"]
    answer = world.ask(f"environments/{probe['environment']}/state", as_of=probe["as_of"], service=service)
    running = answer.get_json()["running"] if answer.status_code == 200 else []
    said = [(each["build"]["label"], each["config"]["reference"]) for each in running if each["release"]]
    meant = [] if probe["label"] is None else [(probe["label"], f"git-blob:{probe['config']}")]
    return None if said == meant else f"{probe}: {answer.status_code}, {said}"


def rollbacks(world: World) -> tuple[set[str], set[str]]:
    """Return the services rolled back in production that afternoon: by the difference, by their timelines."""
    before, last, after = (f"2026-08-14T{time}Z" for time in ("12:47:53", "12:49:42", "12:49:43"))
    compared = world.answer("environments/production/diff", start=before, end=last)
    found = {each["service"] for each in compared["differing"] if each["kind"] == "rollback"}
    shown = set()
    for service in found:
        span = {"environment": "production", "start": before, "end": after}
        intervals = world.answer(f"services/{service}/timeline", **span)["intervals"]
        kinds = {each["deployment"]["kind"] for each in intervals if before < each["since"] <= last}
        shown |= {service} if "rollback" in kinds else set()
    return found, shown


def _commits(changes_max: int | None) -> Iterator[Commit]:
    """Yield both files as one history: by time, what is one commit together."""
    configs = _grouped(_rows("configs.jsonl.gz"))
    waiting = next(configs, None)
    last = ""
    for commit in _grouped(islice(_rows("changes.jsonl.gz"), changes_max)):
        while waiting is not None and waiting.id != commit.id and waiting.at <= commit.at:
            yield waiting
            waiting = next(configs, None)
        if waiting is not None and waiting.id == commit.id:
            commit.configs, waiting = waiting.configs, next(configs, None)
        last = commit.at
        yield commit
    while waiting is not None and (changes_max is None or waiting.at <= last):
        yield waiting
        waiting = next(configs, None)


def _grouped(rows: Iterator[dict[str, Any]]) -> Iterator[Commit]:
    for (name, at), group in groupby(rows, itemgetter("commit", "t")):
        commit = Commit(name, at)
        for row in group:
            if "config" in row:
                commit.configs[Scope(0, Bound(row["environment"]))] = row["config"]
            else:
                commit.labels[Place(row["environment"], row["service"])] = row["label"]
        yield commit


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(FOLDER / name, "rb") as read:
        yield from map(orjson.loads, read)
