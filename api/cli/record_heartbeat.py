"""`shiplog record heartbeat`."""

import click

from api.cli import parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
What the reporter listed last still runs, or it has nothing to list. When it is not heard again within
--every, what runs is unknown from then on: promise two or three times as long as you mean to wait.

\b
Example:
  shiplog record heartbeat prod --reporter k8s/prod --every 2m
  shiplog record heartbeat prod --reporter k8s/prod --last      it is being taken down
"""


@click.command("heartbeat", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("environment", type=parameters.ENVIRONMENT)
@click.option("--reporter", type=parameters.NAME, required=True, help="Who is there.")
@click.option("--every", type=parameters.DURATION, help="How soon it will be heard again.")
@click.option("--last", is_flag=True, help="It promises nothing any more.")
@reporting.when_options
def heartbeat(
    *,
    environment: str,
    reporter: str,
    every: int | None,
    last: bool,
    occurred_at: Moment | None,
    report_id: str | None,
    output: str,
) -> None:
    """Report that a reporter of an environment is there, and when it will be heard again."""
    if (every is None) is not last:
        raise click.UsageError(
            "say when it will be heard again with --every, or that it will not with --last"
        )
    reporting.send(
        "/v1/heartbeats",
        {"environment": environment, "every": every or 0},
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
    )
