"""Patterns: how a path, or a name in a file, says which environment, service and slot it is about."""

import re
from dataclasses import dataclass, replace
from typing import Self

from domain import names
from domain.errors import MalformedValue
from domain.target import MAIN

FIELDS = ("environment", "service", "slot")
PATTERN_LENGTH_MAX = 1000
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Ambiguous(Exception):
    """A path fits a pattern in more than one way."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known of a target so far; None is not known, or meant for all."""

    environment: str | None = None
    service: str | None = None
    slot: str | None = None

    def named(self) -> dict[str, str]:
        """Return the names that are known."""
        return {field: getattr(self, field) for field in FIELDS if getattr(self, field) is not None}

    def joined(self, other: "Bound") -> "Bound":
        """Return this with what *other* knows more."""
        return replace(self, **other.named())

    def covers(self, place: "Place") -> bool:
        """Say whether what is meant for this is meant for *place*."""
        return all(getattr(place, field) == name for field, name in self.named().items())


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A slot of a target, by names that the ledger takes."""

    environment: str
    service: str
    slot: str = MAIN

    @classmethod
    def of(cls, bound: Bound) -> Self:
        """Return the place *bound* names; raises `MalformedValue` when the ledger would refuse a name."""
        known = bound.named()
        for field in FIELDS[:2]:
            if field not in known:
                raise MalformedValue(f"nothing says which {field} it is")
        return cls(**{field: names.key(name, field) for field, name in known.items()})

    def __str__(self) -> str:
        """Spell it as a target, with the slot unless it is the main one."""
        return f"{self.service}@{self.environment}" + ("" if self.slot == MAIN else f"/{self.slot}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal text with `{environment}`, `{service}` and `{slot}`, none of which holds a `/`."""

    text: str
    fields: frozenset[str]
    _greedy: re.Pattern[str]
    _lazy: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read *text*; raises `MalformedValue` for an unknown placeholder or two without text between."""
        names.line(text, "pattern", length_max=PATTERN_LENGTH_MAX)
        parts = _PLACEHOLDER.split(text)
        literals, fields = parts[::2], parts[1::2]
        for field in fields:
            if field not in FIELDS:
                known = "{environment}, {service} and {slot}"
                raise MalformedValue(f"no placeholder {{{field[:40]}}}, only {known}: {text[:120]!r}")
        if any("{" in literal or "}" in literal for literal in literals):
            raise MalformedValue(f"a brace without its other half in {text[:120]!r}")
        if "" in literals[1:-1]:
            raise MalformedValue(f"two placeholders without text between them in {text[:120]!r}")
        return cls(
            text, frozenset(fields), _compiled(literals, fields, "+"), _compiled(literals, fields, "+?")
        )

    def match(self, text: str) -> Bound | None:
        """Return what *text* says, None when it does not fit; raises `Ambiguous` when it fits in two ways."""
        found = self._greedy.fullmatch(text)
        if found is None:
            return None
        # The greedy and the lazy reading are the two extremes: where they agree there is no other.
        other = self._lazy.fullmatch(text)
        assert other is not None, "both accept the same texts"
        if found.groups() != other.groups():
            raise Ambiguous(f"fits {self.text} in more than one way")
        return Bound(**found.groupdict())

    def filled(self, bound: Bound) -> str | None:
        """Return the one text that fits *bound*; None when a placeholder is still open."""
        known = bound.named()
        if not self.fields <= known.keys():
            return None
        return _PLACEHOLDER.sub(lambda found: known[found[1]], self.text)

    @property
    def folder(self) -> str:
        """The folder below which every match lies; empty for the whole tree."""
        return self.text.partition("{")[0].rpartition("/")[0]


def _compiled(literals: list[str], fields: list[str], times: str) -> re.Pattern[str]:
    written = re.escape(literals[0])
    for number, (field, literal) in enumerate(zip(fields, literals[1:], strict=True)):
        again = field in fields[:number]
        written += f"(?P={field})" if again else f"(?P<{field}>[^/]{times})"
        written += re.escape(literal)
    return re.compile(written, re.DOTALL)
