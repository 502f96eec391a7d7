"""Pointers into what was submitted, through everything a schema can wrap it in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from api.fields import Input
from api.pointer import pointer
from api.validation import body_problems


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Red(Input):
    colour: Literal[Colour.RED]
    red: "Colourful | None" = None
    shade: int = 0
    mixed: int | list[int] = 0


class Blue(Input):
    colour: Literal[Colour.BLUE]
    shade: bool = False
    mixed: dict[str, int] = Field(default_factory=dict)


Colourful = Annotated[Red | Blue, Field(discriminator="colour")]
Red.model_rebuild()


class Aliased(Input):
    start: Annotated[int, Field(alias="from")]


class Typed(TypedDict):
    count: int


@dataclass
class Plain:
    count: int
    inner: list[int]


class Tree(Input):
    size: int
    branches: list["Tree"] = Field(default_factory=list)


CASES: dict[str, tuple[Any, str, list[str]]] = {
    "a tag that is a member": (
        Colourful,
        '{"colour":"red","red":{"colour":"red","red":{"colour":"blue","shade":1}}}',
        ["#/red/red/shade"],
    ),
    "a member that another alternative has too": (
        Colourful,
        '{"colour":"blue","mixed":{"a":"1"}}',
        ["#/mixed/a"],
    ),
    "an unknown tag further in": (
        Colourful,
        '{"colour":"red","red":{"colour":"green"}}',
        ["#/red/colour"],
    ),
    "an alias": (Aliased, '{"from":"1"}', ["#/from"]),
    "a missing alias": (Aliased, "{}", ["#/from"]),
    "a typed dict": (list[Typed], '[{"count":1},{"count":"1"}]', ["#/1/count"]),
    "a dataclass": (Plain, '{"count":"1","inner":[1,"2"]}', ["#/count", "#/inner/1"]),
    "a tuple": (tuple[int, str], "[1,2]", ["#/1"]),
    "a long tuple": (tuple[int, ...], '[1,2,"3"]', ["#/2"]),
    "a map of maps": (dict[str, dict[str, int]], '{"a":{"b/c":"1"}}', ["#/a/b~1c"]),
    "a recursion": (
        Tree,
        '{"size":1,"branches":[{"size":2,"branches":[{"size":"3"}]}]}',
        ["#/branches/0/branches/0/size"],
    ),
    "alternatives without tags": (
        list[Blue | Typed],
        '[{"colour":"blue","shade":"1"}]',
        ["#/0/shade", "#/0/count"],
    ),
    "the whole document": (int, '"1"', ["#"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_pointer_leads_into_the_submitted_document(case: str) -> None:
    kind, sent, expected = CASES[case]
    adapter = TypeAdapter[Any](kind)
    with pytest.raises(ValidationError) as refused:
        adapter.validate_json(sent, strict=True)
    found = body_problems(refused.value, adapter.core_schema)
    assert [each.pointer for each in found] == expected


def test_a_pointer_is_a_fragment() -> None:
    assert pointer(()) == "#"
    assert pointer(("a/b", 0, "~", "é %")) == "#/a~1b/0/~0/%C3%A9%20%25"
