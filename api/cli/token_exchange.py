"""`shiplog token exchange`: a pipeline's own token for one of the ledger."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from api.cli import client, exchanging, exits, files, output, parameters
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.cli.output import hint

EPILOG = """\b
On GitHub Actions the token is asked for, which takes `permissions: id-token: write`:
  shiplog token exchange --audience https://ledger.example --to "$RUNNER_TEMP/shiplog"
On GitLab CI it is in the variable that `id_tokens` names:
  export SHIPLOG_TOKEN="$(shiplog token exchange --from-env LEDGER_ID_TOKEN --to -)"
Elsewhere it comes in a file, or on stdin:
  shiplog token exchange --from-file /var/run/secrets/shiplog/token --to /run/shiplog/token

The platform's token is used up by it, and is never shown.
"""


@click.command("exchange", context_settings=CONTEXT, epilog=EPILOG)
@click.option(
    "--audience",
    type=parameters.LINE,
    help="On GitHub: for whom the token is asked, as the ledger's issuer says. [default: SHIPLOG_AUDIENCE]",
)
@click.option("--from-env", type=parameters.LINE, metavar="NAME", help="The variable with the token.")
@click.option("--from-file", type=parameters.INPUT, help="The file with the token; - is stdin.")
@click.option("--binding", type=parameters.NAME, help="Which binding is meant, if several fit.")
@click.option("--scope", "scopes", type=parameters.LINE, multiple=True, help="What is wanted. [default: all]")
@click.option("--to", type=parameters.OUTPUT, help="Where the ledger's token goes, for its owner alone.")
@output.recording
def exchange(
    *,
    audience: str | None,
    from_env: str | None,
    from_file: str | None,
    binding: str | None,
    scopes: tuple[str, ...],
    to: str | None,
    output: str,
) -> None:
    """Exchange the token that the platform of this job signed for one of the ledger, good for minutes."""
    if (to is None) == (output != "json"):
        raise click.UsageError("say where the token goes: --to FILE, --to - for stdout, or -o json")
    settings = client.settings()
    if not settings.server:
        raise Failure(exits.USAGE, "SHIPLOG_SERVER is not set: only a server asks for a token")
    token = _presented(audience or settings.audience, from_env, from_file)
    answer = exchanging.exchange(settings.server, token, binding=binding, scopes=scopes)
    told = exchanging.given(answer)
    hint(f"good for {told['expires_in']} s: {told['scope']}")
    match to:
        case None:
            click.echo(answer.rstrip(b"\n"))
        case "-":
            click.echo(told["access_token"])
        case _:
            _kept(Path(to), told["access_token"])


def _presented(audience: str, variable: str | None, file: str | None) -> str:
    """Return the platform's token, from where it is said to be."""
    if variable is not None and file is not None:
        raise click.UsageError("the token comes from --from-env or from --from-file, not from both")
    if variable is not None:
        return exchanging.checked(os.environ.get(variable, ""), f"variable {variable}")
    if file is not None:
        return exchanging.checked(files.read(file), "stdin" if file == "-" else file)
    if not audience:
        raise click.UsageError("say where the token is: --audience on GitHub, --from-env or --from-file")
    return exchanging.of_github(os.environ, audience)


def _kept(file: Path, token: str) -> None:
    """Write *token* to *file*, which nobody but its owner can read, whatever was there before."""
    try:
        number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(number, "w", encoding="ascii") as made:
                made.write(f"{token}\n")
            Path(name).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as wrong:
        raise click.UsageError(f"{file} cannot be written: {wrong.strerror}") from wrong
