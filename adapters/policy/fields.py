"""Members of policy documents, each of the type that is expected there."""

import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from adapters.policy.documents import Node, check_seen
from domain.errors import MalformedPolicy

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Choice = TypeVar("Choice", bound=StrEnum)


def members(node: Node, *, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Node]:
    """Return the members of *node*: all that are *required*, and none but the *optional* besides."""
    if not isinstance(node.value, dict):
        raise MalformedPolicy(f"{node.place}: expected members with names")
    required, allowed = set(required), {*required, *optional}
    if unknown := sorted(node.value.keys() - allowed):
        first = node.value[unknown[0]]
        raise MalformedPolicy(
            f"{first.place}: unknown {unknown[0][:60]!r}, expected {', '.join(sorted(allowed))}"
        )
    if missing := sorted(required - node.value.keys()):
        raise MalformedPolicy(f"{node.place}: {', '.join(missing)} is missing")
    return node.value


def open_members(node: Node) -> dict[str, Node]:
    """Return the members of *node*, whatever they are called."""
    found = members(node, required=(), optional=node.value if isinstance(node.value, dict) else ())
    for name in found:
        check_seen(name, node.place)
    return found


def items(node: Node) -> list[Node]:
    """Return the items of a list."""
    if not isinstance(node.value, list):
        raise MalformedPolicy(f"{node.place}: expected a list")
    return node.value


def text(node: Node) -> str:
    """Return a text that is not blank."""
    if not isinstance(node.value, str) or not node.value.strip():
        raise MalformedPolicy(f"{node.place}: expected text, not {_shown(node)}")
    check_seen(node.value, node.place)
    return node.value


def texts(node: Node) -> tuple[str, ...]:
    """Return a list of texts, none of them twice."""
    found = tuple(map(text, items(node)))
    if len(set(found)) < len(found):
        raise MalformedPolicy(f"{node.place}: a text stands twice")
    return found


def boolean(node: Node) -> bool:
    """Return true or false."""
    if not isinstance(node.value, bool):
        raise MalformedPolicy(f"{node.place}: expected true or false, not {_shown(node)}")
    return node.value


def number(node: Node) -> int:
    """Return a whole number."""
    if isinstance(node.value, bool) or not isinstance(node.value, int):
        raise MalformedPolicy(f"{node.place}: expected a whole number, not {_shown(node)}")
    return node.value


def duration(node: Node) -> timedelta:
    """Return a duration: `30m`, `24h`, `7d`."""
    found = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
    if found is None:
        raise MalformedPolicy(
            f"{node.place}: expected a duration such as 90s, 30m, 24h or 7d, not {_shown(node)}"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def choice(node: Node, of: type[Choice]) -> Choice:
    """Return one of a few words."""
    try:
        return of(text(node))
    except ValueError as wrong:
        known = ", ".join(of)
        raise MalformedPolicy(f"{node.place}: {_shown(node)} is none of {known}") from wrong


def expression(node: Node) -> str:
    """Return an expression; `true` and `false` may stand without quotes."""
    return str(node.value).lower() if isinstance(node.value, bool) else text(node)


def _shown(node: Node) -> str:
    return repr(node.value)[:60] if isinstance(node.value, bool | int | str) else "a list or members"
