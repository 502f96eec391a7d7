"""What the user said: which files hold labels, under which key, and which hold configuration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from api.gitops.patterns import FIELDS, Bound, Pattern
from api.gitops.values import WHOLE, Key
from domain.errors import MalformedValue

PATTERNS_MAX = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """Files with labels, and where in them."""

    pattern: Pattern
    key: Key


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a repository."""

    rules: tuple[Rule, ...]
    configs: tuple[Pattern, ...]
    fixed: Bound
    """What holds where no placeholder says it."""

    @classmethod
    def of(cls, patterns: Sequence[str], keys: Sequence[str], configs: Sequence[str], fixed: Bound) -> Self:
        """Read a plan: as many keys as patterns in the same order, or one for all, or none for whole files.

        Raises `MalformedValue` also when a pattern leaves open what nothing else says.
        """
        if len(patterns) > PATTERNS_MAX or len(configs) > PATTERNS_MAX:
            raise MalformedValue(f"more than {PATTERNS_MAX} patterns")
        if len(keys) not in {0, 1, len(patterns)}:
            raise MalformedValue(
                f"{len(keys)} keys for {len(patterns)} patterns; give one for each in the same order"
                f" ({WHOLE} for the whole file), or one for all"
            )
        chosen = list(keys) if len(keys) > 1 else [*keys, WHOLE][:1] * len(patterns)
        parsed = zip(patterns, chosen, strict=True)
        rules = tuple(Rule(Pattern.parse(pattern), Key.parse(key)) for pattern, key in parsed)
        for rule in rules:
            said = rule.pattern.fields | rule.key.fields | fixed.named().keys()
            for field in FIELDS[:2]:
                if field not in said:
                    way_out = f"put {{{field}}} there, or give --{field}"
                    raise MalformedValue(f"{rule.pattern.text!r} does not say which {field}: {way_out}")
        return cls(rules, tuple(map(Pattern.parse, configs)), fixed)

    @property
    def folders(self) -> list[str]:
        """The folders to look in; none for the whole tree."""
        every = {pattern.folder for pattern in (*(rule.pattern for rule in self.rules), *self.configs)}
        return [] if "" in every else sorted(every)
