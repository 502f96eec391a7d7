"""`shiplog where` and `shiplog who`: from a commit, a digest or a name to what became of it."""

import click

from api.cli import client, columns, instants, output, parameters
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

NAMES = """\b
NAME is a commit or a digest (7 digits of it are enough when no other fits),
service/build, or service@environment#release.

"""
WHERE = (*columns.RUNNING, columns.at("until", "until"), columns.CHANGE)
WHO = (
    columns.at("position", "position"),
    columns.at("occurred at", "occurred_at"),
    columns.at("what", "topic"),
    columns.at("stream", "stream"),
    columns.at("by", "actor", "subject"),
    columns.at("vouched for by", "actor", "issuer"),
    columns.at("reporter", "reporter"),
    columns.at("recorded at", "recorded_at"),
)


@click.command(
    "where",
    context_settings=CONTEXT,
    epilog=f"{NAMES}\b\nExample:\n  shiplog where 9f2c81d\n  shiplog where sha256:5e1d… -o csv",
)
@click.argument("name", type=parameters.LINE)
@parameters.known_at
@output.asking
def where(name: str, known_at: str | Moment | None, output: str) -> None:
    """Show where and when a commit, artifact, build, configuration or release ran."""
    _find("where", "intervals", name=name, known_at=known_at, form=output, shown=WHERE)


@click.command(
    "who",
    context_settings=CONTEXT,
    epilog=f"{NAMES}\b\nExample:\n  shiplog who payments-api@prod#42\n  shiplog who payments-api/ci/4711",
)
@click.argument("name", type=parameters.LINE)
@parameters.known_at
@output.asking
def who(name: str, known_at: str | Moment | None, output: str) -> None:
    """Show who built, released and ran a commit, artifact, build, configuration or release."""
    _find("who", "events", name=name, known_at=known_at, form=output, shown=WHO)


def _find(
    question: str,
    items: str,
    *,
    name: str,
    known_at: str | Moment | None,
    form: str,
    shown: tuple[output.Column, ...],
) -> None:
    with client.connected() as api:
        query = {"name": name, "known_at": instants.resolve_known(known_at, api)}
        answer = api.get("v1", question, query=query)
    found = client.read(answer)
    output.hint(f"{found['kind']}: {found['name']}")
    output.hint(client.prefix_of(found))
    if not found[items]:
        output.hint("it is known, and never ran" if question == "where" else "no events")
    if found["truncated"]:
        output.hint("there are more than these")
    output.show(form, answer, found[items], shown)
