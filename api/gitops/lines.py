"""From what changed in a commit to the lines that declare it: a replay, and nothing else.

A target is declared again when its label or its configuration differs from what was
declared last; both in one commit are one line.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import product

from api.gitops.patterns import Bound, Place
from domain import instant, names
from domain.target import MAIN

REPORTER = "gitops"
COMMIT_DIGITS = 12
SECONDS_KEPT_MAX = 65_536
"""Targets and seconds remembered to number what shares one. A history in order needs those of one second."""

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scope:
    """What one configuration file is for."""

    rank: int
    """Place of its pattern among the patterns; orders the files that are for one target."""
    about: Bound


Configs = Mapping[Scope, str | None]
"""For each configuration file that changed its blob, or None when it is gone."""
Labels = Mapping[Place, str | None]
"""For each place that changed its label, or None when it is gone."""


@dataclass(slots=True)
class _Running:
    label: str
    config: str | None


@dataclass(slots=True)
class Replay:
    """What the source of truth says runs, after the commits so far."""

    source: str
    reporter: str = REPORTER
    _running: dict[str, dict[Place, _Running]] = field(default_factory=dict)
    _configs: dict[Bound, dict[int, str]] = field(default_factory=dict)
    _numbers: OrderedDict[tuple[Place, datetime], int] = field(default_factory=OrderedDict)

    def advance(self, commit: str, at: datetime, labels: Labels, configs: Configs) -> Iterator[Line]:
        """Apply one commit and yield its lines, ordered by place."""
        for scope, blob in configs.items():
            files = self._configs.setdefault(scope.about, {})
            if blob is None:
                files.pop(scope.rank, None)
            else:
                files[scope.rank] = blob
        for place in sorted({*labels, *self._reached(configs)}):
            line = self._line(place, labels)
            if line is not None:
                yield self._finished(line, place, commit, at)

    def _reached(self, configs: Configs) -> Iterator[Place]:
        """Yield the places where something runs and which the changed *configs* are for."""
        for scope in configs:
            environment = scope.about.environment
            for name in self._running if environment is None else (environment,):
                yield from (place for place in self._running.get(name, ()) if scope.about.covers(place))

    def _line(self, place: Place, labels: Labels) -> Line | None:
        """Return what is new about *place*, None when nothing is."""
        here = self._running.setdefault(place.environment, {})
        known = here.get(place)
        label = labels.get(place, None if known is None else known.label)
        if label is None:
            return {"label": None} if here.pop(place, None) else None
        config = self._config_of(place)
        if known is not None and (known.label, known.config) == (label, config):
            return None
        here[place] = _Running(label, config)
        return {"label": label} if config is None else {"label": label, "config": config}

    def _config_of(self, place: Place) -> str | None:
        """Return the reference to the configuration of *place*: its file, or its files in order."""
        meant: dict[int, str] = {}
        for names_known in product((place.environment, None), (place.service, None), (place.slot, None)):
            meant |= self._configs.get(Bound(*names_known), {})
        blobs = [blob for _, blob in sorted(meant.items())]
        if not blobs:
            return None
        return f"git-blob:{blobs[0]}" if len(blobs) == 1 else f"git-blobs:{','.join(blobs)}"

    def _finished(self, line: Line, place: Place, commit: str, at: datetime) -> Line:
        number = self._numbers.pop((place, at), 0)
        self._numbers[place, at] = number + 1
        if len(self._numbers) > SECONDS_KEPT_MAX:
            self._numbers.popitem(last=False)
        return {
            "type": "declared",
            "service": place.service,
            "environment": place.environment,
            **({} if place.slot == MAIN else {"slot": place.slot}),
            "occurred_at": instant.text(at),
            **line,
            "commit": commit,
            "source": self.source,
            **({"sequence": number} if number else {}),
            "reporter": self.reporter,
            "id": line_id(commit, place),
        }


def line_id(commit: str, place: Place) -> str:
    """Return the name of a line: the same history is the same lines, whoever reads it and when."""
    told = f"git/{commit[:COMMIT_DIGITS]}/{place}"
    if len(told) <= names.NAME_LENGTH_MAX:
        return told
    return f"git/{commit[:COMMIT_DIGITS]}/{sha256(str(place).encode()).hexdigest()}"
