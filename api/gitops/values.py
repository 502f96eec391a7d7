"""Keys: where in a file the label stands: `image.tag`, `{service}.image.tag`, `images[{service}].newTag`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from api.gitops.documents import MERGE, Node, Unreadable, read
from api.gitops.patterns import Ambiguous, Bound, Pattern
from domain import names
from domain.errors import MalformedValue

WHOLE = "."
"""The key that means the file itself: its whole content, without blanks around it."""
ANY = "*"
MERGES_MAX = 100
PLAIN_BYTES_MAX = 4096
STEPS_MAX = 20
_STEP = re.compile(r"(?:^|\.)((?:[^.\[\]\\]|\\.)+)|\[([^\[\]]+)\]")
_ESCAPED = re.compile(r"\\(.)")

Found = dict[Bound, str]
"""The label of everything a file speaks about."""

LABELS_MAX = 10_000
"""How many labels one file may hold; aliases of aliases make more of them than a file has bytes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step down: into a map by key, or into a list by the `name` of an item."""

    pattern: Pattern | None
    """None takes the only item of a list."""
    item: bool


@dataclass(frozen=True, slots=True)
class Key:
    """The way to a label. No steps: the whole content."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read *text*: steps with dots between, a backslash before a dot in a name, `[NAME]` for an item."""
        names.line(text, "key")
        if text == WHOLE:
            return cls(text, ())
        steps, end = [], 0
        for found in _STEP.finditer(text):
            if found.start() != end:
                break
            end = found.end()
            step, item = found.groups()
            steps.append(
                _item(item) if step is None else Step(Pattern.parse(_ESCAPED.sub(r"\1", step)), item=False)
            )
        if end != len(text) or text.startswith(".") or len(steps) > STEPS_MAX:
            raise MalformedValue(
                f"not a key: {text[:120]!r}, expected such as image.tag or images[NAME].newTag"
            )
        return cls(text, tuple(steps))

    @property
    def fields(self) -> frozenset[str]:
        """The placeholders in it."""
        return frozenset().union(*(step.pattern.fields for step in self.steps if step.pattern))

    def labels(self, content: bytes, path: str, bound: Bound) -> Found:
        """Return the labels in the file at *path*, which is about *bound*.

        What is missing, null or empty is left out. Raises `Unreadable`.
        """
        if not self.steps:
            label = _plain(content)
            return {bound: label} if label else {}
        found: Found = {}
        for document in read(content, path):
            for about, node in self._walk(document, 0, bound):
                if isinstance(node, list | dict):
                    raise Unreadable(f"{self.text} is no scalar")
                if about in found:
                    raise Unreadable(f"{self.text} is there twice")
                if node:
                    found[about] = node
                if len(found) > LABELS_MAX:
                    raise Unreadable(f"{self.text} is there more than {LABELS_MAX} times")
        return found

    def _walk(self, node: Node, depth: int, bound: Bound) -> Iterator[tuple[Bound, Node]]:
        if depth == len(self.steps):
            yield bound, node
            return
        step = self.steps[depth]
        try:
            for about, below in _items(node, step, bound) if step.item else _entries(node, step, bound):
                yield from self._walk(below, depth + 1, about)
        except Ambiguous as twice:
            raise Unreadable(str(twice)) from twice


def _item(text: str) -> Step:
    return Step(None if text == ANY else Pattern.parse(text), item=True)


def _plain(content: bytes) -> str:
    if len(content) > PLAIN_BYTES_MAX:
        raise Unreadable(f"larger than {PLAIN_BYTES_MAX} bytes, too long for a label")
    try:
        return content.decode().strip()
    except UnicodeDecodeError as wrong:
        raise Unreadable("not UTF-8") from wrong


def _entries(node: Node, step: Step, bound: Bound) -> Iterator[tuple[Bound, Node]]:
    assert step.pattern is not None, "only items of a list go without"
    if not isinstance(node, dict):
        return
    wanted = step.pattern.filled(bound)
    if wanted is not None:
        for holder in _merged(node):
            if wanted in holder:
                yield bound, holder[wanted]
                return
        return
    seen: set[str] = set()
    for holder in _merged(node):
        for name, below in holder.items():
            about = None if name == MERGE or name in seen else step.pattern.match(name)
            seen.add(name)
            if about is not None and _agree(about, bound):
                yield bound.joined(about), below


def _merged(node: dict[str, Node]) -> Iterator[dict[str, Node]]:
    """Yield *node* and what it merges in, nearest first (YAML merge key, yaml.org/type/merge.html)."""
    waiting: list[Node] = [node]
    for _ in range(MERGES_MAX):
        if not waiting:
            return
        first = waiting.pop(0)
        if isinstance(first, list):
            waiting[:0] = first[:MERGES_MAX]
        elif isinstance(first, dict):
            yield first
            if MERGE in first:
                waiting.insert(0, first[MERGE])
    raise Unreadable(f"more than {MERGES_MAX} merges into one map")


def _items(node: Node, step: Step, bound: Bound) -> Iterator[tuple[Bound, Node]]:
    """Yield the items meant; an image's name counts by its last part, as in `registry.example/team/NAME`."""
    if not isinstance(node, list):
        return
    if step.pattern is None:
        if len(node) > 1:
            raise Unreadable(f"[*] is for a list of one, and here are {len(node)}")
        yield from ((bound, each) for each in node)
        return
    wanted = step.pattern.filled(bound)
    for each in node:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            continue
        last = name.rpartition("/")[2]
        if wanted is not None:
            if wanted in (name, last):
                yield bound, each
        elif (about := step.pattern.match(last)) is not None and _agree(about, bound):
            yield bound.joined(about), each


def _agree(about: Bound, bound: Bound) -> bool:
    known = bound.named()
    return all(known.get(field, name) == name for field, name in about.named().items())
