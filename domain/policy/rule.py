"""Rules: one requirement each, in sentences for people and expressions for an engine.

An expression is CEL (google/cel-spec), over `facts` and the rule's own `params`. What it sees is only what is
recorded and verified; there is no clock, no chance and no file in it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from domain.errors import MalformedPolicy

EXPRESSION_LENGTH_MAX = 4000
CHECKS_MAX = 20
LETS_MAX = 10
NO_TERM = '""'
RULE_ID = re.compile(r"[A-Z][A-Z0-9]{1,9}-[0-9]{1,4}", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
CHECK_ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
CONTROL = re.compile(r"[A-Z0-9][A-Za-z0-9-]{1,15}:[A-Za-z0-9.()_-]{1,40}", re.ASCII)

Value = bool | int | str | timedelta | tuple[str, ...] | Mapping[str, int]
"""What a parameter can be."""


class Severity(StrEnum):
    """What a violation comes to."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


class Awaits(StrEnum):
    """What would end a violation by itself, if it comes: until then it is pending rather than denied."""

    APPROVAL = "approval"
    TIME = "time"


class ParameterType(StrEnum):
    """Types of parameters."""

    BOOL = "bool"
    INT = "int"
    TEXT = "text"
    DURATION = "duration"
    TEXTS = "texts"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a set has to say to a rule, or may."""

    name: str
    type: ParameterType
    floor: int | None = None
    """The least it may be: a number; of a duration, its seconds; of texts and counts, how many."""
    default: Value | None = None
    """None: it must be given."""
    names: tuple[str, ...] = ()
    """Of texts and counts, which there can be; none: any."""
    help: str = ""

    def check(self, value: Value, place: str) -> Value:
        """Return *value* when this can be it; raises `MalformedPolicy` with the *place*."""
        if not _is_of(value, self.type):
            raise MalformedPolicy(f"{place}: {self.name} is {str(value)[:60]!r}, expected {self.type}")
        if (
            self.names
            and isinstance(value, tuple | Mapping)
            and (other := sorted(set(value) - set(self.names)))
        ):
            known = ", ".join(self.names)
            raise MalformedPolicy(f"{place}: {self.name} names {other[0][:60]!r}, which is none of {known}")
        size = _size(value)
        if self.floor is not None and size is not None and size < self.floor:
            raise MalformedPolicy(f"{place}: {self.name} is below its floor, {size} < {self.floor}")
        return value


@dataclass(frozen=True, slots=True)
class ForEach:
    """A check is made of every item."""

    item: str
    source: str
    """The list, as an expression."""
    allow_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must be true, and what to say when it is not."""

    id: str
    require: str
    message: str
    """An expression too: it names what was found and what was expected."""
    for_each: ForEach | None = None
    term: str = NO_TERM
    """An expression for the handle that a waiver names: one vulnerability, one licence, one suite."""
    awaits: Awaits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One requirement."""

    id: str
    title: str
    why: str
    fix: str
    severity: Severity
    checks: tuple[Check, ...]
    evidence: str
    """An expression for references to what was looked at."""
    controls: tuple[str, ...]
    """Of frameworks, as `SOC2:CC8.1`."""
    parameters: tuple[Parameter, ...] = ()
    lets: tuple[tuple[str, str], ...] = ()
    """Names for parts of expressions; a later one may use those before."""
    when: str = "true"
    """When this is false, the rule is skipped, and that is told."""
    waivable: bool = True
    effective_on: datetime | None = None
    """Before that instant a violation is a warning that names it."""

    def __post_init__(self) -> None:
        """Refuse what no rule may be; raises `MalformedPolicy`."""
        if RULE_ID.fullmatch(self.id) is None:
            raise MalformedPolicy(f"not the id of a rule: {self.id[:60]!r}, expected such as PROV-001")
        if not 0 < len(self.checks) <= CHECKS_MAX:
            raise MalformedPolicy(f"{self.id}: {len(self.checks)} checks, expected 1 to {CHECKS_MAX}")
        if len(self.lets) > LETS_MAX:
            raise MalformedPolicy(f"{self.id}: {len(self.lets)} names under let, at most {LETS_MAX}")
        names = [check.id for check in self.checks]
        if len(set(names)) < len(names) or not all(map(CHECK_ID.fullmatch, names)):
            raise MalformedPolicy(f"{self.id}: ids of checks are small letters, digits and -, none twice")
        for control in self.controls:
            if CONTROL.fullmatch(control) is None:
                raise MalformedPolicy(
                    f"{self.id}: not a control: {control[:60]!r}, expected such as SOC2:CC8.1"
                )
        _check_names(self)
        for check in self.checks:
            self._check_not_vacuous(check)

    def _check_not_vacuous(self, check: Check) -> None:
        """Refuse a check of every item of nothing: it holds, and nobody meant it."""
        each = check.for_each
        if each is None or each.allow_empty:
            return
        if each.source.startswith("params."):
            name = each.source.removeprefix("params.")
            if any(p.name == name and (p.floor or 0) > 0 for p in self.parameters):
                return
            raise MalformedPolicy(f"{self.id}/{check.id}: {each.source} may be empty, give it a floor")
        alone = (other.require.strip() for other in self.checks if other.for_each is None)
        if f"size({each.source}) > 0" not in alone:
            raise MalformedPolicy(
                f"{self.id}/{check.id}: when {each.source} is empty this holds;"
                f" add a check that requires size({each.source}) > 0, or allow_empty: true"
            )


def _check_names(rule: Rule) -> None:
    said = [
        *(parameter.name for parameter in rule.parameters),
        *(name for name, _ in rule.lets),
        *chain.from_iterable((check.for_each.item,) for check in rule.checks if check.for_each),
    ]
    for name in said:
        if NAME.fullmatch(name) is None or name in ("facts", "params"):
            raise MalformedPolicy(f"{rule.id}: not a name for a value: {name[:60]!r}")
    lets = [name for name, _ in rule.lets]
    parameters = [parameter.name for parameter in rule.parameters]
    if len(set(lets)) < len(lets) or len(set(parameters)) < len(parameters):
        raise MalformedPolicy(f"{rule.id}: a name is given twice")


def _is_of(value: object, type_: ParameterType) -> bool:
    match type_:
        case ParameterType.BOOL:
            return isinstance(value, bool)
        case ParameterType.INT:
            return type(value) is int
        case ParameterType.TEXT:
            return isinstance(value, str)
        case ParameterType.DURATION:
            return isinstance(value, timedelta)
        case ParameterType.TEXTS:
            return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
        case ParameterType.COUNTS:
            return isinstance(value, Mapping) and all(type(each) is int for each in value.values())


def _size(value: Value) -> int | None:
    match value:
        case bool() | str():
            return None
        case int():
            return value
        case timedelta():
            return int(value.total_seconds())
        case _:
            return len(value)
