"""Where in the submitted document: JSON Pointers, exact even through unions.

A pydantic error location has one step more than the document for each union it
passed: the tag, or the name of the alternative. A tag may look like a member (a
report line of type `build` has a member `build`), so the steps are dropped by
following the schema that validated, not by guessing from the document.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic_core import CoreSchema

Step = int | str
Steps = tuple[Step, ...]
_Node = Mapping[str, Any]
_Named = dict[str, _Node]

_FRAGMENT_SAFE = "!$&'()*+,;=:@-._~?"
"""What a URI fragment may hold besides letters and digits (RFC 3986, section 3.5)."""


def pointer(steps: Iterable[Step]) -> str:
    """Return the JSON Pointer of *steps* as a URI fragment: `#` is the whole document.

    Source: RFC 6901, sections 3 and 6; RFC 9457 shows this form in section 3.
    """
    return "#" + "".join(f"/{_escaped(str(step))}" for step in steps)


def submitted(location: Steps, schema: CoreSchema) -> Steps:
    """Return the steps of *location* that exist in the submitted document.

    A location that *schema* does not explain is returned as it is.
    """
    steps = _follow(location, schema, {})
    return location if steps is None else steps


def _escaped(step: str) -> str:
    step = step.replace("~", "~0").replace("/", "~1")
    return quote(step, safe=_FRAGMENT_SAFE, errors="replace")


def _follow(location: Steps, node: _Node, named: _Named) -> Steps | None:
    """Return the submitted steps, along the first way on that explains all of *location*."""
    if not location:
        return ()
    for below in _through(node, named):
        if (steps := _follow(location, below, named)) is not None:
            return steps
    step, rest = location[0], location[1:]
    for choice in _choices(node, str(step)):
        if (steps := _follow(rest, choice, named)) is not None:
            return steps
    for inside in _inside(node, step):
        steps = () if inside is None or rest == ("[key]",) else _follow(rest, inside, named)
        if steps is not None:
            return (step, *steps)
    return None


def _through(node: _Node, named: _Named) -> Iterator[_Node]:
    """Yield what *node* only wraps: it adds no step."""
    match node["type"]:
        case "definitions":
            named.update((each["ref"], each) for each in node["definitions"])
            yield node["schema"]
        case "definition-ref":
            yield named[node["schema_ref"]]
        case "json-or-python":
            yield node["json_schema"]
        case "lax-or-strict":
            yield node["strict_schema"]
        case "chain":
            yield from node["steps"]
        case _ if "schema" in node:  # nullable, default, model, function-after, …
            yield node["schema"]


def _choices(node: _Node, step: str) -> Iterator[_Node]:
    """Yield the alternatives of a union that *step*, which no document has, may name."""
    match node["type"]:
        case "tagged-union":
            for tag, choice in node["choices"].items():
                if step == str(getattr(tag, "value", tag)):
                    yield choice
        case "union":  # the step describes the alternative, not always by a name we can know
            for choice in node["choices"]:
                yield choice[0] if isinstance(choice, tuple) else choice


def _inside(node: _Node, step: Step) -> Iterator[_Node | None]:
    """Yield what *step* of the document leads to; None where the schema says no more."""
    match node["type"]:
        case "model-fields" | "typed-dict":
            yield _member(node["fields"].items(), step)
        case "dataclass-args":
            yield _member(((each["name"], each) for each in node["fields"]), step)
        case "list" | "set" | "frozenset":
            yield node.get("items_schema")
        case "tuple":
            items = node["items_schema"]
            yield items[min(int(step), len(items) - 1)] if items else None
        case "dict":
            yield node.get("values_schema")


def _member(fields: Iterable[tuple[str, _Node]], step: Step) -> _Node | None:
    """Return the schema of the member that is written *step*; None for an unknown one."""
    for name, field in fields:
        if step in (field.get("validation_alias"), name):
            schema: _Node = field["schema"]
            return schema
    return None
