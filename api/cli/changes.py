"""`shiplog changes`: the numbered list of an environment."""

import click

from api.cli import client, columns, listing, output, parameters, unknown
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
Example:
  shiplog changes prod --from 2026-01-01T00:00Z --to 2026-04-01T00:00Z --all -o csv
"""
COLUMNS = unknown.columns(
    (
        columns.at("number", "number"),
        columns.at("occurred at", "occurred_at"),
        columns.at("until", "until"),
        columns.at("service", "service"),
        columns.at("slot", "slot"),
        output.Column("release", columns.release),
        output.Column("build", lambda row: columns.version(row["release"])),
        columns.at("commit", "release", "build", "source", "commit"),
        columns.at("what", "topic"),
        columns.at("by", "actor", "subject"),
        columns.at("reason", "reason"),
        columns.at("corrected by", "corrected_by"),
        columns.at("recorded at", "recorded_at"),
        columns.at("position", "position"),
    ),
    {"occurred at": "from", "release": "unknown", "reason": "why", "until": "to"},
)


@click.command("changes", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("environment", type=parameters.ENVIRONMENT)
@listing.span_options
@listing.page_options
@output.asking
def changes(
    *,
    environment: str,
    start: Moment | None,
    end: Moment | None,
    limit: int,
    everything: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """List everything that altered what runs in an ENVIRONMENT, highest number first.

    Numbers go from 1 without gaps, so a list can be shown to be complete. Time in which
    nobody reported is unknown: what was changed then by hand is in no list.
    """
    with client.connected() as api:
        query = listing.span(api, start, end, known_at)
        path = ("v1", "environments", environment, "changes")
        answer = listing.collect(api, path, query, "changes", None if everything else limit)
    listing.show(output, answer, "changes", COLUMNS, began="occurred_at")
