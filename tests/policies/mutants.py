"""Rules with one thing wrong: a comparison moved, a part left out, a condition turned round or gone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from domain.errors import MalformedPolicy
from domain.policy.rule import Rule

_COMPARISONS = {">=": ">", "<=": "<", ">": ">=", "<": "<=", "==": "!=", "!=": "=="}
_MARK = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|&&|\|\||>=|<=|==|!=|[<>!]|[()\[\]{}?:,]|[^'\"&|<>=!()\[\]{}?:,]+|."
)
_OPENING, _CLOSING = "([{", ")]}"


def mutants(rule: Rule) -> Iterator[tuple[str, Rule | None]]:
    """Yield what was done to *rule*, and what comes of it; None when that is refused before it is loaded."""
    for number, check in enumerate(rule.checks):
        for what, require in _of(check.require):
            changed = (*rule.checks[:number], replace(check, require=require), *rule.checks[number + 1 :])
            yield f"{rule.id}/{check.id}: {what}", _changed(rule, checks=changed)
    for number, (name, text) in enumerate(rule.lets):
        for what, other in _of(text):
            if other not in ("true", "false"):
                lets = (*rule.lets[:number], (name, other), *rule.lets[number + 1 :])
                yield f"{rule.id}/let {name}: {what}", _changed(rule, lets=lets)
    if rule.when != "true":
        for what, when in _of(rule.when):
            yield f"{rule.id}/when: {what}", _changed(rule, when=when)


def _changed(rule: Rule, **what: Any) -> Rule | None:
    try:
        return replace(rule, **what)
    except MalformedPolicy:
        return None


def _of(text: str) -> Iterator[tuple[str, str]]:
    marks = _MARK.findall(text)
    assert "".join(marks) == text
    yield from (
        (str(value).lower(), str(value).lower()) for value in (True, False) if text != str(value).lower()
    )
    for number, mark in enumerate(marks):
        if mark in _COMPARISONS:
            other = _COMPARISONS[mark]
            yield (
                f"{mark} becomes {other} at {number}",
                "".join((*marks[:number], other, *marks[number + 1 :])),
            )
        elif mark == "!":
            yield f"! is gone at {number}", "".join((*marks[:number], *marks[number + 1 :]))
        elif mark in ("&&", "||"):
            left, right = _operand(marks, number, -1), _operand(marks, number, 1)
            yield f"left of {mark} is gone at {number}", "".join((*marks[:left], *marks[number + 1 :]))
            yield f"right of {mark} is gone at {number}", "".join((*marks[:number], *marks[right + 1 :]))
            swapped = "||" if mark == "&&" else "&&"
            yield (
                f"{mark} becomes {swapped} at {number}",
                "".join((*marks[:number], swapped, *marks[number + 1 :])),
            )


def _operand(marks: list[str], number: int, step: int) -> int:
    """Return where the operand on that side ends: at its last mark."""
    depth, found = 0, number
    ends = ("&&", "||", ",", "?", ":")
    into, out = (_CLOSING, _OPENING) if step < 0 else (_OPENING, _CLOSING)
    at = number + step
    while 0 <= at < len(marks):
        mark = marks[at]
        if depth == 0 and (mark in ends or mark in out):
            break
        depth += (mark in into) - (mark in out)
        found, at = at, at + step
    return found
