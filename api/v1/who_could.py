"""Ask who could do something, to what, at any instant."""

from collections.abc import Sequence

from api.fields import Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.access_shapes import GroupShape, IdentityShape, ReachShape
from api.v1.asking import ANY_QUESTION, InstantQuery, head, known
from api.v1.shapes import ActorShape, LedgerShape, actor_shape, settled
from api.v1.values import Environment, Service
from domain.access.access import Held
from domain.access.change import Group
from domain.access.scopes import Scope
from domain.access.token import ApiToken
from domain.errors import BrokenLedger
from domain.event import Recorded
from domain.queries.asking import Clocks
from domain.queries.who_could import Could, who_could


class WhoCouldQuery(InstantQuery):
    """`scope`: what is done; `service` and `environment`: to what, without one to any of them."""

    scope: Scope
    service: Service | None = None
    environment: Environment | None = None


class GivenShape(Output):
    """An event that gave it, and who did that."""

    position: int
    recorded_at: Instant
    topic: str
    actor: ActorShape

    @classmethod
    def of(cls, recorded: Recorded) -> "GivenShape":
        """Show *recorded*."""
        return cls(
            position=recorded.position,
            recorded_at=recorded.recorded_at,
            topic=recorded.event.topic,
            actor=actor_shape(recorded.event.actor),
        )


class CouldShape(Output):
    """One thing that let somebody do it: a grant, a binding or a token, by its number, name or id."""

    who: list[IdentityShape]
    """All identities of a person; the issuer of workloads; the holder of a token."""
    group: GroupShape | None
    by: str
    name: str
    reach: ReachShape
    given_by: list[GivenShape]

    @classmethod
    def of(cls, could: Could) -> "CouldShape":
        """Show *could*."""
        who, group = _who(could)
        return cls(
            who=who,
            group=group,
            by=could.allowance.by.value,
            name=could.allowance.name,
            reach=ReachShape.of(could.allowance.reach),
            given_by=[GivenShape.of(each) for each in could.given_by],
        )


class WhoCouldShape(Output):
    """Who could do it at `as_of`; `operator`: so could whoever had the ledger's own files."""

    scope: Scope
    service: str | None
    environment: str | None
    as_of: Instant
    ledger: LedgerShape
    people: list[CouldShape]
    groups: list[CouldShape]
    workloads: list[CouldShape]
    tokens: list[CouldShape]
    operator: bool


@operation(
    "GET",
    "/v1/access/who-could",
    scope=Scope.ACCESS_READ,
    refusals=(*ANY_QUESTION, BrokenLedger),
    tag="access",
)
def access_who_could(*, query: WhoCouldQuery, services: Services) -> Reply[WhoCouldShape]:
    """Tell who could do something at an instant, and which events gave it to them."""
    clocks = Clocks(query.as_of, known(query))
    found = who_could(query.scope, query.service, query.environment, clocks, ledger=services.ledger)
    shape = WhoCouldShape(
        scope=query.scope,
        service=query.service,
        environment=query.environment,
        as_of=found.as_of,
        ledger=LedgerShape.of(found.prefix),
        people=_shown(found.people),
        groups=_shown(found.groups),
        workloads=_shown(found.workloads),
        tokens=_shown(found.tokens),
        operator=found.operator,
    )
    fixed = settled(query.as_of, query.known_at, found.prefix)
    return Reply(shape, head=head(found.prefix), settled=fixed)


def _shown(several: Sequence[Could]) -> list[CouldShape]:
    return [CouldShape.of(each) for each in several]


def _who(could: Could) -> tuple[list[IdentityShape], GroupShape | None]:
    match could.who:
        case Group() as group:
            return [], GroupShape.of(group)
        case Held() as held:
            return [IdentityShape(issuer=held.said.issuer, subject=held.said.name)], None
        case ApiToken() as token:
            return [IdentityShape.of(token.holder)], None
        case person:
            return [IdentityShape.of(each) for each in person], None


OPERATIONS = (access_who_could,)
