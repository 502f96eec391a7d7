"""Which service and environment a request is about, found in whatever it says, and whether that is reached.

Parameters and members are marked where their types are declared: `Annotated[str, …, About.SERVICE]`. What
an operation takes is looked through once, when it is mounted; a body is looked through by its type.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from functools import cache
from itertools import product
from operator import attrgetter
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from api.operations import Operation
from domain.access.authority import Authority
from domain.access.scopes import Scope
from domain.target import Target


class About(Enum):
    """What a marked value names."""

    SERVICE = auto()
    ENVIRONMENT = auto()
    TARGET = auto()
    """One service in one environment."""
    WITHIN = auto()
    """Nothing itself: it is a report, and about what that is about."""


Place = tuple[str | None, str | None]
"""A service and an environment; None: no single one."""
Found = tuple[About, object]
"""A mark, and a value that has it."""


class Places:
    """Finds what requests for one operation are about."""

    def __init__(self, operation: Operation) -> None:
        hints = operation.hints
        marked = {name: _mark(hints[name]) for name in operation.path_parameters}
        self._paths = {name: mark for name, mark in marked.items() if mark is not None}
        self._models = tuple(name for name in ("query", "body") if name in hints)

    def of(self, arguments: Mapping[str, object]) -> Iterable[Place]:
        """Return every place that *arguments* are about; one without names when they name none."""
        found: list[Found] = [(mark, arguments[name]) for name, mark in self._paths.items()]
        for name in self._models:
            found += _within(arguments[name])
        return _places(found)


def check_line(authority: Authority, scope: Scope, line: object) -> None:
    """Refuse a report that *authority* does not reach with *scope*; raises `NotPermitted`."""
    for service, environment in _places(_within(line)):
        authority.check(scope, service, environment)


def place_of(stream: str) -> Place:
    """Return what the events of *stream* are about."""
    kind, _, name = stream.partition(":")
    match kind:
        case "target":
            service, _, environment = name.partition("@")
            return service, environment
        case "environment":
            return None, name
        case "build":
            return name.partition("/")[0], None
        case _:
            return None, None


def _places(found: Iterable[Found]) -> Iterable[Place]:
    targets: list[Place] = []
    services: list[str | None] = []
    environments: list[str | None] = []
    for mark, value in found:
        if isinstance(value, Target):
            targets.append((value.service, value.environment))
        elif isinstance(value, str):
            (services if mark is About.SERVICE else environments).append(value)
    if targets and not services and not environments:
        return targets
    return [*targets, *product(services or [None], environments or [None])]


def _within(model: object) -> Iterator[Found]:
    """Yield what is marked in *model*, and said."""
    if not isinstance(model, BaseModel):
        return
    for mark, read in _marks(type(model)):
        value = read(model)
        if mark is About.WITHIN:
            yield from _within(value)
        elif isinstance(value, list | tuple):
            yield from ((mark, each) for each in value)
        elif value is not None:
            yield mark, value


@cache
def _marks(model: type[BaseModel]) -> tuple[tuple[About, Callable[[Any], object]], ...]:
    marked = (
        (_mark(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation), name)
        for name, field in model.model_fields.items()
    )
    return tuple((mark, attrgetter(name)) for mark, name in marked if mark is not None)


def _mark(annotation: Any) -> About | None:
    """Return the mark in *annotation*, wherever it is in it."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        for each in arguments[1:]:
            if isinstance(each, About):
                return each
        arguments = arguments[:1]
    return next((mark for each in arguments if (mark := _mark(each)) is not None), None)
