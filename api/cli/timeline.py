"""`shiplog timeline`: everything a service ran."""

import click

from api.cli import client, columns, listing, output, parameters, unknown
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
Example:
  shiplog timeline payments-api --environment prod --from 2026-01-01T00:00Z --to 2026-04-01T00:00Z
"""
COLUMNS = unknown.columns(
    (
        *columns.RUNNING[1:],
        columns.at("until", "until"),
        columns.at("reason", "deployment", "reason"),
        columns.CHANGE,
    ),
    {"environment": "environment", "release": "unknown", "since": "from", "until": "to", "reason": "why"},
)


@click.command("timeline", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("service", type=parameters.SERVICE)
@click.option("--environment", type=parameters.ENVIRONMENT, help="Only there.")
@click.option("--slot", type=parameters.SLOT, help="Only this slot.")
@listing.span_options
@listing.page_options
@output.asking
def timeline(
    *,
    service: str,
    environment: str | None,
    slot: str | None,
    start: Moment | None,
    end: Moment | None,
    limit: int,
    everything: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Show everything a SERVICE ran, interval by interval, newest first.

    An interval without a release is time in which nothing ran; one without an end
    still goes on, as far as the ledger knows. Time in which nobody reported is unknown.
    """
    with client.connected() as api:
        query = {**listing.span(api, start, end, known_at), "environment": environment, "slot": slot}
        path = ("v1", "services", service, "timeline")
        answer = listing.collect(api, path, query, "intervals", None if everything else limit)
    listing.show(output, answer, "intervals", COLUMNS, began="since")
