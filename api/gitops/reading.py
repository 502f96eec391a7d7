"""From changed files to changed labels and configurations; what cannot be read is reported, never guessed.

A file that cannot be read leaves things as they were: whoever applied it could not read it
either. A name or a label that the ledger would refuse is left out. Of two files that speak
of one place the first counts, by the order of the patterns and then by path.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from api.gitops.documents import Unreadable
from api.gitops.history import Change
from api.gitops.lines import Scope
from api.gitops.patterns import Ambiguous, Bound, Pattern, Place
from api.gitops.plan import Plan
from api.gitops.values import Found
from domain import names
from domain.errors import MalformedValue

BLOBS_KEPT_MAX = 4096

Told = Callable[[str, str], None]
"""Takes the path and what is wrong there."""
_Claim = tuple[int, str]

PATH_LENGTH_MAX = 500
"""Longer paths are not matched: three placeholders make matching cubic."""


class Reader:
    """Knows which file says what, so that a file that goes takes its labels along."""

    def __init__(self, plan: Plan, blob: Callable[[str], bytes], tell: Told) -> None:
        self._plan = plan
        self._tell = tell
        self._files: dict[_Claim, dict[Place, str]] = {}
        self._claims: dict[Place, dict[_Claim, str]] = {}

        @lru_cache(BLOBS_KEPT_MAX)
        def found(rank: int, name: str, kind: str, about: Bound) -> Found:
            return plan.rules[rank].key.labels(blob(name), kind, about)

        self._found = found

    def read(self, changes: Iterable[Change]) -> tuple[dict[Place, str | None], dict[Scope, str | None]]:
        """Return the places whose label changed and the configurations that did, None for what is gone."""
        touched: set[Place] = set()
        configs: dict[Scope, str | None] = {}
        for change in changes:
            for rank, rule in enumerate(self._plan.rules):
                about = self._about(rule.pattern, change)
                if about is not None:
                    touched |= self._take(rank, change, about)
            for rank, pattern in enumerate(self._plan.configs):
                about = self._about(pattern, change)
                if about is not None and self._nameable(change, about):
                    configs[Scope(rank, about)] = change.blob
        return {place: self._label(place) for place in touched}, configs

    def _about(self, pattern: Pattern, change: Change) -> Bound | None:
        if len(change.path) > PATH_LENGTH_MAX:
            self._tell(change.path[:PATH_LENGTH_MAX], "a path this long is not looked at")
            return None
        try:
            matched = pattern.match(change.path)
        except Ambiguous as twice:
            self._tell(change.path, str(twice))
            return None
        if matched is not None and change.odd:
            self._tell(change.path, "no regular file; what it said before is taken to hold")
            return None
        return None if matched is None else self._plan.fixed.joined(matched)

    def _nameable(self, change: Change, about: Bound) -> bool:
        try:
            for field, name in about.named().items():
                names.key(name, field)
        except MalformedValue as wrong:
            self._tell(change.path, str(wrong))
            return False
        return True

    def _take(self, rank: int, change: Change, about: Bound) -> set[Place]:
        """Take in what the file says now, and return the places it speaks or spoke of."""
        claim = (rank, change.path)
        old = self._files.pop(claim, {})
        try:
            new = {} if change.blob is None else self._labels(rank, change.path, change.blob, about, old)
        except Unreadable as wrong:
            self._tell(change.path, str(wrong))
            new = old
        if new:
            self._files[claim] = new
        for place in old.keys() - new.keys():
            self._claims[place].pop(claim)
            if not self._claims[place]:
                del self._claims[place]
        for place, label in new.items():
            self._claims.setdefault(place, {})[claim] = label
        return old.keys() | new.keys()

    def _labels(
        self, rank: int, path: str, blob: str, about: Bound, old: dict[Place, str]
    ) -> dict[Place, str]:
        labels = {}
        kind = ".json" if path.endswith(".json") else ""
        for bound, label in self._found(rank, blob, kind, about).items():
            try:
                place = Place.of(bound)
            except MalformedValue as wrong:
                self._tell(path, str(wrong))
                continue
            try:
                labels[place] = names.line(label, "label", length_max=names.NAME_LENGTH_MAX)
            except MalformedValue as wrong:
                self._tell(path, str(wrong))
                if place in old:
                    labels[place] = old[place]
        return labels

    def _label(self, place: Place) -> str | None:
        claims = self._claims.get(place)
        if not claims:
            return None
        first, *others = sorted(claims)
        for _, path in others:
            self._tell(path, f"{place} is declared by {first[1]} already, which counts")
        return claims[first]
