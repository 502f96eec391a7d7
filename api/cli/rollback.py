"""`shiplog rollback`: running an earlier release again, and saying why."""

import click

from api.cli import parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from domain.target import MAIN, Target


@click.command(
    "rollback",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog rollback payments-api@prod --to 3 --reason 'release 4 loses orders'",
)
@click.argument("target", type=parameters.TARGET)
@click.option("--to", type=parameters.POSITIVE, required=True, help="Number of the earlier release.")
@click.option("--reason", type=parameters.LINE, required=True, help="Why.")
@click.option("--slot", type=parameters.SLOT, default=MAIN, show_default=True, help="Region, cell or canary.")
@click.option("--deployment", type=parameters.NAME, help="Name of the attempt, which makes a retry safe.")
@reporting.report_options
def rollback(
    *,
    target: Target,
    to: int,
    reason: str,
    slot: str,
    deployment: str | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Report that an earlier release runs again.

    It is recorded as a deployment of that release, marked as a rollback; what is
    not earlier than what runs is refused. Nothing is undone: the list only grows.
    """
    body = {
        **reporting.of_target(target),
        "release": to,
        "reason": reason,
        "slot": slot,
        "deployment": deployment,
        "rollback": True,
    }
    reporting.send(
        "/v1/deployments",
        body,
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
        kind="rollback",
    )
