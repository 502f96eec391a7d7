"""Reading parts out of a JSON object that somebody else wrote; each refuses what is not of its type."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.evidence import EvidenceRefused, Reason


def text(said: Mapping[str, Any], name: str) -> str:
    """Return the text under *name*."""
    value = said.get(name)
    if not isinstance(value, str):
        raise _wrong(name, "text")
    return value


def optional_text(said: Mapping[str, Any], name: str) -> str | None:
    """Return the text under *name*; None when there is none, or it is empty."""
    return None if said.get(name) is None else text(said, name) or None


def at(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under *name*, which must be there."""
    value = said.get(name)
    if not isinstance(value, dict):
        raise _wrong(name, "an object")
    return value


def mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under *name*; an empty one when there is none."""
    return {} if said.get(name) is None else at(said, name)


def optional_mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return the object under *name*; None when there is none."""
    return None if said.get(name) is None else at(said, name)


def listed(said: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects listed under *name*; none when there is no list."""
    value = said.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _wrong(name, "a list of objects")
    return value


def texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts listed under *name*; none when there is no list."""
    value = said.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(name, "a list of texts")
    return tuple(value)


def digests(said: Mapping[str, Any], name: str = "digest") -> tuple[tuple[str, str], ...]:
    """Return a digest set as pairs of algorithm and value; none when there is no set."""
    found = mapping(said, name)
    if not all(isinstance(value, str) for value in found.values()):
        raise _wrong(name, "an object of texts")
    return tuple(found.items())


def _wrong(name: str, kind: str) -> EvidenceRefused:
    return EvidenceRefused(Reason.MALFORMED, f"{name} is not {kind}")
