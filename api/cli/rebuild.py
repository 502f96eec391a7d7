"""`shiplog rebuild`: the read models from the events, beside a running service."""

from collections.abc import Sequence
from time import monotonic

import click
import orjson

from api import reader
from api.cli import client, exits, output
from api.cli.lazy import CONTEXT
from api.cli.progress import Progress

EPILOG = f"""\b
Servers and other commands go on meanwhile, from the tables that are there. The chain
of the events is checked on the way; `shiplog verify` checks their signatures too.
Exits with {exits.DIFFERENCE} when the tables held something else than the events say, and names
them; with {exits.BROKEN} when an event is not what was recorded, and leaves all as it was.
Safe to stop and to run again.

\b
Example:
  shiplog rebuild --check
"""


@click.command("rebuild", context_settings=CONTEXT, epilog=EPILOG)
@click.option("--check", is_flag=True, help="Only compare what the events say with what is there.")
@output.recording
@click.pass_context
def rebuild(ctx: click.Context, *, check: bool, output: str) -> None:
    """Make the tables that answers come from anew, from the events, and put them in use."""
    settings = client.local_settings("rebuild")
    with reader.early(settings.url) as started:
        from api import wiring  # noqa: PLC0415 - loads the whole ledger

        began, progress = monotonic(), Progress(of="events")
        with wiring.rebuilding(settings, started=started) as ledger:
            try:
                rebuilt = ledger.run(
                    lambda position: progress.at(position, position, ledger.head), check=check
                )
            finally:
                progress.end()
    _show(rebuilt.events, rebuilt.differing, monotonic() - began, output)
    if rebuilt.differing:
        ctx.exit(exits.DIFFERENCE)


def _show(events: int, differing: Sequence[str] | None, seconds: float, form: str) -> None:
    told = {
        "events": events,
        "seconds": round(seconds, 3),
        "events_per_second": round(events / max(seconds, 1e-6)),
        "equal": None if differing is None else not differing,
        "differing": list(differing or ()),
    }
    if form == "json":
        output.document(orjson.dumps(told))
        return
    equal = "nothing to compare with" if differing is None else "no" if differing else "yes"
    output.facts({**told, "equal": equal, "differing": ", ".join(differing or ()) or "none"})
