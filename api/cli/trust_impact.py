"""`shiplog trust impact`: what is affected when a signer is not trusted from an instant on."""

from collections.abc import Iterator

import click
import orjson

from api.cli import client, columns, instants, listing, output, parameters, reporting
from api.cli.client import Client, Document, Query
from api.cli.exits import Failure
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

COLUMNS = (
    columns.at("artifact", "artifact"),
    columns.at("counted then", "then"),
    columns.at("count now", "now"),
    columns.at("service", "service"),
    columns.at("environment", "environment"),
    columns.at("slot", "slot"),
    columns.at("release", "release"),
    columns.at("since", "since"),
    columns.at("until", "until"),
)
_NOWHERE = dict.fromkeys(("service", "environment", "slot", "release", "since", "until"))


@click.command(
    "impact",
    context_settings=CONTEXT,
    epilog="""\b
IDENTITY is that of certificates, to the letter, or the fingerprint of a key or a certificate (sha256:…).
A row is an artifact that something the signer signed then or later speaks of, or that cannot be proven to
be signed earlier; and where a release with it ran, or that it never did. Beside it: how many verifications
of the artifact, by anybody, counted just before the signer was distrusted, and how many do without it.
Nothing is recorded: ask before `shiplog trust distrust`, and again after.

\b
Example:
  shiplog trust impact https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main
      --from 2026-03-01T00:00Z --all -o csv
""",
)
@click.argument("identity", type=parameters.LINE)
@click.option("--issuer", type=parameters.LINE, help="Who vouched for the identity. [default: whoever did]")
@click.option(
    "--from",
    "since",
    type=parameters.INSTANT,
    metavar="INSTANT",
    required=True,
    help="What was signed then or later is affected.",
)
@click.option(
    "--limit",
    type=parameters.POSITIVE,
    default=listing.LIMIT,
    show_default=True,
    help="How many verifications, newest first.",
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@parameters.known_at
@output.asking
def impact(
    *,
    identity: str,
    issuer: str | None,
    since: Moment,
    limit: int,
    everything: bool,
    known_at: str | Moment | None,
    output: str,
) -> None:
    """Tell what is affected if that signer is not trusted."""
    with client.connected() as api:
        asked = {**signer(identity, issuer), "from": instants.resolve(since, api)}
        asked["known_at"] = instants.resolve_known(known_at, api)
        found = collect(api, asked, None if everything else limit)
    show(found, output)


def signer(identity: str, issuer: str | None) -> dict[str, str | None]:
    """Return the members by which the API names a signer."""
    return {"key" if identity.startswith("sha256:") else "identity": identity, "issuer": issuer}


def show_distrusted(api: Client, receipt: bytes, asked: Query, form: str) -> None:
    """Print the *receipt* of a distrust, and what is affected by it; for json both as one document.

    The distrust is recorded whatever becomes of the question.
    """
    found: Document | None = None
    if form != "json":
        reporting.show(receipt, form)
    try:
        found = collect(api, asked, listing.LIMIT)
    except Failure as wrong:
        output.hint(f"it is recorded, but not what it affects was told: {wrong}; ask `shiplog trust impact`")
    if form == "json":
        output.document(orjson.dumps({**client.read(receipt), "impact": found}))
    elif found is not None:
        show(found, form)


def collect(api: Client, asked: Query, limit: int | None) -> Document:
    """Return the answer with *limit* verifications, and every artifact on those pages once."""
    whole = api.ask("v1", "trust", "impact", query={**asked, "limit": _most(limit, 0)})
    while whole["next"] is not None and (limit is None or len(whole["verifications"]) < limit):
        most = _most(limit, len(whole["verifications"]))
        page = api.ask("v1", "trust", "impact", query={**asked, "limit": most, "cursor": whole["next"]})
        whole["verifications"] += page["verifications"]
        seen = {each["digest"] for each in whole["artifacts"]}
        whole["artifacts"] += [each for each in page["artifacts"] if each["digest"] not in seen]
        whole["truncated"] |= page["truncated"]
        whole["next"] = page["next"]
    return whole


def show(found: Document, form: str) -> None:
    """Print the answer, and say from what it is, what it is about, and whether there is more."""
    output.hint(client.prefix_of(found))
    said(found)
    output.show(form, orjson.dumps(found), list(_rows(found)), COLUMNS)


def said(found: Document) -> None:
    """Say in words how much is affected."""
    distrusted = found["distrusted"]
    recorded = "it is not distrusted" if distrusted is None else f"distrusted at position {distrusted}"
    count, artifacts = len(found["verifications"]), found["artifacts"]
    ran = sum(1 for each in artifacts if each["intervals"])
    bare = sum(1 for each in artifacts if each["then"] and not each["now"])
    output.hint(
        f"{recorded}; affected: {count} verifications, {len(artifacts)} artifacts, of which {ran} ran"
    )
    if bare:
        output.hint(f"{bare} artifacts are left without any verification that counts")
    if found["next"] is not None:
        output.hint(f"these are the newest {count} verifications; there are more: --limit N, or --all")
    if found["truncated"]:
        output.hint("there are more verifications, releases or intervals of these artifacts than are told")


def _most(limit: int | None, have: int) -> int:
    return listing.PAGE_SIZE_MAX if limit is None else min(listing.PAGE_SIZE_MAX, limit - have)


def _rows(found: Document) -> Iterator[Document]:
    """Yield a row for each interval, for each release that never ran, and for each artifact without any."""
    for artifact in found["artifacts"]:
        about = {"artifact": artifact["digest"], "then": artifact["then"], "now": artifact["now"]}
        for place in artifact["intervals"]:
            yield {**about, **place, "release": f"v{place['release']['number']}"}
        ran = {_name(place) for place in artifact["intervals"]}
        never = [release for release in artifact["releases"] if _name(release) not in ran]
        for release in never:
            number = f"v{release['release']['number']}"
            where = {"service": release["service"], "environment": release["environment"]}
            yield {**about, **_NOWHERE, **where, "release": number}
        if not ran and not never:
            yield {**about, **_NOWHERE}


def _name(place: Document) -> tuple[str, str, int]:
    return place["service"], place["environment"], place["release"]["number"]
