"""`shiplog policy diff`: what differs between two sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from api.cli import columns, exits, output, parameters
from api.cli.lazy import CONTEXT
from api.cli.output import Column, hint, show
from api.cli.policy import FOLDER, opened, row_of

if TYPE_CHECKING:
    from domain.policy.engine import LoadedSet

COLUMNS = (
    columns.at("rule", "rule"),
    columns.at("what", "what"),
    Column("one", lambda row: row["one"]),
    Column("other", lambda row: row["other"]),
)


@click.command(
    "diff",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog policy diff slsa-build-l3 regulated --exit-code",
)
@click.argument("one", type=parameters.LINE)
@click.argument("other", type=parameters.LINE)
@FOLDER
@click.option("--other-folder", type=parameters.FOLDER, help="Where OTHER is. [default: where ONE is]")
@click.option("--exit-code", is_flag=True, help="Exit with 11 when something differs.")
@output.asking
@click.pass_context
def diff(
    ctx: click.Context,
    *,
    one: str,
    other: str,
    folder: Path | None,
    other_folder: Path | None,
    exit_code: bool,
    output: str,
) -> None:
    """Tell what differs between the sets ONE and OTHER: rules, what is said to them, and their words."""
    engine, files = opened(folder)
    others = files if other_folder is None else opened(other_folder)[1]
    left, right = engine.load(files, one), engine.load(others, other)
    rows = differences(left, right)
    hint(f"{left.digest} and {right.digest}")
    show(output, orjson.dumps({"differences": rows}), rows, COLUMNS)
    if exit_code and rows:
        ctx.exit(exits.DIFFERENCE)


def differences(left: "LoadedSet", right: "LoadedSet") -> list[dict[str, Any]]:
    """Return one row for each thing that differs."""
    rows = [
        {"rule": None, "what": name, "one": str(one), "other": str(other)}
        for name, one, other in _terms(left, right)
        if one != other
    ]
    ones, others = _rows(left), _rows(right)
    for id_ in sorted(ones.keys() | others.keys()):
        one, other = ones.get(id_), others.get(id_)
        if one is None or other is None:
            rows.append({"rule": id_, "what": "used", "one": _used(one), "other": _used(other)})
            continue
        rows += [
            {"rule": id_, "what": name, "one": str(one[name]), "other": str(other[name])}
            for name in one
            if one[name] != other[name]
        ]
    return rows


def _rows(loaded: "LoadedSet") -> dict[str, dict[str, Any]]:
    used = zip(loaded.rules, loaded.policy.uses, strict=True)
    return {rule.id: {**row_of(rule, use.given), "expressions": _expressions(rule)} for rule, use in used}


def _expressions(rule: Any) -> str:
    parts = [rule.when, rule.evidence, *(text for _, text in rule.lets)]
    for check in rule.checks:
        parts += [check.require, check.message, check.term, str(check.for_each), str(check.awaits)]
    return " | ".join(" ".join(part.split()) for part in parts)


def _terms(left: "LoadedSet", right: "LoadedSet") -> list[tuple[str, Any, Any]]:
    one, other = left.policy, right.policy
    return [
        (name, getattr(one, name), getattr(other, name))
        for name in ("owner", "environments", "mode", "rules_min", "waivers", "break_glass")
    ]


def _used(row: dict[str, Any] | None) -> str:
    return "no" if row is None else "yes"
