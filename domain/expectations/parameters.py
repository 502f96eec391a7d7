"""External parameters, each value under a path of its own, so that every one can be asked for by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.evidence import EvidenceRefused, Reason

PARAMETERS_MAX = 1000
"""Values among the external parameters of one provenance."""
PATH_LENGTH_MAX = 1000
_ESCAPED = str.maketrans({"\\": r"\\", ".": r"\.", "[": r"\[", '"': r"\""})

Path = tuple[str | int, ...]


def flattened(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of *said* by path: `workflow.ref`, `inputs[0]`; an empty object or list is a value.

    `.`, `[`, `"` and the backslash are escaped in names, and an empty name is written `""`: no two
    values have one path. Raises `EvidenceRefused` for more values, or longer paths, than are looked at.
    """
    found: dict[str, Any] = {}
    for path, value in _leaves(said, ()):
        if len(found) == PARAMETERS_MAX:
            raise EvidenceRefused(Reason.TOO_MANY, f"more than {PARAMETERS_MAX} parameters")
        found[_text(path)] = value
    return found


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    inner: Iterator[tuple[str | int, Any]] | None = None
    if isinstance(value, Mapping) and value:
        inner = iter(value.items())
    elif isinstance(value, list) and value:
        inner = iter(enumerate(value))
    if inner is not None:
        for step, part in inner:
            yield from _leaves(part, (*path, step))
    elif path:
        yield path, value


def _text(path: Path) -> str:
    if sum(len(step) if isinstance(step, str) else 1 for step in path) > PATH_LENGTH_MAX:
        raise EvidenceRefused(
            Reason.TOO_MANY, f"a parameter's path is longer than {PATH_LENGTH_MAX} characters"
        )
    written = [
        f"[{step}]" if isinstance(step, int) else f".{step.translate(_ESCAPED) or _EMPTY}" for step in path
    ]
    return "".join(written).removeprefix(".")


_EMPTY = '""'
