"""Who could do something, to what, as of any instant: every grant, binding and token, and who gave it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.access import scopes
from domain.access.access import Held, in_force
from domain.access.authority import Allowance, of_binding, of_grant, of_token
from domain.access.binding import Binding
from domain.access.change import Group
from domain.access.people import Person
from domain.access.scopes import Scope
from domain.access.token import ApiToken
from domain.event import Recorded
from domain.ports import LedgerReader
from domain.prefix import Prefix
from domain.queries.access_at import access_at
from domain.queries.asking import Clocks
from domain.stream import ACCESS

Holder = Person | Group | Held[Binding] | ApiToken
"""A person by all identities, everyone in a group, workloads by their binding, or the holder of a token."""


@dataclass(frozen=True, slots=True)
class Could:
    """One thing that let somebody do it."""

    who: Holder
    allowance: Allowance
    given_by: tuple[Recorded, ...]
    """The events that gave it, in order: who proposed it and who confirmed it, or who issued it."""


@dataclass(frozen=True, slots=True)
class WhoCould:
    """The answer, and what it comes from."""

    as_of: datetime
    prefix: Prefix
    people: tuple[Could, ...]
    groups: tuple[Could, ...]
    workloads: tuple[Could, ...]
    tokens: tuple[Could, ...]
    operator: bool
    """Whether whoever has the ledger's own files could as well."""


def who_could(
    scope: Scope,
    service: str | None,
    environment: str | None,
    clocks: Clocks,
    *,
    ledger: LedgerReader,
) -> WhoCould:
    """Return who could do *scope* there; None is everywhere. Each list is in the order in which it was given.

    Raises `KnownInTheFuture` and `BeyondTheHead`.
    """
    known = access_at(clocks, ledger=ledger)
    access, at = known.access, known.as_of

    def letting(
        found: Iterable[tuple[Holder, Allowance]],
    ) -> tuple[Could, ...]:
        fitting = [
            (who, allowance)
            for who, allowance in found
            if scope in allowance.scopes and allowance.reach.covers_for(scope, service, environment)
        ]
        versions = sorted({version for _, allowance in fitting for version in allowance.events})
        told = dict(zip(versions, ledger.of_stream(ACCESS, versions), strict=True))
        return tuple(
            Could(who, allowance, tuple(told[version] for version in allowance.events))
            for who, allowance in fitting
        )

    grants = [held for held in access.grants.values() if in_force(held, at)]
    return WhoCould(
        as_of=at,
        prefix=known.prefix,
        people=letting(
            (access.person_of(held.said.holder), of_grant(held)) for held in grants if held.said.holder
        ),
        groups=letting((held.said.group, of_grant(held)) for held in grants if held.said.group),
        workloads=letting((held, of_binding(held)) for held in access.bindings.values()),
        tokens=letting((token, of_token(token)) for token in access.tokens.values() if token.is_live(at)),
        operator=scope in scopes.OPERATOR,
    )
