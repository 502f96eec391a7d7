"""`shiplog record deployment` and `shiplog record removal`: what runs, and what stopped."""

import click

from api.cli import parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from domain.target import MAIN, Target

SEQUENCE_HELP = "Orders reports about one slot and one instant."


@click.command(
    "deployment",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog record deployment payments-api@prod --release 42 --deployment argo/991",
)
@click.argument("target", type=parameters.TARGET)
@click.option("--release", type=parameters.POSITIVE, required=True, help="Number of the release.")
@click.option(
    "--outcome", type=click.Choice(["started", "succeeded", "failed"]), default="succeeded", show_default=True
)
@click.option("--slot", type=parameters.SLOT, default=MAIN, show_default=True, help="Region, cell or canary.")
@click.option("--deployment", type=parameters.NAME, help="Name of the attempt, which makes a retry safe.")
@click.option("--reason", type=parameters.LINE, help="Why.")
@click.option("--rollback", is_flag=True, help="Refuse unless this goes back to an earlier release.")
@click.option("--sequence", type=parameters.WHOLE, help=SEQUENCE_HELP)
@reporting.report_options
def deployment(
    *,
    target: Target,
    release: int,
    outcome: str,
    slot: str,
    deployment: str | None,
    reason: str | None,
    rollback: bool,
    sequence: int | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Report how far an attempt to run a release got."""
    body = {
        **reporting.of_target(target),
        "release": release,
        "outcome": outcome,
        "slot": slot,
        "deployment": deployment,
        "reason": reason,
        "rollback": rollback,
        "sequence": sequence,
    }
    reporting.send(
        "/v1/deployments",
        body,
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
        kind="deployment",
    )


@click.command(
    "removal",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog record removal payments-api@prod --slot canary --reason 'canary over'",
)
@click.argument("target", type=parameters.TARGET)
@click.option("--slot", type=parameters.SLOT, default=MAIN, show_default=True, help="Region, cell or canary.")
@click.option("--reason", type=parameters.LINE, help="Why.")
@click.option("--sequence", type=parameters.WHOLE, help=SEQUENCE_HELP)
@reporting.report_options
def removal(
    *,
    target: Target,
    slot: str,
    reason: str | None,
    sequence: int | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Report that a slot stopped running anything."""
    body = {**reporting.of_target(target), "slot": slot, "reason": reason, "sequence": sequence}
    reporting.send(
        "/v1/removals",
        body,
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
        kind="removal",
    )
