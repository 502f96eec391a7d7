"""`shiplog trust withdraw` and `builders`: what no longer vouches, and which builders count."""

from pathlib import Path

import click

from api.cli import client, files, instants, output, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT


@click.command(
    "withdraw",
    context_settings=CONTEXT,
    epilog="""\b
What this ledger recorded as verified with it before --from still counts; what it recorded then or later
does not, whenever it says it was signed: who has the root's keys can write any time.
`shiplog trust import` trusts it again.

\b
Example:
  shiplog trust withdraw sha256:5f5f… --from 2026-03-01T00:00Z --reason "its authority was broken into"
""",
)
@click.argument("root", type=parameters.DIGEST)
@click.option(
    "--from",
    "since",
    type=parameters.INSTANT,
    metavar="INSTANT",
    required=True,
    help="What was recorded as verified with it then or later does not count.",
)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def withdraw(*, root: str, since: Moment, reason: str, output: str) -> None:
    """Verify nothing any more with the ROOT or the key that goes by that digest or fingerprint."""
    with client.connected() as api:
        body = {"root": root, "from": instants.resolve(since, api), "reason": reason}
        receipt = api.post("/v1/trust/withdrawn", body)
    reporting.show(receipt, output)


@click.command(
    "builders",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog trust builders > builders.json\n  shiplog trust builders builders.json",
)
@click.argument("path", metavar="[FILE]", required=False, type=parameters.FILE)
@click.option("--source", type=parameters.LINE, help="Where it came from.")
@parameters.known_at
@output.recording
def builders(*, path: Path | None, source: str | None, known_at: str | Moment | None, output: str) -> None:
    """Put the table in FILE in force; without one, write the table that is in force to stdout.

    It says which builder counts for which level, under which instance of Sigstore or which root.
    """
    if path is None:
        _write(known_at)
        return
    if known_at is not None:
        raise click.UsageError("--known-at is for asking: leave FILE out")
    said = {"content": files.read(str(path)), "source": source}
    with client.connected() as api:
        body = {member: value for member, value in said.items() if value is not None}
        receipt = api.post("/v1/trust/builders", body)
    reporting.show(receipt, output)


def _write(known_at: str | Moment | None) -> None:
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        files.write("-", api.get("v1", "trust", "builders", query={"known_at": known}))
