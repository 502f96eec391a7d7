"""Ask about a digest, a commit, a build or a release: where it ran, and who did what with it."""

from typing import Annotated

from api.fields import Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.access_shapes import IdentityShape
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known, pinned
from api.v1.shapes import (
    ActorShape,
    LedgerShape,
    ReleaseShape,
    RunningShape,
    UnknownShape,
    actor_shape,
    running_shape,
    shown,
)
from api.v1.values import Commit, ContentDigest, line
from domain.access.answering import Answering
from domain.errors import AmbiguousName, BrokenLedger, NothingFound, UnknownEvent
from domain.queries.where_ran import where_ran
from domain.queries.who_did import who_did

NAME_LENGTH_MAX = 400


Name = Annotated[str, line("name", NAME_LENGTH_MAX, example="9f2c9f2")]


class NameQuery(KnownQuery):
    """`name`: a digest or a commit (or 7 digits of one), `service/build`, `service@environment#number`."""

    name: Name


class BuildName(Output):
    """A build, and the event that recorded it."""

    service: str
    build: str
    position: int


class WhereShape(Output):
    """What the name stands for, and every interval in which it ran, newest first.

    `unknown` is when nobody reported on the environments of the intervals, from the first interval there
    up to `as_of`: now, or what `known_at` says. It cuts no interval.
    """

    kind: str
    name: str
    as_of: Instant
    ledger: LedgerShape
    builds: list[BuildName]
    releases: list[ReleaseShape]
    intervals: list[RunningShape]
    truncated: bool
    """Whether there are more intervals than these."""
    unknown: list[UnknownShape]
    unknown_truncated: bool
    """Whether more is unknown than these, or may be."""


FINDING = (*ANY_QUESTION, NothingFound, AmbiguousName)


@operation("GET", "/v1/where", scope=SCOPE, refusals=FINDING, tag="ask")
def where(*, query: NameQuery, services: Services) -> Reply[WhereShape]:
    """Tell where and when a commit, an artifact, a build, a configuration or a release ran."""
    return _where(query.name, query, services)


@operation("GET", "/v1/artifacts/<digest:digest>", scope=SCOPE, refusals=FINDING, tag="ask")
def artifact(*, digest: ContentDigest, query: KnownQuery, services: Services) -> Reply[WhereShape]:
    """Tell what is known of a digest, and where it ran."""
    return _where(str(digest), query, services)


@operation("GET", "/v1/commits/<commit>", scope=SCOPE, refusals=FINDING, tag="ask")
def commit_ran(*, commit: Commit, query: KnownQuery, services: Services) -> Reply[WhereShape]:
    """Tell what was built from a commit, and where it ran."""
    return _where(commit, query, services)


def _where(name: str, query: KnownQuery, services: Services) -> Reply[WhereShape]:
    answer = where_ran(name, known(query), ledger=services.ledger, placements=services.placements)
    shape = WhereShape(
        kind=answer.named.kind,
        name=answer.named.name,
        as_of=answer.unreported.until,
        ledger=LedgerShape.of(answer.prefix),
        builds=[BuildName(service=s, build=b, position=p) for s, b, p in answer.named.builds],
        releases=[ReleaseShape.of(release) for release in answer.named.releases],
        intervals=[running_shape(place) for place in answer.placements],
        truncated=answer.truncated,
        unknown=[UnknownShape.of(each) for each in answer.unreported.unknown],
        unknown_truncated=answer.unreported.truncated,
    )
    return Reply(shape, head=head(answer.prefix), settled=pinned(query, answer.prefix))


class PeopleShape(Output):
    """Who wrote what was built and who let it in, as reported, and who of them answers as its author.

    `answers` is the author, or of a bot's work who merged it; null: nobody knows.
    """

    author: IdentityShape | None
    merged_by: IdentityShape | None
    bot: bool
    """Whether the author is recorded as a bot."""
    answers: IdentityShape | None

    @classmethod
    def of(cls, people: Answering) -> "PeopleShape":
        """Show *people*."""
        return cls(
            author=shown(people.author, IdentityShape.of),
            merged_by=shown(people.merged_by, IdentityShape.of),
            bot=people.bot,
            answers=shown(people.answers, IdentityShape.of),
        )


class DeedShape(Output):
    """One event: who did what, when."""

    position: int
    topic: str
    stream: str
    occurred_at: Instant
    recorded_at: Instant
    actor: ActorShape
    reporter: str | None
    people: PeopleShape | None
    """Who is behind a build, if that was reported."""


class WhoShape(Output):
    """What the name stands for, and every event about it, in the order of recording."""

    kind: str
    name: str
    ledger: LedgerShape
    events: list[DeedShape]
    truncated: bool


@operation("GET", "/v1/who", scope=SCOPE, refusals=(*FINDING, UnknownEvent, BrokenLedger), tag="ask")
def who(*, query: NameQuery, services: Services) -> Reply[WhoShape]:
    """Tell who built, released and ran a commit, an artifact, a build, a configuration or a release."""
    answer = who_did(query.name, known(query), ledger=services.ledger, placements=services.placements)
    shape = WhoShape(
        kind=answer.named.kind,
        name=answer.named.name,
        ledger=LedgerShape.of(answer.prefix),
        events=[
            DeedShape(
                position=deed.position,
                topic=deed.event.topic,
                stream=deed.event.stream,
                occurred_at=deed.event.occurred_at,
                recorded_at=deed.recorded_at,
                actor=actor_shape(deed.event.actor),
                reporter=shown(deed.event.report, lambda told: told.reporter),
                people=shown(answer.people.get(deed.position), PeopleShape.of),
            )
            for deed in answer.events
        ],
        truncated=answer.truncated,
    )
    return Reply(shape, head=head(answer.prefix), settled=pinned(query, answer.prefix))


OPERATIONS = (where, artifact, commit_ran, who)
