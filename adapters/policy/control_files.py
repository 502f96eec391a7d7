"""The table of controls."""

from collections.abc import Mapping

from adapters.policy import fields
from adapters.policy.documents import Node, read
from adapters.policy.rule_files import check_api
from domain.policy.controls import Control


def controls_of(content: bytes, file: str) -> Mapping[str, Control]:
    """Return the controls in *content*, by id; raises `MalformedPolicy` with *file* and line."""
    said = fields.members(read(content, file), required=("api", "frameworks"))
    check_api(said["api"])
    found = (
        control
        for framework, node in fields.open_members(said["frameworks"]).items()
        for control in _framework(framework, node)
    )
    return {control.id: control for control in found}


def _framework(framework: str, node: Node) -> list[Control]:
    said = fields.members(node, required=("name", "controls"))
    name = fields.text(said["name"])
    listed = fields.open_members(said["controls"])
    return [Control(f"{framework}:{number}", name, fields.text(asks)) for number, asks in listed.items()]
