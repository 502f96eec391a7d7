"""`shiplog record evidence`."""

from collections.abc import Sequence
from pathlib import Path

import click

from api.cli import client, columns, exits, instants, output, parameters
from api.cli.client import Client, Document, Refused
from api.cli.evidence import FINDINGS, findings, worst
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column

BYTES_MAX = 64 << 20
OCTETS = "application/octet-stream"
EPILOG = f"""\b
Any file: Sigstore bundles, DSSE envelopes and lines of them, in-toto links, PEP 740, npm's attestations,
CycloneDX, SPDX, SARIF, OpenVEX, JUnit, unsigned Statements of in-toto's test-result and vulns.
Kept byte for byte; what is signed is verified against `shiplog trust list`.
Exits with {exits.UNVERIFIED} when a piece is refused, with {exits.UNDECIDED} when nothing that is
trusted could vouch for it; either way the file is kept, and what was found is recorded.
A file that is no evidence is left out, and said at the end with {exits.USAGE}.

\b
Example:
  shiplog record evidence dist/*.sigstore.json --for sha256:5f5f…
"""
COLUMNS = (columns.at("file", "file"), Column("evidence", lambda row: row["digest"]), *FINDINGS)


@click.command("evidence", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=parameters.FILE)
@click.option(
    "--for", "about", multiple=True, type=parameters.DIGEST, help="An artifact it is for. Repeatable."
)
@click.option(
    "--occurred-at", type=parameters.INSTANT, metavar="INSTANT", help="When it came about. [default: now]"
)
@output.asking
@click.pass_context
def evidence(
    ctx: click.Context,
    *,
    paths: Sequence[Path],
    about: Sequence[str],
    occurred_at: Moment | None,
    output: str,
) -> None:
    """Hand in evidence about artifacts: before, with or after the build that made them."""
    rows: list[Document] = []
    answers: list[bytes] = []
    unreadable = False
    with client.connected() as api:
        when = instants.resolve(occurred_at, api) if occurred_at is not None else None
        for path in paths:
            try:
                answer = _send(api, path, about, when)
            except Refused as refused:
                if refused.slug != "unreadable-evidence":
                    raise
                unreadable = True
                click.echo(f"shiplog: {path}: {refused}", err=True)
                continue
            answers.append(answer)
            rows += [{"file": path.name, **row} for row in findings(client.read(answer)["evidence"])]
    _show(answers, rows, output)
    ctx.exit(exits.USAGE if unreadable else worst(rows))


def _send(api: Client, path: Path, about: Sequence[str], when: str | None) -> bytes:
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise click.UsageError(f"{path} is larger than {BYTES_MAX} bytes")
    asked: list[tuple[str, str]] = [("name", path.name), *(("for", digest) for digest in about)]
    if when is not None:
        asked.append(("occurred_at", when))
    return api.post(client.target("v1", "evidence", query=asked), content, OCTETS)


def _show(answers: Sequence[bytes], rows: Sequence[Document], form: str) -> None:
    if form == "json":
        output.document(b"[" + b",".join(each.strip() for each in answers) + b"]")
        return
    for answer in answers:
        recorded = client.read(answer)["recorded"]
        said = "it was there already" if recorded["existing"] else "recorded"
        output.hint(f"{said}: position {recorded['position']}, {recorded['topic']}")
    output.show(form, b"", rows, COLUMNS)
