"""YAML of policy files, read strictly: what could be understood in two ways is refused, with its line.

No aliases, anchors, tags, directives or merge keys; no key twice; one document a file. Plain `true`, `false`
and whole numbers are what they look like; whatever else other readers would guess at, such as `no`, `1.0`,
`0x1f`, `~` or a date, is refused until it stands in quotes. So is what nobody sees: control characters, marks
that turn the direction of a line, spaces that are none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]  # no stubs are installed

from domain.errors import MalformedPolicy

BYTES_MAX = 256 << 10
DEPTH_MAX = 12
NODES_MAX = 50_000

_LINES = dict.fromkeys(map(ord, "\t\n\r"))
_INT = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_GUESSED = re.compile(
    r"~|null|yes|no|on|off|y|n|true|false|[-+.]?[0-9][0-9_.:]*(?:e[-+]?[0-9]*)?|[-+]?0[xob][0-9a-f_]*"
    r"|[-+]?\.(?:inf|nan)|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|=|<<|",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Node:
    """A value, and where it stands."""

    value: "bool | int | str | list[Node] | dict[str, Node]"
    place: str
    """File and line."""


def read(content: bytes, file: str) -> Node:
    """Return the document in *content*; raises `MalformedPolicy` with *file* and line."""
    if len(content) > BYTES_MAX:
        raise MalformedPolicy(f"{file}: larger than {BYTES_MAX} bytes")
    try:
        text = content.decode()
        check_seen(text, file)
        events = iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        return _document(events, file)
    except UnicodeDecodeError as wrong:
        raise MalformedPolicy(f"{file}: not UTF-8") from wrong
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise MalformedPolicy(f"{file}{where}: {str(getattr(wrong, 'problem', wrong))[:120]}") from wrong


def _document(events: Iterator[Any], file: str) -> Node:
    reader = _Reader(events, file)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if event.version or event.tags:
                raise MalformedPolicy(f"{file}: directives mean nothing here")
            node = reader.node(next(events), DEPTH_MAX)
            next(events)
            if not isinstance(next(events), yaml.StreamEndEvent):
                raise MalformedPolicy(f"{file}: more than one document")
            return node
    raise MalformedPolicy(f"{file}: empty")


class _Reader:
    """Reads nodes from the parser's events."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file
        self._count = 0

    def node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with *event*."""
        place = f"{self._file}:{event.start_mark.line + 1}"
        self._count += 1
        if depth == 0 or self._count > NODES_MAX:
            raise MalformedPolicy(f"{place}: deeper than {DEPTH_MAX}, or more than {NODES_MAX} nodes")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise MalformedPolicy(f"{place}: anchors and aliases are not allowed")
        if event.tag is not None:
            raise MalformedPolicy(f"{place}: tags are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event, place), place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(list(self._items(depth)), place)
        return Node(self._members(depth), place)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self.node(event, depth - 1)

    def _members(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self.node(event, depth - 1)
            if not isinstance(key.value, str):
                raise MalformedPolicy(f"{key.place}: a key is expected to be text")
            if key.value in found:
                raise MalformedPolicy(f"{key.place}: the key {key.value[:60]!r} stands twice")
            found[key.value] = self.node(next(self._events), depth - 1)
        return found


def check_seen(text: str, place: str) -> None:
    """Refuse *text* with what nobody sees in it; a YAML escape can bring that in, too."""
    if not text.translate(_LINES).isprintable():
        raise MalformedPolicy(f"{place}: a character in it cannot be seen")


def _scalar(event: Any, place: str) -> bool | int | str:
    text: str = event.value
    if event.style:  # in quotes, or a block: text, whatever it looks like
        return text
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _GUESSED.fullmatch(text):
        raise MalformedPolicy(f"{place}: {text[:40]!r} could be read in two ways, put it in quotes")
    return text
