"""Expectations of provenance, as `--expect NAME=VALUE` spells them."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import click

from domain.expectations.expected import Expectations

PARAMETER = "parameter."
_SEVERAL = {"build_type": "build_types", "trigger": "triggers"}
"""What may be named more than once, and the member of the body that takes all of it."""
_YES_OR_NO = frozenset({"same_source", "tagged_builder"})
_IN_BODY = tuple(field.name for field in fields(Expectations) if field.name != "parameters")
NAMES = tuple({member: name for name, member in _SEVERAL.items()}.get(name, name) for name in _IN_BODY)
"""What may be expected, beside parameters."""


def expectations(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Yield the members of the body that *pairs* spell; a usage error for a name that there is not."""
    several: dict[str, list[str]] = {}
    parameters: dict[str, str] = {}
    seen: set[str] = set()
    for given, value in pairs:
        name = given if given.startswith(PARAMETER) else given.replace("-", "_")
        if name in seen and name not in _SEVERAL:
            raise click.UsageError(f"--expect {given} is given twice")
        seen.add(name)
        if name in _SEVERAL:
            several.setdefault(_SEVERAL[name], []).append(value)
        elif name.startswith(PARAMETER):
            parameters[name.removeprefix(PARAMETER)] = value
        elif name in NAMES:
            yield name, _value(name, value)
        else:
            raise click.UsageError(_unknown(given, name))
    yield from several.items()
    if parameters:
        yield "parameters", parameters


def _value(name: str, text: str) -> object:
    if name == "level" and text.isascii() and text.isdigit():
        return int(text[:3])
    if name in _YES_OR_NO:
        return {"true": True, "false": False}.get(text, text)
    return text


def _unknown(given: str, name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for who mistyped

    near = get_close_matches(name, NAMES, n=1)
    meant = f", did you mean {near[0]}?" if near else "."
    return f"--expect {given[:60]}: no such expectation{meant} There are {', '.join(NAMES)}, parameter.PATH"
