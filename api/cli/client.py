"""The one way to the ledger: its HTTP API, in this process or over the wire.

Nothing here loads the ledger. `connected` opens it in this process only when no
server is set; to talk to one, the standard library is enough.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import orjson

from api.cli import exits
from api.cli.exits import Failure
from api.settings import Settings

JSON = "application/json"
JSON_LINES = "application/jsonl"
_FAULT_FROM = 300
_PLACES = ("pointer", "parameter", "header")

Document = dict[str, Any]
Query = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unread."""

    status: int
    body: bytes


class Transport(Protocol):
    """Carries one request at a time, and never follows a redirection.

    Raises `NoAnswer` when there is none within a bounded time, and `Failure` for one that is not ours.
    """

    def send(self, method: str, target: str, body: bytes | None, media: str) -> Answer:
        """Return the answer to *method* on *target*, a path with its query."""
        ...

    def close(self) -> None:
        """Let go of whatever is held open."""
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """Asks and reports; every refusal is a `Failure` with its exit code."""

    transport: Transport

    def get(self, *path: str, query: Query | None = None) -> bytes:
        """Return the JSON document at *path*, whose parts are escaped here, as it was sent."""
        where = target(*path, query=(query or {}).items())
        return self._answered(self.transport.send("GET", where, None, JSON))

    def ask(self, *path: str, query: Query | None = None) -> Document:
        """Return the document that `get` returns, read."""
        return read(self.get(*path, query=query))

    def post(self, where: str, body: Mapping[str, object] | bytes, media: str = JSON) -> bytes:
        """Send *body* to *where* and return the answer, as it was sent."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return self._answered(self.transport.send("POST", where, content, media))

    def _answered(self, answer: Answer) -> bytes:
        if answer.status >= _FAULT_FROM:
            raise Refused(answer)
        return answer.body


def target(*path: str, query: Iterable[tuple[str, str | int | None]] = ()) -> str:
    """Return the target of a request: *path*, whose parts are escaped here, and what *query* says."""
    asked = [(name, value) for name, value in query if value is not None]
    where = "/" + "/".join(quote(part, safe="@:") for part in path)
    return f"{where}?{urlencode(asked)}" if asked else where


class NoAnswer(Failure):
    """Nobody answered; whether the request was carried out is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(exits.UNAVAILABLE, message)


class Refused(Failure):
    """The API refused; `slug` is the last step of the problem's type, empty when it is not ours."""

    def __init__(self, answer: Answer) -> None:
        problem = _problem(answer)
        self.status = answer.status
        self.slug = str(problem.get("type", "")).rpartition("/")[2]
        self.errors: list[Document] = problem.get("errors") or []
        what = problem.get("detail") or problem.get("title") or "the answer is not one of shiplog's"
        named = f" ({self.slug})" if self.slug else f" (status {answer.status})"
        super().__init__(exits.of_problem(answer.status, self.slug), f"{what}{named}", located(self.errors))


def read(body: bytes) -> Document:
    """Return the JSON object in *body*; what is none is not an answer of ours."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise Failure(exits.UNEXPECTED, "the answer is not JSON; is SHIPLOG_SERVER a shiplog?") from wrong
    if not isinstance(document, dict):
        raise Failure(exits.UNEXPECTED, "the answer is not a JSON object; is SHIPLOG_SERVER a shiplog?")
    return document


def located(errors: list[Document]) -> list[str]:
    """Return a line for each of a problem's errors: its place, and what is wrong there."""
    lines = []
    for error in errors:
        place = next((f"{error[kind]}: " for kind in _PLACES if error.get(kind)), "")
        lines.append(f"{place}{error.get('detail')}")
    return lines


def prefix_of(document: Document) -> str:
    """Say which part of the ledger an answer was computed from."""
    ledger = document["ledger"]
    return f"ledger: position {ledger['position']}, recorded {ledger['known_at'] or 'never'}"


def settings() -> Settings:
    """Return the settings in this process's environment."""
    return Settings.from_environment(os.environ)


@contextmanager
def connected() -> Iterator[Client]:
    """Lend a client of SHIPLOG_SERVER, or of the ledger that the settings name, opened here."""
    chosen = settings()
    transport: Transport
    if chosen.server:
        from api.cli.over_the_wire import OverTheWire  # noqa: PLC0415 - one of the two is needed

        transport = OverTheWire(chosen.server, chosen.token or _exchanged(chosen))
    else:
        from api.cli.in_process import InProcess  # noqa: PLC0415 - loads the whole ledger

        transport = InProcess(chosen)
    try:
        yield Client(transport)
    finally:
        transport.close()


def _exchanged(chosen: Settings) -> str:
    """Return the token that this job gets for its platform's own; none when no audience is set."""
    if not chosen.audience:
        return ""
    from api.cli import exchanging  # noqa: PLC0415 - it needs this module

    return exchanging.for_job(chosen.server, chosen.audience, os.environ)


def local_settings(command: str) -> Settings:
    """Return the settings for a command that works on this machine's own ledger."""
    chosen = settings()
    if chosen.server:
        raise Failure(
            exits.USAGE,
            f"SHIPLOG_SERVER is set, and {command} works on the ledger of this machine; unset it first",
        )
    return chosen


def _problem(answer: Answer) -> Document:
    try:
        problem = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) and "/problems/" in str(problem.get("type")) else {}
