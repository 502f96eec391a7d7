"""What an expression is made of, once its types were checked: what would never do anything is found here.

Facts are complete, so that whether one is there, is null, or is of some type has one answer for ever; and a
value of unknown type would hide a misspelt name until it is evaluated, or for ever. Texts and lists can be
joined, and what is joined can be named and joined again: no engine bounds that, so here the size of an
expression is bounded, every name in it counting as all that it stands for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2  # type: ignore[import-untyped]  # no stubs installed
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]  # no stubs installed
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs installed
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]  # no stubs installed

from domain.errors import MalformedPolicy

SIZE_MAX = 2000
"""Parts of an expression, each name in it counting as all that it stands for."""
_DECIDING = {"_&&_": 2, "_||_": 2, "_?_:_": 1, "!_": 1}
"""Operators, and how many of their operands decide."""
_REFUSED = {
    "dyn": "dyn() hides what is misspelt",
    "type": "type() has one answer for ever",
    "lists.range": "lists.range() makes a list of any length",
}


@dataclass(frozen=True, slots=True)
class Made:
    """What an expression comes to."""

    size: int
    names: frozenset[str]
    """Of variables, those behind names under `let` as well."""


def made_of(serialized: bytes, known: Mapping[str, Made]) -> Made:
    """Return what a checked expression is made of, *known* being what names stand for.

    Raises `MalformedPolicy` for what can have been meant by nobody, and for what is too large.
    """
    try:
        tree = _Tree.FromString(any_pb2.Any.FromString(serialized).value)
    except DecodeError as wrong:
        raise MalformedPolicy("is nested too deep") from wrong
    if any(entry.value.HasField("dyn") for entry in tree.types):
        raise MalformedPolicy("has a part of which the type is not known")
    return _made(tree.root, known)


def _made(node: Any, known: Mapping[str, Made]) -> Made:
    kind = node.WhichOneof("kind")
    if kind == "name":
        name = node.name.name
        return known.get(name, Made(1, frozenset((name,))))
    if kind == "loop":
        return _loop(node.loop, known)
    _check(node, kind)
    return _together([_made(each, known) for each in _inside(node, kind)])


def _loop(loop: Any, known: Mapping[str, Made]) -> Made:
    """Return what a macro is made of: what it goes through stands behind the name of an item."""
    over, begin = _made(loop.over, known), _made(loop.begin, known)
    inside = {**known, loop.item: over, loop.result: begin}
    parts = [_made(each, inside) for each in (loop.go_on, loop.step, loop.end)]
    return _together([over, begin, *parts])


def _check(node: Any, kind: str) -> None:
    if kind == "select" and node.select.test_only:
        raise MalformedPolicy("has() is always true: every fact is there, compare it with ''")
    if kind == "constant" and node.constant.HasField("null"):
        raise MalformedPolicy("nothing is ever null")
    if kind == "call":
        function = node.call.function
        if function in _REFUSED:
            raise MalformedPolicy(_REFUSED[function])
        if any(each.constant.HasField("truth") for each in node.call.args[: _DECIDING.get(function, 0)]):
            raise MalformedPolicy("a condition in it is always true, or never")


def _inside(node: Any, kind: str) -> Iterator[Any]:
    match kind:
        case "select":
            yield node.select.operand
        case "call":
            if node.call.HasField("target"):
                yield node.call.target
            yield from node.call.args
        case "listed":
            yield from node.listed.elements
        case "record":
            for entry in node.record.entries:
                yield from (entry.key, entry.value)


def _together(parts: list[Made]) -> Made:
    size = 1 + sum(each.size for each in parts)
    if size > SIZE_MAX:
        raise MalformedPolicy(f"comes to more than {SIZE_MAX} parts, with all that its names stand for")
    return Made(size, frozenset[str]().union(*(each.names for each in parts)))


_FIELDS: Mapping[str, tuple[tuple[str, int, str], ...]] = {
    "Tree": (("types", 3, "*Typed"), ("root", 4, "Node")),
    "Typed": (("value", 2, "Type"),),
    "Type": (("dyn", 1, "Nothing"),),
    "Nothing": (),
    "Node": (
        ("constant", 3, "?Constant"),
        ("name", 4, "?Name"),
        ("select", 5, "?Select"),
        ("call", 6, "?Call"),
        ("listed", 7, "?Listed"),
        ("record", 8, "?Record"),
        ("loop", 9, "?Loop"),
    ),
    "Constant": (("null", 1, "?int"), ("truth", 2, "?bool")),
    "Name": (("name", 1, "text"),),
    "Select": (("operand", 1, "Node"), ("test_only", 3, "bool")),
    "Call": (("target", 1, "Node"), ("function", 2, "text"), ("args", 3, "*Node")),
    "Listed": (("elements", 1, "*Node"),),
    "Record": (("entries", 2, "*Entry"),),
    "Entry": (("key", 3, "Node"), ("value", 4, "Node")),
    "Loop": (
        ("item", 1, "text"),
        ("over", 2, "Node"),
        ("result", 3, "text"),
        ("begin", 4, "Node"),
        ("go_on", 5, "Node"),
        ("step", 6, "Node"),
        ("end", 7, "Node"),
    ),
}
"""`cel.expr.CheckedExpr` (cel/expr/checked.proto and syntax.proto), as far as it is looked at.

`*`: any number; `?`: one of them.
"""


def _class_of_trees() -> Any:
    field_type = descriptor_pb2.FieldDescriptorProto
    scalars = {"int": field_type.TYPE_INT64, "bool": field_type.TYPE_BOOL, "text": field_type.TYPE_STRING}
    package = "shiplog.trees"
    file = descriptor_pb2.FileDescriptorProto(name="shiplog/trees.proto", package=package, syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for said, number, of in fields:
            label = field_type.LABEL_REPEATED if of[0] == "*" else field_type.LABEL_OPTIONAL
            field = message.field.add(name=said, number=number, label=label)
            if of[0] == "?":
                if not message.oneof_decl:
                    message.oneof_decl.add(name="kind")
                field.oneof_index = 0
            type_ = of.lstrip("*?")
            field.type = scalars.get(type_, field_type.TYPE_MESSAGE)
            if type_ not in scalars:
                field.type_name = f".{package}.{type_}"
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{package}.Tree"))


_Tree = _class_of_trees()
