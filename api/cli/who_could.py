"""`shiplog who-could`: who could have done something, to what, at any moment, and who let them."""

from dataclasses import dataclass, replace

import click

from api.cli import client, columns, instants, output, parameters
from api.cli.access_rows import reach, who
from api.cli.client import Document
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from domain import names
from domain.access.scopes import Scope
from domain.errors import MalformedValue

ACTIONS = [each.value for each in Scope]
EPILOG = f"""ACTION is one of {", ".join(ACTIONS)}.

\b
TARGET is a service in an environment, or an environment alone. Without it: who could everywhere.

\b
Example:
  shiplog who-could report:deployment payments-api@prod
  shiplog who-could promotion:approve payments-api@prod@2026-03-03T12:00Z
  shiplog who-could report:build --service payments-api
  shiplog who-could access:confirm
"""
COLUMNS = (
    columns.at("kind", "kind"),
    columns.at("who", "who"),
    columns.at("by", "by"),
    columns.at("reach", "reach"),
    columns.at("given at", "given_at"),
    columns.at("by whom", "givers"),
    columns.at("position", "position"),
)
KINDS = {"people": "person", "groups": "group", "workloads": "workload", "tokens": "token"}


@dataclass(frozen=True, slots=True)
class Place:
    """What it is done to, and when; None is any, and now."""

    service: str | None = None
    environment: str | None = None
    moment: Moment | None = None


def _place(text: str) -> Place:
    *front, last = text.split("@")
    moment: Moment | None = None
    if front:
        try:
            moment = instants.parse(last)
        except MalformedValue:
            front.append(last)
    else:
        front = [last]
    match front:
        case [environment]:
            return Place(None, names.key(environment, "environment"), moment)
        case [service, environment]:
            return Place(names.key(service, "service"), names.key(environment, "environment"), moment)
        case _:
            raise MalformedValue(f"not a target: {text[:120]!r}, expected service@environment@instant")


@click.command("who-could", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.argument(
    "place",
    type=parameters.Text("[service@]environment[@instant]", _place),
    metavar="[TARGET[@INSTANT]]",
    required=False,
)
@click.option("--service", type=parameters.SERVICE, help="To this service, wherever it runs.")
@parameters.known_at
@output.asking
def who_could(
    *, action: str, place: Place | None, service: str | None, known_at: str | Moment | None, output: str
) -> None:
    """Show who could do ACTION to TARGET, by which grant, binding or token, and who gave them that."""
    asked = place or Place()
    if service is not None:
        if asked.service is not None:
            raise click.UsageError("the service is given twice: in TARGET, and as --service")
        asked = replace(asked, service=service)
    _show(action, asked, known_at, output)


def _show(action: str, place: Place, known_at: str | Moment | None, form: str) -> None:
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        asked = {
            "scope": action,
            "service": place.service,
            "environment": place.environment,
            "as_of": instants.resolve(place.moment, api, known_at=known),
            "known_at": known,
        }
        answer = api.get("v1", "access", "who-could", query=asked)
    found = client.read(answer)
    rows = [_row(kind, each) for kind in KINDS for each in found[kind]]
    output.hint(f"as of: {found['as_of']}")
    output.hint(client.prefix_of(found))
    if not rows:
        output.hint("nobody could")
    if found["operator"]:
        output.hint("so could whoever had the ledger's own files")
    output.show(form, answer, rows, COLUMNS)


def _row(kind: str, each: Document) -> Document:
    group, given = each["group"], each["given_by"]
    named = ", ".join(map(who, each["who"])) if group is None else f"{group['name']} of {group['issuer']}"
    return {
        "kind": KINDS[kind],
        "who": named,
        "by": f"{each['by']} {each['name']}",
        "reach": reach(each["reach"]),
        "given_at": given[-1]["recorded_at"],
        "givers": ", ".join(dict.fromkeys(event["actor"]["subject"] for event in given)),
        "position": given[-1]["position"],
    }
