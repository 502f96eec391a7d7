"""A small ledger of lines: every rule of the typed API layer, met without a domain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from flask import Flask, Request
from pydantic import Field
from typing_extensions import TypedDict

from api.access.asking import Asking
from api.cursor import Cursors, CursorText
from api.fields import Input, Instant, Output, Parsed
from api.idempotency import Answer, Answers
from api.mount import mount
from api.operations import Operation, operation
from api.refusals import ForeignCursor, PreconditionFailed, Unauthenticated
from api.replies import LedgerHead, Reply
from domain.access.authority import Allowance, Authority, By
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.actor import Actor, ActorKind
from domain.digest import Digest
from domain.errors import AlreadyRecorded, CredentialRefused, LedgerUnavailable, UnknownEvent

ARTIFACT = "sha256:" + "a" * 64
HEAD = LedgerHead(position=115817, digest="sha256:" + "b" * 64)

DigestText = Annotated[Digest, Parsed(Digest, pattern="^sha256:[0-9a-f]{64}$", example=ARTIFACT)]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,62}$")]

Visible = Annotated[str, Field(pattern="^[!-~]{1,100}$")]


class Artifact(Input):
    name: Name
    digest: DigestText


class BuildLine(Input):
    """A line whose tag is also the name of one of its members."""

    type: Literal["build"]
    build: Name
    artifacts: Annotated[tuple[Artifact, ...], Field(max_length=3)] = ()
    labels: Annotated[dict[Visible, Name], Field(max_length=3)] = Field(default_factory=dict)
    occurred_at: Instant | None = None


class RemovalLine(Input):
    type: Literal["removal"]
    position: Annotated[int, Field(ge=1)]
    note: str | Annotated[int, Field(ge=0)] | None = None


Line = Annotated[BuildLine | RemovalLine, Field(discriminator="type")]


class StateQuery(Input):
    as_of: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    proof: bool = False
    service: Annotated[tuple[Name, ...], Field(max_length=3)] = ()
    view: Literal["short", "long"] = "short"


class PageQuery(Input):
    after: Annotated[int, Field(ge=0)] = 0
    cursor: CursorText | None = None
    limit: Annotated[int, Field(ge=1, le=10)] = 2


class Version(Input):
    if_match: Annotated[str, Field(alias="If-Match", pattern='^"[0-9]+"$')]


class Recorded(Output):
    position: int
    type: str


class State(Output):
    environment: str
    as_of: Instant | None
    limit: int
    proof: bool
    services: tuple[str, ...]
    digest: DigestText


class Page(Output):
    positions: list[int]
    next: str | None


class Whom(Output):
    subject: str


class Summary(TypedDict):
    """A result that is a plain dict, for answers too long to build from models."""

    since: Instant
    digest: DigestText
    lines: list[Recorded]


@dataclass(slots=True)
class Services:
    """What the toy's handlers may use."""

    recorded: list[tuple[str, str]] = field(default_factory=list)
    cursors: Cursors = field(default_factory=lambda: Cursors(b"k" * 32))


@operation(
    "POST",
    "/v1/lines",
    scope=Scope.REPORT_BUILD,
    tag="report",
    status=201,
    also=(200,),
    refusals=(AlreadyRecorded,),
)
def record_line(*, body: Line, actor: Actor, services: Services) -> Reply[Recorded]:
    """Record one line.

    The same line again is answered with 200.
    """
    name = body.build if isinstance(body, BuildLine) else str(body.position)
    said = body.model_dump_json()
    for position, (known, content) in enumerate(services.recorded, 1):
        if known == name and content == said:
            return Reply(Recorded(position=position, type=body.type), status=200)
        if known == name:
            raise AlreadyRecorded(f"{name} is recorded with other content by {actor.subject}")
    services.recorded.append((name, said))
    position = len(services.recorded)
    location = {"Location": f"/v1/lines/{position}"}
    return Reply(Recorded(position=position, type=body.type), headers=location, head=HEAD)


@operation("GET", "/v1/lines/<int:position>", scope=Scope.READ, tag="ask", refusals=(UnknownEvent,))
def read_line(*, position: int, services: Services) -> Reply[Recorded]:
    """Read one line."""
    if not 0 < position <= len(services.recorded):
        raise UnknownEvent(f"no line at {position}")
    line = Recorded(position=position, type="build")
    return Reply(line, headers={"ETag": f'"{position}"'})


@operation("GET", "/v1/environments/<environment>/state", scope=Scope.READ, tag="ask")
def read_state(*, environment: Name, query: StateQuery) -> Reply[State]:
    """What runs in an environment."""
    state = State(
        environment=environment,
        as_of=query.as_of,
        limit=query.limit,
        proof=query.proof,
        services=query.service,
        digest=Digest(ARTIFACT),
    )
    return Reply(state, head=HEAD, settled=query.as_of is not None)


@operation("GET", "/v1/artifacts/<digest>", scope=Scope.READ, tag="ask")
def read_artifact(*, digest: DigestText) -> Whom:
    """What the ledger knows about an artifact."""
    return Whom(subject=digest.hex)


