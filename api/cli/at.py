"""`shiplog at`: what ran."""

import click

from api.cli import client, columns, instants, output, parameters, unknown
from api.cli.client import Client
from api.cli.instants import EnvironmentAt, Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
Example:
  shiplog at prod                                 what runs in prod now
  shiplog at prod@2026-08-14T12:47Z               what ran there then
  shiplog at prod~1 --service payments-api        before the last change
  shiplog at --service payments-api               one service, everywhere
  shiplog at prod@yesterday --known-at yesterday  as it was known then
"""


COLUMNS = (
    *unknown.columns(columns.RUNNING, {"environment": "environment", "release": "unknown", "since": "from"}),
    unknown.column("until", None, "to"),
    *unknown.columns((columns.OBSERVED, columns.CHANGE, columns.ARTIFACTS), {"observed": "why"}),
)


@click.command("at", context_settings=CONTEXT, epilog=EPILOG)
@click.argument(
    "environment", type=parameters.ENVIRONMENT_AT, required=False, metavar="[ENVIRONMENT[@INSTANT]]"
)
@click.option("--service", type=parameters.SERVICE, help="Only this service.")
@click.option("--slot", type=parameters.SLOT, help="Only this slot.")
@click.option("--as-of", type=parameters.INSTANT, metavar="INSTANT", help="The moment. [default: now]")
@parameters.known_at
@output.asking
def at(
    *,
    environment: EnvironmentAt | None,
    service: str | None,
    slot: str | None,
    as_of: Moment | None,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Show what ran, anywhere or in one ENVIRONMENT, at any moment.

    What nobody reported on then is shown as unknown, beside what the ledger was told before.
    """
    if slot is not None and environment is None:
        raise click.UsageError("--slot needs an environment")
    if environment is not None and environment.moment is not None and as_of is not None:
        raise click.UsageError("the moment is given twice: with the environment, and as --as-of")
    moment = as_of if environment is None else environment.moment or as_of
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        query = {"as_of": instants.resolve(moment, api, known_at=known), "known_at": known}
        answer = _ask(api, environment, service, slot, query)
    show(answer, output)


def show(answer: bytes, form: str) -> None:
    """Print a state."""
    state = client.read(answer)
    output.hint(f"as of: {state['as_of']}")
    output.hint(client.prefix_of(state))
    if not state["running"]:
        output.hint("nothing ran, as far as was reported" if state["unknown"] else "nothing ran")
    unknown.hint(state)
    output.show(form, answer, [*unknown.rows(state["unknown"]), *state["running"]], COLUMNS)


def _ask(
    api: Client,
    environment: EnvironmentAt | None,
    service: str | None,
    slot: str | None,
    query: dict[str, str | None],
) -> bytes:
    if environment is not None:
        filters = {"service": service, "slot": slot}
        return api.get("v1", "environments", environment.environment, "state", query={**query, **filters})
    if service is not None:
        return api.get("v1", "services", service, "state", query=query)
    return api.get("v1", "state", query=query)
