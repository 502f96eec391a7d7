"""Ask what ran: in an environment, a service, everywhere; and what there is to ask about."""

from api.fields import Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import (
    ANY_QUESTION,
    SCOPE,
    InstantQuery,
    KnownQuery,
    head,
    known,
    pinned,
)
from api.v1.shapes import (
    LedgerShape,
    StateShape,
    UnknownShape,
    running_shape,
    settled,
)
from api.v1.values import Environment, Service, Slot
from domain.errors import UnknownEnvironment, UnknownService
from domain.ports import Scope
from domain.queries.asking import Clocks
from domain.queries.state_at import state_at


class ScopeQuery(InstantQuery):
    """What ran at `as_of`; only in `service` and `slot`, when given."""

    service: Service | None = None
    slot: Slot | None = None


@operation(
    "GET",
    "/v1/environments/<environment>/state",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownEnvironment, UnknownService),
    tag="ask",
)
def environment_state(
    *, environment: Environment, query: ScopeQuery, services: Services
) -> Reply[StateShape]:
    """Tell what ran in an environment at an instant."""
    return _state(Scope(environment, query.service, query.slot), query, services)


@operation(
    "GET",
    "/v1/services/<service>/state",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, UnknownService),
    tag="ask",
)
def service_state(*, service: Service, query: InstantQuery, services: Services) -> Reply[StateShape]:
    """Tell what of a service ran at an instant, in every environment."""
    return _state(Scope(service=service), query, services)


@operation("GET", "/v1/state", scope=SCOPE, refusals=ANY_QUESTION, tag="ask")
def state(*, query: InstantQuery, services: Services) -> Reply[StateShape]:
    """Tell what ran at an instant, everywhere."""
    return _state(Scope(), query, services)


def _state(scope: Scope, query: InstantQuery, services: Services) -> Reply[StateShape]:
    clocks = Clocks(query.as_of, known(query))
    with services.together():
        answer = state_at(scope, clocks, ledger=services.ledger, placements=services.placements)
    prefix = answer.asked.prefix
    shape = StateShape(
        environment=scope.environment,
        service=scope.service,
        as_of=answer.asked.as_of,
        ledger=LedgerShape.of(prefix),
        running=[running_shape(place) for place in answer.running],
        unknown=[UnknownShape.of(each) for each in answer.unknown],
    )
    return Reply(shape, head=head(prefix), settled=settled(query.as_of, query.known_at, prefix))


class EnvironmentsShape(Output):
    """Names in alphabetical order."""

    ledger: LedgerShape
    environments: list[str]
    services: list[str]


@operation("GET", "/v1/environments", scope=SCOPE, refusals=ANY_QUESTION, tag="ask")
def environments(*, query: KnownQuery, services: Services) -> Reply[EnvironmentsShape]:
    """List every environment and service anything was reported about."""
    prefix = services.ledger.prefix(known(query))
    shape = EnvironmentsShape(
        ledger=LedgerShape.of(prefix),
        environments=list(services.placements.environments(prefix)),
        services=list(services.placements.services(prefix)),
    )
    return Reply(shape, head=head(prefix), settled=pinned(query, prefix))


OPERATIONS = (environments, environment_state, service_state, state)
