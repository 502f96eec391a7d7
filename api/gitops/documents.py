"""YAML and JSON from strangers: read as text, lists and maps alone, in bounded time and depth.

Scalars keep their spelling (`1.10` stays `1.10`); only null is told apart. Tags and
directives mean nothing here, and nothing is constructed from them. YAML 1.1's merge
key is left in place under `MERGE`; `values` looks through it when asked for a key, so
that it never multiplies anything.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

BYTES_MAX = 1 << 20
DEPTH_MAX = 64
NODES_MAX = 200_000
MERGE = "\0merge"
"""Stands for an unquoted `<<`; no key of a YAML document holds a NUL (YAML 1.2.2, 5.1)."""
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))

Node: TypeAlias = "str | list[Node] | dict[str, Node] | None"


class Unreadable(Exception):
    """A file does not say what it would have to say."""


class NoYaml(Exception):
    """PyYAML is not installed."""


def read(content: bytes, path: str) -> list[Node]:
    """Return the documents in *content*: JSON by its name, YAML otherwise. Raises `Unreadable`."""
    if len(content) > BYTES_MAX:
        raise Unreadable(f"larger than {BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable("not UTF-8") from wrong
    return [_json(text)] if path.endswith(".json") else list(_yaml(text))


def _json(text: str) -> Node:
    try:
        return _plain(json.loads(text, object_pairs_hook=_map, parse_int=str, parse_float=str), DEPTH_MAX)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"not JSON: {str(wrong)[:120]}") from wrong


def _map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise Unreadable("a key stands twice in one map")
    return read


def _plain(value: Any, depth: int) -> Node:
    if depth == 0:
        raise Unreadable(f"nested deeper than {DEPTH_MAX}")
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return {name: _plain(each, depth - 1) for name, each in value.items()}
        case list():
            return [_plain(each, depth - 1) for each in value]
        case None | str():
            return value
        case _:
            return str(value)


@dataclass(slots=True)
class _Open:
    """A map or a list whose end is not read yet."""

    node: dict[str, Node] | list[Node]
    key: str | None = None


@dataclass(slots=True)
class _Tree:
    """One YAML document in the making; a stack of its own, so that depth is ours to bound."""

    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    root: list[Node] = field(default_factory=list)

    def add(self, node: Node, *, merge: bool = False) -> None:
        """Put *node* where the document is."""
        if not self.open:
            self.root.append(node)
            return
        top = self.open[-1]
        if isinstance(top.node, list):
            top.node.append(node)
        elif top.key is None:
            top.key = _key(node, merge=merge)
            if top.key in top.node:
                raise Unreadable(f"the key {top.key[:60]!r} stands twice in one map")
        else:
            top.node[top.key], top.key = node, None

    def begin(self, node: dict[str, Node] | list[Node]) -> None:
        """Go into *node*."""
        if len(self.open) == DEPTH_MAX:
            raise Unreadable(f"nested deeper than {DEPTH_MAX}")
        self.add(node)
        self.open.append(_Open(node))


def _key(node: Node, *, merge: bool) -> str:
    if merge:
        return MERGE
    if isinstance(node, list | dict):
        raise Unreadable("a map's key is no scalar")
    return "null" if node is None else node


def _yaml(text: str) -> Iterator[Node]:
    try:
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs are installed; and it is an extra
    except ImportError as missing:
        raise NoYaml("reading YAML needs PyYAML: pip install 'shiplog[gitops]'") from missing
    tree = _Tree()
    try:
        for count, event in enumerate(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            if count > NODES_MAX:
                raise Unreadable(f"more than {NODES_MAX} nodes")
            if isinstance(event, yaml.DocumentEndEvent):
                yield tree.root[0]
                tree = _Tree()
            else:
                _step(tree, event, yaml)
    except (yaml.YAMLError, RecursionError) as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"not YAML{where}: {str(getattr(wrong, 'problem', wrong))[:120]}") from wrong


def _step(tree: _Tree, event: Any, yaml: Any) -> None:
    """Take one parser event in."""
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in tree.anchors:
            raise Unreadable(f"no anchor {event.anchor[:60]!r} before its alias")
        tree.add(tree.anchors[event.anchor])
    elif isinstance(event, yaml.ScalarEvent):
        plain = not event.style  # the parser in C says "", the one in Python None
        node = None if plain and event.value in _NULLS else event.value
        merge = plain and event.value == "<<"
        if event.anchor is not None:
            tree.anchors[event.anchor] = node
        tree.add(node, merge=merge)
    elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
        begun: dict[str, Node] | list[Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
        tree.begin(begun)
        if event.anchor is not None:
            tree.anchors[event.anchor] = begun
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        tree.open.pop()
