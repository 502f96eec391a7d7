"""`shiplog verify`: whether the ledger is what was signed."""

import sys
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from api.cli import client, exits, output, parameters
from api.cli.client import Client
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.settings import Settings
from domain import instant
from domain.errors import BrokenLedger, LedgerUnavailable, MalformedValue
from domain.event import SealedEvent
from domain.genesis import LedgerOpened
from domain.queries.verify_ledger import Verified, verify_ledger

if TYPE_CHECKING:
    from domain.ports import Verifier

EPILOG = f"""\b
Events cut off at the very end leave nothing to find: compare the number of events
and the last digest with what you noted before.
Exits with {exits.BROKEN} and names the first event that is wrong.

\b
Example:
  shiplog verify --keys ./public-keys
"""
ReadPage = Callable[[int, int], Sequence[SealedEvent]]

_DAMAGED = ("malformed", "not a database")
"""What SQLite calls a file that is damaged (SQLITE_CORRUPT, SQLITE_NOTADB)."""
_ENVIRONMENTAL = (exits.NOT_ALLOWED, exits.NOT_FOUND, exits.UNAVAILABLE)
"""Failures that say nothing about the rows."""


@click.command("verify", context_settings=CONTEXT, epilog=EPILOG)
@click.option(
    "--keys", type=parameters.FOLDER, help="Folder of public keys (*.pub.pem) to trust, and no others."
)
@output.recording
def verify(keys: Path | None, output: str) -> None:
    """Check every signature, every chain and every position of the ledger."""
    from api import wiring  # noqa: PLC0415 - the keys need cryptography, the other commands do not

    settings = client.settings()
    trusted = wiring.verifier(settings if keys is None else replace(settings, keys=keys))
    _show(_checked(settings, trusted), output)


def _checked(settings: Settings, trusted: "Verifier") -> Verified:
    """Verify what a server tells, or the stored rows themselves: the public keys are enough for both."""
    from api import wiring  # noqa: PLC0415 - as above

    try:
        if settings.server:
            with client.connected() as api:
                return _verified(_told(api), trusted)
        with wiring.sealed_pages(settings) as stored:
            return _verified(stored, trusted)
    except (LedgerUnavailable, Failure) as failure:
        unavailable = not isinstance(failure, Failure) or failure.code == exits.UNAVAILABLE
        if not unavailable or not any(word in str(failure) for word in _DAMAGED):
            raise
        raise Failure(exits.BROKEN, f"the database itself is damaged: {failure}") from failure


def _verified(pages: ReadPage, trusted: "Verifier") -> Verified:
    """Verify what *pages* hold, which begins as every ledger does: with the event that opened it."""
    first: list[SealedEvent] = []

    def read_page(after: int, limit: int) -> Sequence[SealedEvent]:
        page = _named(pages)(after, limit)
        first.extend(page[: 1 - len(first)])
        return page

    verified = verify_ledger(read_page, trusted, progress=_progress())
    if not first:
        raise BrokenLedger("the ledger is empty: not even the opening event is there")
    if first[0].topic != LedgerOpened.topic:
        raise BrokenLedger(
            f"the event at position 1 is {first[0].topic}, expected {LedgerOpened.topic}: the opening is gone"
        )
    return verified


def _told(api: Client) -> ReadPage:
    """Return what asks *api* for the rows after a position."""

    def read_page(after: int, limit: int) -> Sequence[SealedEvent]:
        page = api.ask("v1", "events", query={"after": after, "limit": limit})
        return [_sealed(row) for row in page["events"]]

    return read_page


def _named(pages: ReadPage) -> ReadPage:
    """Return *pages* such that a row that cannot be read is named, not only the page it is in."""

    def read_page(after: int, limit: int) -> Sequence[SealedEvent]:
        try:
            return pages(after, limit)
        except (Failure, BrokenLedger, MalformedValue, KeyError, TypeError, ValueError) as wrong:
            if isinstance(wrong, Failure) and wrong.code in _ENVIRONMENTAL:
                raise
            if limit > 1:
                return read_page(after, limit // 2)
            raise BrokenLedger(f"the event at position {after + 1} cannot be read: {wrong}") from wrong

    return read_page


def _sealed(row: dict[str, Any]) -> SealedEvent:
    return SealedEvent(
        position=row["position"],
        stream=row["stream"],
        version=row["version"],
        topic=row["topic"],
        recorded_at=instant.parse(row["recorded_at"]),
        digest=bytes.fromhex(row["digest"].removeprefix("sha256:")),
        key_id=row["key_id"],
        signature=bytes.fromhex(row["signature"]),
        payload=b64decode(row["payload"], validate=True),
    )


def _progress() -> Callable[[int], None]:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda position: click.echo(f"\r{position} events", err=True, nl=False)


def _show(verified: Verified, form: str) -> None:
    if sys.stderr.isatty():
        output.hint("")
    if form == "json":
        output.document(orjson.dumps({"events": verified.events, "digest": verified.digest}))
    else:
        output.facts({"verified": f"{verified.events} events", "last digest": verified.digest})
