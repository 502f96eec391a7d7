"""What all reports have in common: when it happened, who says so, and saying it again."""

import os
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, TypeVar

import click
import orjson

from api.cli import ci, client, clock, instants, output, parameters
from api.cli.client import Client, Document, Refused
from domain import canonical, instant, names
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.target import Target

F = TypeVar("F", bound=Callable[..., Any])
_WITHHELD = frozenset(("secret", "author"))
"""Members of which the record keeps a keyed digest only."""
_SAID_BEFORE = frozenset(("already-recorded", "already-corrected"))
_POSITION = re.compile(r"\bposition ([1-9][0-9]{0,15})\b", re.ASCII)


def when_options(command: F) -> F:
    """Add when it happened, the reporter's own name for the report, and `-o`."""
    id_option = click.option("--id", "report_id", type=parameters.NAME, help="Your own name for this report.")
    when_option = click.option(
        "--occurred-at", type=parameters.INSTANT, metavar="INSTANT", help="When it happened. [default: now]"
    )
    return when_option(id_option(output.recording(command)))


def report_options(command: F) -> F:
    """Add what every report may say."""
    option = click.option("--reporter", type=parameters.NAME, help="Who speaks, of those who share a token.")
    return option(when_options(command))


def send(
    path: str,
    body: Document,
    *,
    occurred_at: instants.Moment | None,
    report_id: str | None,
    reporter: str | None,
    form: str,
    kind: str | None = None,
) -> None:
    """Send one report and show its receipt.

    A job that runs twice says a later time than it said first. When it did not
    choose that time itself, and all else is as it was recorded, that is a retry.
    Give the *kind* of a report that only its time would tell from the next one,
    so that a CI job names it; a build, a release or a correction is recognised by
    what it is about.
    """
    if kind is not None and report_id is None and occurred_at is None:
        report_id = _of_this_job(kind, body)
    said = {**body, "id": report_id, "reporter": reporter}
    content = {name: value for name, value in said.items() if value is not None}
    with client.connected() as api:
        if occurred_at is None:
            receipt = _now_or_as_before(api, path, content)
        else:
            content["occurred_at"] = instants.resolve(occurred_at, api)
            receipt = api.post(path, content)
    show(receipt, form)


def show(receipt: bytes, form: str) -> None:
    """Print the receipt of a report."""
    told = client.read(receipt)
    output.hint("it was there already; nothing was added" if told["existing"] else "recorded")
    if form == "json":
        output.document(receipt)
        return
    output.facts(
        {
            "position": told["position"],
            "recorded": told["recorded_at"],
            "topic": told["topic"],
            "stream": told["stream"],
            "config": told["config"],
            "release": told["release"],
            "deployment": told["deployment"],
            "digest": told["digest"],
        }
    )


def of_target(target: Target) -> Document:
    """Return the members that name *target*."""
    return {"service": target.service, "environment": target.environment}


def _of_this_job(kind: str, body: Document) -> str | None:
    """Return an id for the report of *body*, made of the CI job's execution and of what is said in it."""
    run = ci.job(os.environ).run()
    if run is None:
        return None
    content = {name: value for name, value in body.items() if value is not None}
    said = f"{kind}/{canonical.digest(_public(content)).hex[:12]}"
    try:
        report_id = names.name(f"{run}/{said}", "report id")
    except MalformedValue:  # Jenkins lets a job be called anything
        report_id = f"run:{Digest.of(run.encode()).hex[:24]}/{said}"
    output.hint(f"id: {report_id} (of this CI job: the same again is recorded once; --id for another)")
    return report_id


def _public(document: Any) -> Any:
    """Return *document* without what only a keyed digest is kept of: an id is kept as it is.

    Whoever reads the record could try guesses on any digest of it. Names stay, also
    those of secrets.
    """
    match document:
        case dict():
            return {
                name: "" if name in _WITHHELD and isinstance(value, str) else _public(value)
                for name, value in document.items()
            }
        case list():
            return [_public(each) for each in document]
        case float():
            return str(document)  # no report has one, and the server is who refuses it
        case _:
            return document


def _now_or_as_before(api: Client, path: str, content: Document) -> bytes:
    now = instant.text(clock.now())
    try:
        return api.post(path, {**content, "occurred_at": now})
    except Refused as refused:
        before = _said_before(api, refused)
        if before is None:
            raise
        receipt = api.post(path, {**content, "occurred_at": before})
        output.hint(f"instant: {before}, as it was reported before")
        return receipt


def _said_before(api: Client, refused: Refused) -> str | None:
    """Return when the event that *refused* names occurred; None when this is another refusal."""
    named = _POSITION.findall(str(refused)) if refused.slug in _SAID_BEFORE else []
    if not named:
        return None
    # What corrected another event comes after it in the sentence.
    envelope = api.ask("v1", "events", named[-1])
    occurred: str = orjson.loads(b64decode(envelope["payload"]))["predicate"]["occurred_at"]
    return occurred
