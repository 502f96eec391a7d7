"""`shiplog record correction`."""

import click

from api.cli import files, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
Without --replacement the report is withdrawn: it says what did not happen after all.
Answers with an older --known-at stay as they were.

\b
Example:
  shiplog record correction 1042 --reason 'it was the canary' --replacement - <<'EOF'
  {"type": "deployment", "service": "payments-api", "environment": "prod", "slot": "canary",
   "release": 42, "outcome": "succeeded", "occurred_at": "2026-08-14T12:47:00Z"}
  EOF
"""


@click.command("correction", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("position", type=parameters.POSITIVE)
@click.option("--reason", type=parameters.LINE, required=True, help="Why it was wrong.")
@click.option(
    "--replacement",
    type=parameters.INPUT,
    help="What was really so, as a report line with its type; - is stdin.",
)
@reporting.report_options
def correction(
    *,
    position: int,
    reason: str,
    replacement: str | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Correct the report at a POSITION of the ledger: withdraw it, and say what was really so."""
    body: dict[str, object] = {"of": position, "reason": reason}
    if replacement is not None:
        body["replacement"] = files.read_json(replacement)
    reporting.send(
        "/v1/corrections", body, occurred_at=occurred_at, report_id=report_id, reporter=reporter, form=output
    )
