"""Operations declared once: what a function answers, who may ask, what can go wrong.

`@operation` turns a function into an `Operation`, which is data: a module offers a
tuple of them, `api.mount` serves them, `api.openapi` describes them, and the
permission matrix lists them. What the function takes and returns is read from its
annotations, so that the description cannot disagree with the code:

- `body`, `query`, `headers`: the types that the parts of the request are read as;
- `actor`: whoever is asking; `asking`: the same, with all that they may do; `services`: whatever was mounted;
- `still_asking`: what tells the same again later, of an answer that takes its time;
- every other parameter is a path parameter of that name;
- the result is a type, a `Reply` of it, `bytes`, or an iterator of bytes (a stream).
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, getdoc, signature
from typing import Any, get_args, get_origin, get_type_hints

from api.replies import Reply
from api.strict_json import BYTES_MAX
from domain.access.scopes import Scope

JSON = "application/json"
IMPLIED = frozenset({"body", "query", "headers", "actor", "asking", "still_asking", "services"})
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
PATH_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_STREAMS = (Iterator, Iterable, Generator)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One method on one path, and everything that is said about it."""

    method: str
    path: str
    """As Flask writes it; converters as in `api.routing`."""
    handler: Callable[..., object]
    scope: Scope | frozenset[Scope] | None
    """What it needs there; of several, one, and the handler says which. None: nothing."""
    tag: str
    status: int
    also: tuple[int, ...]
    """Other statuses it succeeds with, such as 200 for what was recorded before."""
    refusals: tuple[type[Exception], ...]
    """What its handler may raise; each has a row in `api.problems`."""
    accepts: tuple[str, ...]
    produces: str
    body_bytes_max: int
    floats: bool
    """Whether a JSON body may hold numbers with a fraction or an exponent."""
    fresh: bool
    """Whether a person must have proved within `domain.access.fresh.SECONDS_MAX` who they are: they answer
    for what it does."""
    hints: Mapping[str, Any]
    """The annotations of the handler, resolved."""

    @property
    def name(self) -> str:
        """The name of the handler; unique, and the `operationId`."""
        return self.handler.__name__

    @property
    def scopes(self) -> frozenset[Scope]:
        """The scopes of which one is needed; none when none is."""
        if self.scope is None:
            return frozenset()
        return frozenset({self.scope}) if isinstance(self.scope, Scope) else self.scope

    @property
    def is_open(self) -> bool:
        """Whether anyone may ask, without saying who they are."""
        return self.scope is None and not {"actor", "asking"} & self.hints.keys()

    @property
    def summary(self) -> str:
        """First line of the handler's docstring."""
        return (getdoc(self.handler) or self.name).partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """The handler's docstring after its first line."""
        return (getdoc(self.handler) or "").partition("\n")[2].strip()

    @property
    def path_parameters(self) -> Mapping[str, str]:
        """The converter of each path parameter, in the order of the path."""
        found = PATH_PARAMETER.findall(self.path)
        return {name: converter or "string" for converter, name in found}

    @property
    def result(self) -> Any:
        """The type of the result, without the `Reply` around it."""
        returned = self.hints["return"]
        return get_args(returned)[0] if get_origin(returned) is Reply else returned

    @property
    def streams(self) -> bool:
        """Whether the result is sent piece by piece."""
        return get_origin(self.result) in _STREAMS

    @property
    def raw_result(self) -> bool:
        """Whether the result is bytes already."""
        return self.streams or self.result is bytes


def operation(
    method: str,
    path: str,
    *,
    scope: Scope | frozenset[Scope] | None,
    tag: str,
    status: int = 200,
    also: tuple[int, ...] = (),
    refusals: tuple[type[Exception], ...] = (),
    accepts: tuple[str, ...] = (JSON,),
    produces: str = JSON,
    body_bytes_max: int = BYTES_MAX,
    floats: bool = False,
    fresh: bool = False,
) -> Callable[[Callable[..., object]], Operation]:
    """Declare the decorated function to be an operation; see `Operation` for the words."""

    def declare(handler: Callable[..., object]) -> Operation:
        declared = Operation(
            method=method,
            path=path,
            handler=handler,
            scope=scope,
            tag=tag,
            status=status,
            also=also,
            refusals=refusals,
            accepts=accepts,
            produces=produces,
            body_bytes_max=body_bytes_max,
            floats=floats,
            fresh=fresh,
            hints=get_type_hints(handler, include_extras=True),
        )
        _check(declared)
        return declared

    return declare


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the permission matrix: what one of some scopes lets its holder do."""

    scopes: frozenset[Scope]
    is_open: bool
    method: str
    path: str
    operation: str
    summary: str
    fresh: bool


def permission_matrix(operations: Iterable[Operation]) -> tuple[Permission, ...]:
    """Return what each of *operations* needs, in the order given."""
    return tuple(
        Permission(each.scopes, each.is_open, each.method, each.path, each.name, each.summary, each.fresh)
        for each in operations
    )


def _check(declared: Operation) -> None:
    """Fail the import of a declaration that contradicts itself."""
    name = declared.name
    assert declared.method in METHODS, f"{name}: unknown method {declared.method}"
    assert "return" in declared.hints, f"{name}: the result has no type"
    assert not (declared.method == "GET" and "body" in declared.hints), f"{name}: GET has no body"
    assert declared.method == "GET" or "still_asking" not in declared.hints, f"{name}: only questions wait"
    assert not (declared.fresh and declared.is_open), f"{name}: of whom would it be a fresh login?"
    parameters = signature(declared.handler).parameters
    by_name = {each for each, kind in parameters.items() if kind.kind is Parameter.KEYWORD_ONLY}
    assert by_name == set(parameters), f"{name}: parameters must be keyword-only"
    assert by_name <= declared.hints.keys(), f"{name}: every parameter needs a type"
    in_path = set(declared.path_parameters)
    assert by_name - IMPLIED == in_path, f"{name}: path has {in_path}, handler {by_name - IMPLIED}"
