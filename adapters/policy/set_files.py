"""Files of policy sets."""

from collections.abc import Mapping

from adapters.policy import fields
from adapters.policy.documents import Node, read
from adapters.policy.rule_files import check_api, value
from domain.errors import MalformedPolicy, MalformedValue
from domain.policy.rule import Rule, Value
from domain.policy.sets import BreakGlassTerms, Mode, PolicySet, Use, WaiverTerms

_REQUIRED = ("api", "set", "owner", "mode", "minimum_rules", "rules", "waivers", "break_glass")


def set_of(content: bytes, file: str, rules: Mapping[str, Rule]) -> PolicySet:
    """Return the set in *content*, of *rules* by id; raises `MalformedPolicy` with *file* and line."""
    said = fields.members(read(content, file), required=_REQUIRED, optional=("environments",))
    check_api(said["api"])
    try:
        return PolicySet(
            name=fields.text(said["set"]),
            owner=fields.text(said["owner"]),
            environments=fields.texts(said["environments"]) if "environments" in said else (),
            mode=fields.choice(said["mode"], Mode),
            rules_min=fields.number(said["minimum_rules"]),
            uses=tuple(_use(each, rules) for each in fields.items(said["rules"])),
            waivers=_waivers(said["waivers"]),
            break_glass=_break_glass(said["break_glass"]),
        )
    except (MalformedPolicy, MalformedValue) as wrong:
        if str(wrong).startswith(file):
            raise
        raise MalformedPolicy(f"{file}: {wrong}") from wrong


def set_of_one(id_: str, given: Node | None, rules: Mapping[str, Rule]) -> PolicySet:
    """Return a set of one rule, to try it by itself."""
    use = Node({"use": Node(id_, id_), **({} if given is None else {"with": given})}, id_)
    return PolicySet(
        name="alone",
        owner="nobody",
        environments=(),
        mode=Mode.ENFORCE,
        rules_min=1,
        uses=(_use(use, rules),),
        waivers=WaiverTerms(90, 1),
        break_glass=BreakGlassTerms(allowed=False, approvers_min=0, never_for=(), review_hours=0),
    )


def used(content: bytes, file: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the set in *content*, and the ids of the rules it uses."""
    said = fields.members(read(content, file), required=_REQUIRED, optional=("environments",))
    uses = (
        fields.members(each, required=("use",), optional=("with",)) for each in fields.items(said["rules"])
    )
    return fields.text(said["set"]), tuple(fields.text(each["use"]) for each in uses)


def _use(node: Node, rules: Mapping[str, Rule]) -> Use:
    said = fields.members(node, required=("use",), optional=("with",))
    rule = rules.get(fields.text(said["use"]))
    if rule is None:
        raise MalformedPolicy(f"{said['use'].place}: there is no rule {str(said['use'].value)[:60]!r}")
    names = {parameter.name for parameter in rule.parameters}
    given = fields.members(said["with"], required=(), optional=names) if "with" in said else {}
    return Use(rule.id, _values(rule, given, node.place))


def _values(rule: Rule, given: Mapping[str, Node], place: str) -> Mapping[str, Value]:
    values: dict[str, Value] = {}
    for parameter in rule.parameters:
        if parameter.name in given:
            node = given[parameter.name]
            values[parameter.name] = parameter.check(value(node, parameter.type), node.place)
        elif parameter.default is not None:
            values[parameter.name] = parameter.default
        else:
            raise MalformedPolicy(
                f"{place}: {rule.id} has to be given {parameter.name}: {parameter.help}"[:300]
            )
    return values


def _waivers(node: Node) -> WaiverTerms:
    said = fields.members(node, required=("max_days", "min_approvers"))
    return WaiverTerms(fields.number(said["max_days"]), fields.number(said["min_approvers"]))


def _break_glass(node: Node) -> BreakGlassTerms:
    said = fields.members(node, required=("allowed", "min_approvers", "never_for", "review_within"))
    hours = fields.duration(said["review_within"]).total_seconds() / 3600
    if hours != int(hours):
        raise MalformedPolicy(f"{said['review_within'].place}: expected whole hours")
    return BreakGlassTerms(
        allowed=fields.boolean(said["allowed"]),
        approvers_min=fields.number(said["min_approvers"]),
        never_for=fields.texts(said["never_for"]),
        review_hours=int(hours),
    )
