"""Evidence, spoiled at random but with knowledge of its form: fields, base64, JSON inside base64, bytes.

Also spliced: a part of one good piece put where another has it, which is how an attacker works who holds
many validly signed things.
"""

import base64
import binascii
import copy
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Place = tuple[Any, str | int]
_STRANGE: Sequence[Any] = (
    None,
    True,
    0,
    -1,
    2**63,
    2**70,
    1.5,
    "",
    "0",
    "-1",
    "\x00",
    "\ud800",
    "é" * 300,
    [],
    {},
    [[]],
    {"a": 1},
    "A" * 70_000,
)


def mutated(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return *content* with one to three things changed; *others* are good pieces to take parts from."""
    if chance.random() < 0.1:
        return _bytes(content, chance)
    document = json.loads(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        other = json.loads(chance.choice(others)) if others and chance.random() < 0.3 else None
        document = _change(document, other, chance)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _change(document: Any, other: Any, chance: random.Random) -> Any:
    places = list(_places(document))
    if not places:
        return chance.choice(_STRANGE)
    holder, name = chance.choice(places)
    if other is not None:
        found = [there[key] for there, key in _places(other) if key == name]
        if found:
            holder[name] = chance.choice(found)
            return document
    value = holder[name]
    if isinstance(value, str) and chance.random() < 0.75:
        holder[name] = _text(value, chance)
    else:
        chance.choice(_MOVES)(holder, name, chance)
    return document


def _places(value: Any) -> Iterator[Place]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield value, name
            yield from _places(each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield value, index
            yield from _places(each)


def _text(text: str, chance: random.Random) -> str:
    """Change what *text* stands for: JSON in base64, bytes in base64, a number, or just letters."""
    if text.isdigit():
        return str(int(text) + chance.choice((-1, 1, 2, 256, 1 << 40)))
    try:
        inner = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return _bytes(text.encode("utf-8", "replace"), chance).decode("utf-8", "replace")
    if not inner:
        return "AA=="
    try:
        document = json.loads(inner)
    except (ValueError, RecursionError):
        return base64.b64encode(_bytes(inner, chance)).decode()
    if not isinstance(document, dict | list) or chance.random() < 0.2:
        return base64.b64encode(_bytes(inner, chance)).decode()
    changed = json.dumps(_change(document, None, chance), separators=(",", ":"))
    return base64.b64encode(changed.encode("utf-8", "surrogatepass")).decode()


def _bytes(raw: bytes, chance: random.Random) -> bytes:
    """Flip, drop, double or move a few bytes."""
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 4))):
        if not changed:
            return b"\0"
        at = chance.randrange(len(changed))
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at]
            case 2:
                changed.insert(at, chance.randrange(256))
            case 3:
                changed[at : at + 8] = changed[at : at + 8][::-1]
            case 4:
                changed[at:at] = changed[at : at + chance.randrange(1, 32)]
            case _:
                changed[at] = chance.randrange(256)
    return bytes(changed)


def _replace(holder: Any, name: Any, chance: random.Random) -> None:
    holder[name] = copy.deepcopy(chance.choice(_STRANGE))


def _drop(holder: Any, name: Any, chance: random.Random) -> None:  # noqa: ARG001 - one of the moves
    del holder[name]


def _double(holder: Any, name: Any, chance: random.Random) -> None:
    value = copy.deepcopy(holder[name])
    if isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), value)
    else:
        holder[f"{name}2"] = value


def _rename(holder: Any, name: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        snake = re.sub(r"[A-Z]", lambda upper: "_" + upper[0].lower(), name)
        holder[snake if snake != name else chance.choice(("x", name.upper()))] = holder.pop(name)


def _swap(holder: Any, name: Any, chance: random.Random) -> None:
    other = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[name], holder[other] = holder[other], holder[name]


_MOVES: Sequence[Callable[[Any, Any, random.Random], None]] = (_replace, _drop, _double, _rename, _swap)
