"""The same rules by another implementation of CEL, in Rust, and put together in another way."""

from collections.abc import Iterator, Mapping
from typing import Any

import cel

from domain import instant
from domain.policy.facts import FACTS
from domain.policy.rule import Check, Rule, Value
from domain.policy.shape import Listing, Record, Scalar, Shape

Found = tuple[str, str]
"""Check and term."""


class Twin:
    """One document of facts, to which rules can be applied."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._context = cel.Context()
        self._context.add_variable("facts", _value(facts, FACTS))
        self._context.add_function("distinct", lambda items: list(dict.fromkeys(items)))  # the one it lacks

    def violations(self, rule: Rule, given: Mapping[str, Value]) -> list[Found] | None:
        """Return what of *rule* is violated; None when it does not apply."""
        self._context.add_variable("params", {name: _parameter(each) for name, each in given.items()})
        if not self._value(rule.when):
            return None
        for name, text in rule.lets:
            self._context.add_variable(name, self._value(text))
        return [found for check in rule.checks for found in self._of(check)]

    def _of(self, check: Check) -> Iterator[Found]:
        items = [None] if check.for_each is None else self._value(check.for_each.source)
        for item in items:
            if check.for_each is not None:
                self._context.add_variable(check.for_each.item, item)
            if not self._value(check.require):
                yield check.id, self._value(check.term)

    def _value(self, text: str) -> Any:
        return cel.evaluate(text, self._context)


def _value(value: Any, shape: Shape) -> Any:
    match shape:
        case Scalar.INSTANT:
            return instant.parse(value)
        case Listing():
            return [_value(each, shape.of) for each in value]
        case Record():
            return {name: _value(value[name], member) for name, member in shape.members.items()}
        case _:
            return value


def _parameter(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value