@operation("GET", "/v1/lines", scope=Scope.READ, tag="ask", refusals=(ForeignCursor,))
def list_lines(*, query: PageQuery, services: Services) -> Page:
    """List lines, page by page."""
    after = query.after
    if query.cursor is not None:
        place = services.cursors.open(query.cursor, operation="list_lines", query=query)
        after = int(place["after"])
    positions = list(range(after + 1, min(after + query.limit, 5) + 1))
    more = bool(positions) and positions[-1] < 5
    place = {"after": positions[-1] if positions else after, "head": 5}
    following = services.cursors.seal(place, operation="list_lines", query=query)
    return Page(positions=positions, next=following if more else None)


@operation(
    "POST",
    "/v1/lines:batch",
    scope=Scope.REPORT_BUILD,
    tag="report",
    accepts=("application/jsonl",),
    produces="application/jsonl",
    body_bytes_max=64,
)
def record_lines(*, body: bytes) -> Iterator[bytes]:
    """Record many lines and tell of each."""
    return (b'{"bytes":%d}\n' % len(line) for line in body.splitlines())


@operation("POST", "/v1/touches", scope=Scope.REPORT_BUILD, tag="report", refusals=(PreconditionFailed,))
def touch(*, headers: Version, actor: Actor) -> Whom:
    """Touch the version named in If-Match."""
    if headers.if_match != '"1"':
        raise PreconditionFailed(f"version is 1, not {headers.if_match}")
    return Whom(subject=actor.subject)


@operation("GET", "/livez", scope=None, tag="run", produces="text/plain; charset=utf-8")
def live() -> bytes:
    """Say that the process runs."""
    return b"ok\n"


@operation("POST", "/v1/measures", scope=None, tag="run", floats=True)
def measure(*, body: dict[Visible, float]) -> dict[str, float]:
    """Echo numbers that may have fractions."""
    return body


@operation("GET", "/v1/summary", scope=Scope.READ, tag="ask")
def summarise() -> Reply[Summary]:
    """Summarise."""
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    lines = [Recorded(position=1, type="build")]
    return Reply(Summary(since=since, digest=Digest(ARTIFACT), lines=lines))


OPERATIONS: tuple[Operation, ...] = (
    record_line,
    read_line,
    read_state,
    read_artifact,
    list_lines,
    record_lines,
    touch,
    live,
    measure,
    summarise,
)


@operation("GET", "/v1/bug", scope=None, tag="broken")
def fail() -> Whom:
    """Fail as no operation should."""
    raise RuntimeError("the password is hunter2")


@operation("GET", "/v1/busy", scope=None, tag="broken", refusals=(LedgerUnavailable,))
def be_busy() -> Whom:
    """Find the ledger busy."""
    raise LedgerUnavailable("database is locked")


@operation("GET", "/v1/undeclared", scope=None, tag="broken")
def refuse_undeclared() -> Whom:
    """Refuse with what was not declared."""
    raise UnknownEvent("no event at 7")


BROKEN: tuple[Operation, ...] = (fail, be_busy, refuse_undeclared)


def _asking(subject: str, *scopes: Scope) -> Asking:
    allowance = Allowance(frozenset(scopes), Reach(), By.TOKEN, subject)
    return Asking(Actor(ActorKind.TOKEN, "toy", subject), Authority((allowance,)))


CALLERS = {
    "Bearer ci": _asking("ci", Scope.REPORT_BUILD, Scope.READ),
    "Bearer other": _asking("other", Scope.REPORT_BUILD, Scope.READ),
    "Bearer auditor": _asking("auditor", Scope.READ),
}


def authenticate(request: Request) -> Asking:
    """Three callers, known by their tokens."""
    given = request.headers.get("Authorization")
    if given is None:
        raise Unauthenticated("no credential")
    if given not in CALLERS:
        raise CredentialRefused(f"{given} is nobody's")
    return CALLERS[given]


class MemoryAnswers:
    """Stored answers in a dictionary."""

    secret = b"s" * 32

    def __init__(self) -> None:
        self.stored: dict[str, Answer] = {}

    def claim(self, key: str, *, fingerprint: str) -> Answer | None:
        """Take *key*, or say who has it."""
        mine = Answer(fingerprint, 0, {}, b"")
        kept = self.stored.setdefault(key, mine)
        return None if kept is mine else kept

    def remember(
        self, key: str, *, fingerprint: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep the first answer."""
        if self.stored[key].status == 0:
            self.stored[key] = Answer(fingerprint, status, headers, body)

    def release(self, key: str, *, fingerprint: str) -> None:
        """Let *key* go."""
        kept = self.stored[key]
        if (kept.status, kept.fingerprint) == (0, fingerprint):
            del self.stored[key]


def toy_app(
    answers: Answers | None = None, *, operations: Sequence[Operation] = (*OPERATIONS, *BROKEN)
) -> Flask:
    """Return the toy as an app, with nothing recorded yet."""
    app = Flask("toy", static_folder=None)
    mount(app, operations, services=Services(), authenticate=authenticate, answers=answers)
    return app
