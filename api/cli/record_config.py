"""`shiplog record config`."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from api.cli import files, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from domain.target import Target

EPILOG = """\b
Secret values are sent over TLS, or not at all in process, and only a keyed digest is kept.
On the command line others on the machine can see them: use @FILE or --secret-env.

\b
Example:
  shiplog record config payments-api@prod --set DB_POOL_MAX=40 --secret-env PAYMENT_TOKEN
  shiplog record config payments-api@prod --from-file prod.env --secret TLS_KEY=@tls.key
"""
Entries = dict[str, dict[str, str]]


@click.command("config", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("target", type=parameters.TARGET)
@click.option(
    "--set", "plain", multiple=True, type=parameters.PAIR, help="A value anyone may read. Repeatable."
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    type=parameters.PAIR,
    help="A secret value, or @FILE that holds it. Repeatable.",
)
@click.option(
    "--secret-env",
    "variables",
    multiple=True,
    type=parameters.LINE,
    metavar="KEY",
    help="A secret value in the environment variable KEY. Repeatable.",
)
@click.option(
    "--from-file",
    "plain_files",
    multiple=True,
    type=parameters.FILE,
    help="Plain values: KEY=VALUE lines, or JSON.",
)
@click.option(
    "--secret-from-file", "secret_files", multiple=True, type=parameters.FILE, help="The same, all secret."
)
@click.option("--digest", type=parameters.DIGEST, help="Instead of entries: the digest of the configuration.")
@click.option("--author", type=parameters.LINE, help="Who changed it; only a keyed digest is kept.")
@reporting.report_options
def config(
    *,
    target: Target,
    plain: Sequence[tuple[str, str]],
    secrets: Sequence[tuple[str, str]],
    variables: Sequence[str],
    plain_files: Sequence[Path],
    secret_files: Sequence[Path],
    digest: str | None,
    author: str | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Report the configuration meant for a target: all its entries, or their digest."""
    entries: Entries = {}
    _add(entries, "value", plain)
    _add(entries, "secret", ((key, _secret(value)) for key, value in secrets))
    _add(entries, "secret", ((key, _variable(key)) for key in variables))
    for path in plain_files:
        _add(entries, "value", _pairs(path))
    for path in secret_files:
        _add(entries, "secret", _pairs(path))
    if not entries and digest is None:
        raise click.UsageError("nothing to report: give --set, --secret, a file, or --digest")
    body = {
        **reporting.of_target(target),
        "entries": entries or None,
        "digest": digest,
        "author": author,
    }
    reporting.send(
        "/v1/configs",
        body,
        occurred_at=occurred_at,
        report_id=report_id,
        reporter=reporter,
        form=output,
        kind="config",
    )


def _add(entries: Entries, kind: str, pairs: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> None:
    for key, value in pairs:
        if key in entries:
            raise click.UsageError(f"{key} is given twice")
        if kind == "secret" and not value:
            raise click.UsageError(f"the secret {key} is empty")
        entries[key] = {kind: value}


def _secret(value: str) -> str:
    """Return the secret that *value* is or, as `@FILE`, names; one line end at the end is not part of it."""
    if not value.startswith("@"):
        return value
    return files.read(value[1:]).removesuffix("\n").removesuffix("\r")


def _variable(key: str) -> str:
    if key not in os.environ:
        raise click.UsageError(f"the environment has no {key}")
    return os.environ[key]


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file of `KEY=VALUE` lines, or a JSON object of texts, says."""
    text = files.read(str(path))
    if text.lstrip().startswith("{"):
        for key, value in files.parse_json(str(path), text).items():
            if not isinstance(value, str):
                raise click.UsageError(f"{path}: the value of {key} is not a text")
            yield key, value
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or not key:
            raise click.UsageError(f"{path}:{number}: expected KEY=VALUE")
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        yield key.strip(), value[1:-1] if quoted else value
