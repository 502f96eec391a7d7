"""`shiplog policy propose`, `settle` and `log`: which policy decides where, put in force by two people."""

from pathlib import Path

import click

from api.cli import client, columns, instants, landed, listing, output, parameters
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column, hint

STATES = {None: "waits", True: "approved", False: "turned down"}
LOGGED = (
    columns.at("number", "number"),
    columns.at("set", "set"),
    Column("environments", lambda row: ",".join(row["environments"])),
    Column("state", lambda row: STATES[row["approved"]]),
    columns.at("from", "effective_from"),
    columns.at("proposed by", "proposed_by", "subject"),
    columns.at("settled by", "settled_by", "subject"),
    columns.at("digest", "digest"),
)


@click.command(
    "propose",
    context_settings=CONTEXT,
    epilog="""\b
Somebody else has to approve it. Whoever has the ledger's files may put the first policy of an
environment in force alone, and the record shows it.

\b
Example:
  shiplog policy propose baseline --environment staging --reason "a beginning"
  shiplog policy propose regulated --folder policies --environment prod --reason "SEC-12"
""",
)
@click.argument("name", metavar="SET", type=parameters.LINE)
@click.option(
    "--environment",
    "environments",
    type=parameters.ENVIRONMENT,
    multiple=True,
    required=True,
    help="Where it is to decide; can be repeated.",
)
@click.option(
    "--folder",
    type=parameters.FOLDER,
    help="Where sets/, rules/ and tests/ are. [default: the library that comes with shiplog]",
)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def propose(
    *, name: str, environments: tuple[str, ...], folder: Path | None, reason: str, output: str
) -> None:
    """Propose that the SET decides; its cases are tried, and what is doubtful is not recorded."""
    from api import policy_files  # noqa: PLC0415 - the help does not need it

    files = policy_files.shipped() if folder is None else policy_files.in_folder(folder)
    body = {
        "files": {name: policy_files.text_of(name, content) for name, content in files.items()},
        "set": name,
        "environments": list(environments),
        "reason": reason,
    }
    with client.connected() as api:
        answer = api.post("/v1/policies", body)
    landed.show(answer, output, hint="policy {number}, {digest}: shiplog policy settle {number} --approve")


@click.command(
    "settle",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog policy settle 3 --approve --from 2026-12-01T00:00Z",
)
@click.argument("number", type=parameters.POSITIVE)
@click.option("--approve/--reject", "approved", required=True, default=None, help="What the answer is.")
@click.option(
    "--from",
    "since",
    type=parameters.INSTANT,
    metavar="INSTANT",
    help="From when on it decides. [default: at once]",
)
@click.option("--reason", type=parameters.LINE, help="Why, for whoever asks later.")
@output.recording
def settle(*, number: int, approved: bool, since: Moment | None, reason: str | None, output: str) -> None:
    """Approve the proposed policy of that NUMBER, or turn it down; who proposed it may take it back."""
    with client.connected() as api:
        since_text = instants.resolve(since, api)
        body = landed.body(approved=approved, effective_from=since_text, reason=reason)
        answer = api.post(f"/v1/policies/{number}:settle", body)
    landed.show(answer, output)


@click.command(
    "log", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog policy log --at 2026-12-01T00:00Z"
)
@click.option("--at", "as_of", type=parameters.INSTANT, metavar="INSTANT", help="As of when. [default: now]")
@listing.page_options
@output.asking
def log(
    *,
    as_of: Moment | None,
    known_at: str | Moment | None,
    limit: int,
    everything: bool,
    output: str,
) -> None:
    """List every policy that was proposed, and say which decide."""
    answer = listing.as_of(("v1", "policies"), as_of, known_at, None if everything else limit)
    for each in answer["in_force"]:
        hint(f"in {each['environment']}: {each['set']}, policy {each['policy']}, since {each['since']}")
    listing.show(output, answer, "policies", LOGGED)
