"""Files of rules: one rule each."""

from dataclasses import replace
from datetime import datetime

from adapters.policy import fields
from adapters.policy.documents import Node, read
from domain import instant
from domain.errors import MalformedPolicy, MalformedValue
from domain.policy.rule import (
    NO_TERM,
    Awaits,
    Check,
    ForEach,
    Parameter,
    ParameterType,
    Rule,
    Severity,
    Value,
)

API = "shiplog/policy/v1"
_REQUIRED = ("api", "rule", "title", "why", "fix", "severity", "controls", "evidence", "checks")
_OPTIONAL = ("waivable", "effective_on", "params", "let", "when")


def rule_of(content: bytes, file: str) -> Rule:
    """Return the rule in *content*; raises `MalformedPolicy` with *file* and line."""
    said = fields.members(read(content, file), required=_REQUIRED, optional=_OPTIONAL)
    check_api(said["api"])
    try:
        return Rule(
            id=fields.text(said["rule"]),
            title=fields.text(said["title"]).strip(),
            why=fields.text(said["why"]).strip(),
            fix=fields.text(said["fix"]).strip(),
            severity=fields.choice(said["severity"], Severity),
            waivable="waivable" not in said or fields.boolean(said["waivable"]),
            effective_on=_instant(said["effective_on"]) if "effective_on" in said else None,
            controls=fields.texts(said["controls"]),
            parameters=_parameters(said["params"]) if "params" in said else (),
            lets=_lets(said["let"]) if "let" in said else (),
            when=fields.expression(said["when"]) if "when" in said else "true",
            evidence=fields.expression(said["evidence"]),
            checks=tuple(map(_check, fields.items(said["checks"]))),
        )
    except MalformedPolicy as wrong:
        if str(wrong).startswith(file):
            raise
        raise MalformedPolicy(f"{file}: {wrong}") from wrong


def check_api(node: Node) -> None:
    """Refuse a file that is written for something else."""
    if fields.text(node) != API:
        raise MalformedPolicy(f"{node.place}: api is {str(node.value)[:60]!r}, expected {API}")


def value(node: Node, type_: ParameterType) -> Value:
    """Return what a parameter of *type_* is set to."""
    match type_:
        case ParameterType.BOOL:
            return fields.boolean(node)
        case ParameterType.INT:
            return fields.number(node)
        case ParameterType.TEXT:
            return fields.text(node)
        case ParameterType.DURATION:
            return fields.duration(node)
        case ParameterType.TEXTS:
            return fields.texts(node)
        case ParameterType.COUNTS:
            said = fields.open_members(node)
            return {name: fields.number(each) for name, each in said.items()}


def _parameters(node: Node) -> tuple[Parameter, ...]:
    said = fields.open_members(node)
    return tuple(_parameter(name, each) for name, each in said.items())


def _parameter(name: str, node: Node) -> Parameter:
    said = fields.members(node, required=("type", "help"), optional=("floor", "default", "names"))
    type_ = fields.choice(said["type"], ParameterType)
    declared = Parameter(
        name=name,
        type=type_,
        floor=_floor(said["floor"], type_) if "floor" in said else None,
        names=_names(said["names"], type_) if "names" in said else (),
        help=fields.text(said["help"]).strip(),
    )
    if "default" not in said:
        return declared
    default = declared.check(value(said["default"], type_), said["default"].place)
    return replace(declared, default=default)


def _floor(node: Node, type_: ParameterType) -> int:
    if type_ in (ParameterType.BOOL, ParameterType.TEXT):
        raise MalformedPolicy(f"{node.place}: a {type_} has no floor")
    if type_ is ParameterType.DURATION:
        return int(fields.duration(node).total_seconds())
    return fields.number(node)


def _names(node: Node, type_: ParameterType) -> tuple[str, ...]:
    if type_ not in (ParameterType.TEXTS, ParameterType.COUNTS):
        raise MalformedPolicy(f"{node.place}: a {type_} has no names")
    return fields.texts(node)


def _lets(node: Node) -> tuple[tuple[str, str], ...]:
    said = fields.open_members(node)
    return tuple((name, fields.expression(each)) for name, each in said.items())


def _check(node: Node) -> Check:
    said = fields.members(
        node, required=("id", "require", "message"), optional=("for_each", "term", "awaits")
    )
    return Check(
        id=fields.text(said["id"]),
        require=fields.expression(said["require"]),
        message=fields.expression(said["message"]),
        for_each=_for_each(said["for_each"]) if "for_each" in said else None,
        term=fields.expression(said["term"]) if "term" in said else NO_TERM,
        awaits=fields.choice(said["awaits"], Awaits) if "awaits" in said else None,
    )


def _for_each(node: Node) -> ForEach:
    said = fields.members(node, required=("item", "in"), optional=("allow_empty",))
    empty = "allow_empty" in said and fields.boolean(said["allow_empty"])
    return ForEach(fields.text(said["item"]), fields.expression(said["in"]), empty)


def _instant(node: Node) -> datetime:
    try:
        return instant.parse(fields.text(node))
    except MalformedValue as wrong:
        raise MalformedPolicy(f"{node.place}: {wrong}") from wrong
