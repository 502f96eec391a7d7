"""Moments as people write them; each comes to one UTC instant, which is said on stderr.

See `shiplog help instants` for the forms. A date without a time is refused: it
would be midnight somewhere.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from api.cli import clock, exits
from api.cli.client import Client
from api.cli.exits import Failure
from domain import instant, names
from domain.errors import MalformedValue

POSITION = re.compile(r"position:[0-9]{1,15}", re.ASCII)
_SECONDLESS = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2})([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_AGO = re.compile(r"(\d{1,6}) ?(s|m|h|d) ago", re.ASCII)
_DURATION = re.compile(r"([1-9]\d{0,6})(s|m|h|d)", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_KEY = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)
_DAYS_BACK = {"today": 0, "yesterday": 1}
_CHANGE = re.compile(r"(?P<environment>[^@#~]+)(?P<sign>[#~])(?P<count>0|[1-9]\d{0,14})", re.ASCII)
FORMS = (
    "RFC 3339 with Z or an offset (2026-08-14T12:47Z), now, today, yesterday, `2h ago`,"
    " prod#412 or prod~1; see `shiplog help instants`"
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an environment, whose moment only the ledger knows."""

    environment: str
    number: int
    """Its number, or how many changes before the last one it is when *back*."""
    back: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentAt:
    """An environment at a moment; None is now."""

    environment: str
    moment: "Moment | None"


Moment = datetime | Change


def parse(text: str) -> Moment:
    """Return the moment that *text* names; raises `MalformedValue`."""
    if text == "now":
        return clock.now()
    if text in _DAYS_BACK:
        midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=_DAYS_BACK[text])
    if (ago := _AGO.fullmatch(text)) is not None:
        return clock.now() - timedelta(seconds=int(ago[1]) * _UNIT_SECONDS[ago[2]])
    if (change := _CHANGE.fullmatch(text)) is not None:
        return _change(change)
    if (short := _SECONDLESS.fullmatch(text)) is not None:
        return instant.parse(f"{short[1]}:00{short[2]}")
    try:
        return instant.parse(text)
    except MalformedValue as wrong:
        raise MalformedValue(f"not an instant: {text[:60]!r}, expected {FORMS}") from wrong


def parse_duration(text: str) -> int:
    """Return how many seconds `90s`, `5m`, `2h` or `1d` is; raises `MalformedValue`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise MalformedValue(f"not a duration: {text[:40]!r}, expected a number and s, m, h or d: 90s")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def parse_environment(text: str) -> EnvironmentAt:
    """Return what `prod`, `prod@INSTANT`, `prod#412` or `prod~1` names; raises `MalformedValue`."""
    environment, at, moment = text.partition("@")
    if at:
        names.key(environment, "environment")
        try:
            return EnvironmentAt(environment, parse(moment))
        except MalformedValue as wrong:
            if _KEY.fullmatch(moment) is not None:
                raise MalformedValue(
                    f"{text!r} is a service in an environment; write {moment} --service {environment}"
                ) from wrong
            raise
    if (change := _CHANGE.fullmatch(text)) is not None:
        found = _change(change)
        return EnvironmentAt(found.environment, found)
    return EnvironmentAt(names.key(text, "environment"), None)


def resolve(moment: Moment | None, client: Client, *, known_at: str | None = None) -> str | None:
    """Return *moment* as the API takes it, asking for a change's; None stays None. Says what it came to."""
    if moment is None:
        return None
    text = instant.text(moment) if isinstance(moment, datetime) else _occurred(moment, client, known_at)
    click.echo(f"instant: {text}", err=True)
    return text


def resolve_known(text: str | Moment | None, client: Client) -> str | None:
    """Return `known_at` as the API takes it: `position:N`, or an instant."""
    return text if text is None or isinstance(text, str) else resolve(text, client)


def _change(found: re.Match[str]) -> Change:
    environment = names.key(found["environment"], "environment")
    back = found["sign"] == "~"
    number = int(found["count"])
    if not back and number == 0:
        raise MalformedValue("changes are numbered from 1")
    return Change(environment, number, back)


def _occurred(change: Change, client: Client, known_at: str | None) -> str:
    number = change.number
    path = ("v1", "environments", change.environment, "changes")
    if change.back:
        total: int = client.ask(*path, query={"limit": 1, "known_at": known_at})["total"]
        number = total - change.number
        if number < 1:
            raise Failure(
                exits.NOT_FOUND, f"{change.environment} has {total} changes, so there is no ~{change.number}"
            )
    found = client.ask(*path, str(number), query={"known_at": known_at})["change"]
    if found["corrected_by"] is not None:
        click.echo(
            f"note: {change.environment}#{number} was withdrawn by position {found['corrected_by']}", err=True
        )
    occurred: str = found["occurred_at"]
    return occurred
