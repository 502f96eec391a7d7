"""Fields of a document that may not keep to its schema: what is there, if it is what it should be."""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.errors import MalformedValue

TEXT_LENGTH_MAX = 4_096
"""Of a name, a version, a purl or an id, in characters: as long as the path of a file may be."""
LICENCE_LENGTH_MAX = 512
"""Some tools put the whole licence where its name belongs; a long one is cut there."""

Object = dict[str, Any]


def text(entry: Object, name: str) -> str | None:
    """Return the text of *name*; None when it is missing, empty, or no text.

    A whole number counts as text, a fraction does not: 1.10 was read as 1.1.
    Refuses one that no tool would write.
    """
    value = entry.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not (value := value.strip()):
        return None
    if len(value) > TEXT_LENGTH_MAX:
        raise MalformedValue(f"{name} too long: {len(value)} characters, at most {TEXT_LENGTH_MAX}")
    if "\0" in value:
        raise MalformedValue(f"{name} has a NUL character: {value[:80]!r}")
    return value


def licence(entry: Object, name: str) -> str | None:
    """Return the licence in *name*, cut when it is a whole licence text."""
    value = entry.get(name)
    if not isinstance(value, str):
        return None
    value = value.strip().replace("\0", "")
    return value if len(value) <= LICENCE_LENGTH_MAX else value[: LICENCE_LENGTH_MAX - 1] + "…"


def an_object(value: object) -> Object:
    """Return *value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Iterator[Object]:
    """Yield the objects in the list *value*; an object alone counts as a list of one."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            yield each


def texts(value: object) -> Iterator[str]:
    """Yield the texts in the list *value*; a text alone counts as a list of one."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, str):
            yield each


def entries(document: Object, name: str) -> list[Any]:
    """Return the list in *name*; empty when there is none.

    Refuses anything else: taken for an empty list, it would say that nothing is inside.
    """
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedValue(f"{name} is no list")
    return value


def distinct(said: Iterable[str | None]) -> tuple[str, ...]:
    """Return what was *said*, each once, in order."""
    return tuple(dict.fromkeys(each for each in said if each))
