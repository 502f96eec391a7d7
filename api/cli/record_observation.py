"""`shiplog record observation`."""

from collections.abc import Sequence

import click

from api.cli import files, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from domain import names
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.target import MAIN

EPILOG = """\b
The list is complete: what is not in it does not run. The list told last, told again, is recorded as
a heartbeat. With --every the reporter promises to be heard again: what runs is unknown when it is not.

\b
Example:
  shiplog record observation prod --reporter k8s/prod --running payments-api=sha256:…
  kubectl-to-shiplog | shiplog record observation prod --reporter k8s/prod --from-file -
The file holds [{"service": …, "slot": …, "artifacts": ["sha256:…"]}, …].
"""


def _running(text: str) -> dict[str, object]:
    place, _, digests = text.partition("=")
    service, slash, slot = place.partition("/")
    if slash and not slot:
        raise MalformedValue(f"empty slot in {place!r}")
    return {
        "service": names.key(service, "service"),
        "slot": names.key(slot, "slot") if slot else MAIN,
        "artifacts": [str(Digest(digest)) for digest in digests.split(",")],
    }


RUNNING = parameters.Text("service[/slot]=sha256:hex,…", _running)


@click.command("observation", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("environment", type=parameters.ENVIRONMENT)
@click.option("--reporter", type=parameters.NAME, required=True, help="Who looked.")
@click.option("--running", multiple=True, type=RUNNING, help="One slot and what ran in it. Repeatable.")
@click.option("--from-file", "file", type=parameters.INPUT, help="The whole list as JSON; - is stdin.")
@click.option("--every", type=parameters.DURATION, help="How soon the reporter will be heard again: 2m.")
@click.option("--nothing-running", is_flag=True, help="The list is empty, and that is meant.")
@reporting.when_options
def observation(
    *,
    environment: str,
    reporter: str,
    running: Sequence[dict[str, object]],
    file: str | None,
    every: int | None,
    nothing_running: bool,
    occurred_at: Moment | None,
    report_id: str | None,
    output: str,
) -> None:
    """Report the full list of what was seen running in an environment."""
    if [bool(running), file is not None, nothing_running].count(True) != 1:
        raise click.UsageError("give the list as --running, --from-file or --nothing-running, one of them")
    seen = list(running) if file is None else _listed(file)
    reporting.send(
        "/v1/observations",
        {"environment": environment, "running": seen, "every": every},
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
        kind="observation",
    )


def _listed(file: str) -> list[object]:
    document = files.read_json(file)
    listed = document.get("running") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise click.UsageError(f"{file}: expected a list, or an object with a list under `running`")
    return listed
