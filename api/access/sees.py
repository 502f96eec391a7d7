"""Who sees which events. The stream decides: it says what its events are about.

| stream | seen by |
|---|---|
| `access` | whoever holds access:read, however far it reaches: as the lists of what it holds |
| `target:SERVICE@ENVIRONMENT` | who may read about that service in that environment |
| `build:SERVICE/NAME` | the same, if they are limited to no environment: a build is in none |
| `environment:NAME` | who may read in that environment, if they are limited to no service: it speaks of all |
| `ledger`, `trust`, `evidence:DIGEST`, others | who may read, without limits: these are about no place |

One event at a position, listings, streams and webhooks all ask here.
"""

from api.access.about import Place, place_of
from domain.access.authority import Authority
from domain.access.scopes import READING, Scope
from domain.errors import NotPermitted
from domain.stream import ACCESS

READS = frozenset({Scope.READ, Scope.ACCESS_READ})
"""The scopes of which one is needed to see any event at all."""
assert READS <= READING, "a clash of duties takes none of them away, so nobody has to be asked about it"

NOWHERE: Place = (None, None)


def sees(authority: Authority, stream: str) -> bool:
    """Whether *authority* may see the events of *stream*; none of a stream is seen without the others."""
    scope, place = _needed(stream)
    return any(scope in each.scopes and each.reach.covers_for(scope, *place) for each in authority.allowances)


def check_sees(authority: Authority, stream: str) -> None:
    """Refuse who may not see the events of *stream*; raises `NotPermitted`.

    It tells which scope is missing, and never which place the events are about.
    """
    scope, place = _needed(stream)
    if place == NOWHERE:
        authority.check(scope)
    elif not sees(authority, stream):
        raise NotPermitted("the event is about a place that you may not read about")


def _needed(stream: str) -> tuple[Scope, Place]:
    """Return the scope that the events of *stream* need, and where."""
    if stream == ACCESS:
        return Scope.ACCESS_READ, NOWHERE
    return Scope.READ, place_of(stream)
