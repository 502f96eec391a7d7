"""`shiplog doctor`: what is wrong with an installation, and what to do about it."""

import click
import orjson

from api.cli import client, exits, output
from api.cli.checks import local, remote
from api.cli.found import Finding, Level
from api.cli.lazy import CONTEXT
from domain.errors import MalformedValue

EPILOG = f"""\b
Each line is ok, warn or fail; exits with {exits.UNEXPECTED} when one is fail. Nothing is changed,
but that an S3 store of evidence is given a small object, always the same.

\b
Example:
  shiplog doctor
"""


@click.command("doctor", context_settings=CONTEXT, epilog=EPILOG)
@output.recording
@click.pass_context
def doctor(ctx: click.Context, *, output: str) -> None:
    """Find out what is wrong with an installation: settings, keys, database, clock, evidence, server."""
    findings = _findings()
    _show(findings, output)
    failed = any(finding.level is Level.FAIL for finding in findings)
    ctx.exit(exits.UNEXPECTED if failed else exits.DONE)


def _findings() -> list[Finding]:
    try:
        settings = client.settings()
    except MalformedValue as wrong:
        return [Finding(Level.FAIL, "settings", str(wrong), "correct or unset the variable")]
    found = [Finding(Level.OK, "settings", "every SHIPLOG_ variable is known")]
    return found + list(remote(settings) if settings.server else local(settings))


def _show(findings: list[Finding], form: str) -> None:
    if form == "json":
        rows = [
            {"level": found.level, "check": found.check, "detail": found.detail, "remedy": found.remedy}
            for found in findings
        ]
        output.document(orjson.dumps({"findings": rows}))
        return
    click.echo(output.table([[found.level, found.check, _told(found)] for found in findings]), nl=False)


def _told(finding: Finding) -> str:
    return f"{finding.detail}; {finding.remedy}" if finding.remedy else finding.detail
