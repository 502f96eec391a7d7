"""Files of cases, beside the rules and sets they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.policy import fields
from adapters.policy.documents import Node, read
from adapters.policy.rule_files import check_api
from domain.errors import MalformedPolicy
from domain.policy.cases import Case, Path
from domain.policy.outcome import Status, Verdict


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Cases of one rule, with what is said to it, or of one set."""

    rule: str | None
    set: str | None
    given: Node | None
    facts: str
    """Name of the facts that cases change."""
    cases: tuple[Case, ...]
    place: str


def cases_of(content: bytes, file: str) -> CaseFile:
    """Return the cases in *content*; raises `MalformedPolicy` with *file* and line."""
    node = read(content, file)
    said = fields.members(node, required=("api", "facts", "cases"), optional=("rule", "set", "with"))
    check_api(said["api"])
    if ("rule" in said) == ("set" in said) or ("with" in said and "set" in said):
        raise MalformedPolicy(
            f"{node.place}: expected the rule, and with what, or the set that the cases are of"
        )
    of_rule = "rule" in said
    return CaseFile(
        rule=fields.text(said["rule"]) if of_rule else None,
        set=None if of_rule else fields.text(said["set"]),
        given=said.get("with"),
        facts=fields.text(said["facts"]),
        cases=tuple(_case(each, Status if of_rule else Verdict) for each in fields.items(said["cases"])),
        place=node.place,
    )


def plain(node: Node) -> Any:
    """Return what *node* says, without the places."""
    match node.value:
        case list():
            return [plain(each) for each in node.value]
        case dict():
            return {name: plain(each) for name, each in node.value.items()}
        case _:
            return node.value


def _case(node: Node, expects: type[Status] | type[Verdict]) -> Case:
    said = fields.members(node, required=("name", "expect"), optional=("change", "remove", "fails"))
    changes: Mapping[str, Node] = {}
    if "change" in said:
        changes = fields.open_members(said["change"])
    return Case(
        name=fields.text(said["name"]),
        expect=fields.choice(said["expect"], expects),
        changes=tuple((_path(path), plain(each)) for path, each in changes.items()),
        removed=tuple(map(_path, fields.texts(said["remove"]))) if "remove" in said else (),
        fails=fields.texts(said["fails"]) if "fails" in said else None,
    )


def _path(text: str) -> Path:
    return tuple(text.split("."))
