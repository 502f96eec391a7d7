"""`shiplog policy`: rules and sets of rules, looked at and tried before they decide anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from api.cli import columns, exits, output, parameters
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column, hint, show

if TYPE_CHECKING:
    from domain.policy.engine import LoadedSet
    from domain.policy.rule import Rule
    from domain.policy.trying import TryingEngine

ENTRIES = {
    "lint": Entry("api.cli.policy:lint", "Load every set and rule; what is doubtful is refused."),
    "test": Entry("api.cli.policy:test", "Try every rule against its cases."),
    "show": Entry("api.cli.policy:show_", "A set: its rules, with what is said to them."),
    "controls": Entry("api.cli.policy:controls", "Which rules answer to which controls."),
    "diff": Entry("api.cli.policy_diff:diff", "What differs between two sets."),
    "propose": Entry("api.cli.policy_law:propose", "Propose that a set decides in some environments."),
    "settle": Entry("api.cli.policy_law:settle", "Approve what somebody else proposed, or turn it down."),
    "log": Entry("api.cli.policy_law:log", "Every policy that was proposed, and which decide."),
}
FOLDER = click.option(
    "--folder",
    type=parameters.FOLDER,
    help="Where sets/, rules/ and tests/ are. [default: the library that comes with shiplog]",
)
LINTED = (columns.at("set", "set"), columns.at("rules", "rules"), columns.at("digest", "digest"))
SHOWN = (
    columns.at("rule", "rule"),
    columns.at("severity", "severity"),
    Column("waivable", lambda row: "yes" if row["waivable"] else "never"),
    Column(
        "with", lambda row: " ".join(f"{name}={_said(value)}" for name, value in row["with"].items()) or None
    ),
    columns.at("title", "title"),
)
CONTROLS = (
    columns.at("control", "control"),
    Column("rules", lambda row: ",".join(row["rules"])),
    columns.at("asks", "asks"),
)


@click.group("policy", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def policy() -> None:
    """Look at policies, which decide by verified facts what may be deployed where, and put them in force."""


@click.command(
    "lint", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog policy lint --folder policies"
)
@FOLDER
@output.asking
def lint(*, folder: Path | None, output: str) -> None:
    """Load every set and every rule as the gate would; exits with 2 at the first thing that is doubtful."""
    engine, files = opened(folder)
    from domain.policy.controls import check_known  # noqa: PLC0415 - the help does not need it

    rules = engine.rules(files)
    known = engine.controls(files)
    if known:
        check_known(rules, known)
    sets = [engine.load(files, name) for name in engine.names(files)]
    rows = [{"set": each.policy.name, "rules": len(each.rules), "digest": str(each.digest)} for each in sets]
    hint(f"{len(rules)} rules, {len(sets)} sets")
    show(output, orjson.dumps({"sets": rows}), rows, LINTED)


@click.command(
    "test", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog policy test --folder policies"
)
@FOLDER
@output.recording
@click.pass_context
def test(ctx: click.Context, *, folder: Path | None, output: str) -> None:
    """Try every rule against its cases, and see each check hold and fail; exits with 11 otherwise."""
    engine, files = opened(folder)
    from domain.policy.trying import try_all  # noqa: PLC0415 - the help does not need it

    tried = try_all(engine.trials(files), files)
    untried = sorted({rule.id for rule in engine.rules(files)} - set(tried.rules))
    wrong = [*tried.wrong, *(f"{rule} has no cases of its own" for rule in untried)]
    answer = {"cases": tried.cases, "rules": len(tried.rules), "wrong": wrong}
    if output == "json":
        show(output, orjson.dumps(answer), (), ())
    else:
        for line in wrong:
            click.echo(line)
        click.echo(f"{tried.cases} cases of {len(tried.rules)} rules, {len(wrong)} wrong or not seen")
    ctx.exit(exits.DIFFERENCE if wrong else exits.DONE)


@click.command("show", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog policy show regulated")
@click.argument("name", metavar="SET", type=parameters.LINE)
@FOLDER
@output.asking
def show_(*, name: str, folder: Path | None, output: str) -> None:
    """Show the rules of a SET, with what is said to each."""
    engine, files = opened(folder)
    loaded = engine.load(files, name)
    said = loaded.policy
    hint(f"{said.name}, owned by {said.owner}, {said.mode}, {loaded.digest}")
    hint(f"waivers: at most {said.waivers.days_max} days, by at least {said.waivers.approvers_min}")
    hint(_glass(loaded))
    rows = [row_of(rule, said.uses[number].given) for number, rule in enumerate(loaded.rules)]
    answer = {"set": name, "digest": str(loaded.digest), "manifest": loaded.manifest, "rules": rows}
    show(output, orjson.dumps(answer), rows, SHOWN)


@click.command(
    "controls", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog policy controls regulated -o csv"
)
@click.argument("name", metavar="[SET]", type=parameters.LINE, required=False)
@FOLDER
@output.asking
def controls(*, name: str | None, folder: Path | None, output: str) -> None:
    """List the controls that the rules of a SET, or all there are, answer to."""
    engine, files = opened(folder)
    from domain.policy.controls import answering  # noqa: PLC0415 - the help does not need it

    rules = engine.rules(files) if name is None else engine.load(files, name).rules
    rows = [
        {
            "control": control.id,
            "framework": control.framework,
            "asks": control.asks,
            "rules": [rule.id for rule in found],
            "evidence": sorted({rule.evidence for rule in found}),
        }
        for control, found in answering(rules, engine.controls(files))
    ]
    show(output, orjson.dumps({"controls": rows}), rows, CONTROLS)


def opened(folder: Path | None) -> "tuple[TryingEngine, Mapping[str, bytes]]":
    """Return the engine, and the files that are in *folder* or come with the program."""
    from api import policy_files, wiring  # noqa: PLC0415 - loads the engine

    return wiring.policy_engine(), policy_files.shipped() if folder is None else policy_files.in_folder(
        folder
    )


def row_of(rule: "Rule", given: Mapping[str, Any]) -> dict[str, Any]:
    """Return *rule* as it is used, for a table or a document."""
    return {
        "rule": rule.id,
        "title": rule.title,
        "why": rule.why,
        "fix": rule.fix,
        "severity": str(rule.severity),
        "waivable": rule.waivable,
        "controls": list(rule.controls),
        "checks": [check.id for check in rule.checks],
        "with": {name: _plain(value) for name, value in sorted(given.items())},
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "total_seconds"):
        return f"{int(value.total_seconds())}s"
    return list(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _glass(loaded: "LoadedSet") -> str:
    terms = loaded.policy.break_glass
    if not terms.allowed:
        return "nobody can break the glass"
    never = ", ".join(terms.never_for) or "nothing"
    return (
        f"broken glass: by at least {terms.approvers_min}, reviewed within {terms.review_hours} h,"
        f" never against {never}"
    )
