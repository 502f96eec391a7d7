"""`shiplog release`: cut, list, show."""

import os

import click

from api.cli import ci, client, columns, instants, listing, output, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT
from api.cli.output import Column
from domain.target import Target

COLUMNS = (
    Column("release", lambda row: f"v{row['number']}"),
    columns.at("cut at", "cut_at"),
    Column("build", columns.version),
    columns.at("identity", "build", "identity"),
    columns.at("commit", "build", "source", "commit"),
    columns.at("config", "config", "version"),
    columns.at("digest", "digest"),
    columns.at("position", "position"),
    columns.ARTIFACTS,
)


@click.group("release", context_settings=CONTEXT)
def release() -> None:
    """Cut releases, list and show them. A release is a build joined with a configuration."""


@release.command(
    "cut",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog release cut payments-api@prod --build ci/4711",
)
@click.argument("target", type=parameters.TARGET)
@click.option("--build", type=parameters.NAME, help="Name of the build. [default: that of this CI job]")
@click.option(
    "--config",
    type=parameters.CONFIG,
    default="current",
    show_default=True,
    help="Number or digest of a recorded configuration, or current.",
)
@reporting.report_options
def cut(
    *,
    target: Target,
    build: str | None,
    config: str | int,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Join a build with a configuration, under the target's next number.

    The same two again are the same release, with the number it has.
    """
    body = {
        **reporting.of_target(target),
        "build": ci.job(os.environ).needed("build", build),
        "config": config,
    }
    reporting.send(
        "/v1/releases", body, occurred_at=occurred_at, report_id=report_id, reporter=reporter, form=output
    )


@release.command(
    "list",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog release list payments-api@prod --limit 5",
)
@click.argument("target", type=parameters.TARGET)
@listing.page_options
@output.asking
def list_(
    *, target: Target, limit: int, everything: bool, known_at: str | Moment | None, output: str
) -> None:
    """List the releases of a target, newest first."""
    with client.connected() as api:
        query = {"known_at": instants.resolve_known(known_at, api)}
        path = ("v1", "targets", str(target), "releases")
        answer = listing.collect(api, path, query, "releases", None if everything else limit)
    listing.show(output, answer, "releases", COLUMNS)


@release.command(
    "show", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog release show payments-api@prod#42"
)
@click.argument("release", type=parameters.RELEASE, metavar="SERVICE@ENVIRONMENT#NUMBER")
@parameters.known_at
@output.asking
def show(release: tuple[Target, int], known_at: str | Moment | None, output: str) -> None:
    """Show one release, and what it is made of."""
    target, number = release
    with client.connected() as api:
        query = {"known_at": instants.resolve_known(known_at, api)}
        answer = api.get("v1", "targets", str(target), "releases", str(number), query=query)
    _show(answer, output)


def _show(answer: bytes, form: str) -> None:
    found = client.read(answer)
    output.hint(client.prefix_of(found))
    output.show(form, answer, [found["release"]], COLUMNS)
