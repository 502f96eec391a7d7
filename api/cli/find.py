"""`shiplog where` and `shiplog who`: from a commit, a digest or a name to what became of it."""

import click
from click.core import ParameterSource

from api.cli import client, columns, contained, instants, listing, output, parameters, unknown
from api.cli.access_rows import who as who_is
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column

NAMES = """\b
NAME is a commit or a digest (7 digits of it are enough when no other fits),
service/build, or service@environment#release.

"""
WHERE = unknown.columns(
    (
        *columns.RUNNING,
        columns.at("until", "until"),
        columns.at("reason", "deployment", "reason"),
        columns.CHANGE,
    ),
    {"environment": "environment", "release": "unknown", "since": "from", "until": "to", "reason": "why"},
)
_COMPONENT_ALONE = frozenset({"environment", "start", "end", "limit", "everything"})
WHO = (
    columns.at("position", "position"),
    columns.at("occurred at", "occurred_at"),
    columns.at("what", "topic"),
    columns.at("stream", "stream"),
    columns.at("by", "actor", "subject"),
    columns.at("vouched for by", "actor", "issuer"),
    columns.at("reporter", "reporter"),
    Column("answers", lambda row: _answers(row["people"])),
    columns.at("recorded at", "recorded_at"),
)


WHERE_EPILOG = f"""{NAMES}\b
Or a component, in any version, in one, or in a range of versions:
  pkg:pypi/jinja2  pkg:pypi/jinja2@3.1.2  pkg:pypi/jinja2@>=3,<3.1.3
  pkg:pypi/jinja2@vers:pypi/>=3|<3.1.3    name:openssl@3.0 (listed without a purl)
What ran without a verified SBOM is shown as unknown.

\b
Example:
  shiplog where 9f2c81d
  shiplog where sha256:5e1d… -o csv
  shiplog where 'pkg:pypi/jinja2@<3.1.3' --environment prod --from 2026-01-01T00:00Z
"""


@click.command("where", context_settings=CONTEXT, epilog=WHERE_EPILOG)
@click.argument("name", type=parameters.LINE)
@click.option("--environment", type=parameters.ENVIRONMENT, help="Of a component: only there.")
@listing.span_options
@listing.page_options
@output.asking
@click.pass_context
def where(
    ctx: click.Context,
    *,
    name: str,
    environment: str | None,
    start: Moment | None,
    end: Moment | None,
    limit: int,
    everything: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Show where and when a commit, artifact, build, configuration, release or component ran.

    Time in which nobody reported there is unknown.
    """
    if not name.startswith(contained.PREFIXES):
        _check_component_alone(ctx)
        _where(name, known_at, output)
        return
    with client.connected() as api:
        query = {**listing.span(api, start, end, known_at), "environment": environment}
        whole = contained.ask(api, name, query, None if everything else limit)
    contained.show(whole, output)


def _where(name: str, known_at: str | Moment | None, form: str) -> None:
    answer, found = _find("where", name, known_at)
    if not found["intervals"]:
        output.hint("it is known, and never ran")
    unknown.hint(found, more="nobody may have reported in more of the time: see `shiplog timeline`")
    output.show(form, answer, unknown.among(found["intervals"], found["unknown"], "since"), WHERE)


def _check_component_alone(ctx: click.Context) -> None:
    """Refuse what only narrows the question about a component: ignored, it would seem to hold."""
    for parameter in ctx.command.params:
        given = ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name in _COMPONENT_ALONE:
            raise click.UsageError(f"{parameter.opts[0]} is for a component: pkg:… or name:…")


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
    _who(name, known_at, output)


def _who(name: str, known_at: str | Moment | None, form: str) -> None:
    answer, found = _find("who", name, known_at)
    if not found["events"]:
        output.hint("no events")
    output.show(form, answer, found["events"], WHO)


def _answers(people: Document | None) -> str | None:
    """Return who answers for a build as its author, and for which bot."""
    if people is None:
        return None
    answers = who_is(people["answers"]) if people["answers"] else "nobody known"
    return f"{answers}, for {who_is(people['author'])}" if people["bot"] else answers


def _find(question: str, name: str, known_at: str | Moment | None) -> tuple[bytes, Document]:
    """Return the answer, as it came and read; say what *name* stands for, and from what the answer is."""
    with client.connected() as api:
        query = {"name": name, "known_at": instants.resolve_known(known_at, api)}
        answer = api.get("v1", question, query=query)
    found = client.read(answer)
    output.hint(f"{found['kind']}: {found['name']}")
    output.hint(client.prefix_of(found))
    if found["truncated"]:
        output.hint("there are more than these")
    return answer, found
