"""`shiplog access`, of people beside the record: what they are called, and whether they are logged in."""

import click

from api.cli import client, output, parameters
from api.cli.lazy import CONTEXT


@click.command(
    "forget",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog access forget 00u1 --issuer https://sso.example",
)
@click.argument("subject", type=parameters.LINE)
@click.option("--issuer", type=parameters.LINE, required=True, help="Who vouches for SUBJECT at a login.")
@output.recording
def forget(*, subject: str, issuer: str, output: str) -> None:
    """Erase the name that SUBJECT is known by; the record never had it in clear."""
    with client.connected() as api:
        answer = api.post("/v1/access/names:forget", {"issuer": issuer, "subject": subject})
    _show_forgotten(answer, output)


@click.command(
    "end-sessions",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog access end-sessions 00u1 --issuer https://sso.example",
)
@click.argument("subject", type=parameters.LINE)
@click.option("--issuer", type=parameters.LINE, required=True, help="Who vouches for SUBJECT at a login.")
@output.recording
def end_sessions(*, subject: str, issuer: str, output: str) -> None:
    """Log SUBJECT out, in every browser. What they were granted stays, and is revoked by `access revoke`."""
    with client.connected() as api:
        answer = api.post("/v1/access/sessions:end", {"issuer": issuer, "subject": subject})
    _show_ended(answer, output)


def _show_forgotten(answer: bytes, form: str) -> None:
    if form == "json":
        output.document(answer)
        return
    known = client.read(answer)["forgotten"]
    output.facts({"name": "erased" if known else "none was known"})


def _show_ended(answer: bytes, form: str) -> None:
    if form == "json":
        output.document(answer)
    else:
        output.facts({"ended": client.read(answer)["ended"]})
