"""Resolving a question's two clocks, once, before anything is looked up."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import UnknownEnvironment, UnknownService
from domain.ports import LedgerReader, Placements, Scope
from domain.prefix import Prefix


@dataclass(frozen=True, slots=True)
class Clocks:
    """A question's clocks as asked: when it is about, and how much may be used to answer."""

    as_of: datetime | None = None
    """None: now."""
    known_at: datetime | int | None = None
    """An instant or a position; None: everything recorded so far."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question's clocks as answered; asking with these again gives the same answer for ever."""

    as_of: datetime
    prefix: Prefix


def resolve(clocks: Clocks, ledger: LedgerReader) -> Resolved:
    """Return what *clocks* mean now; raises `KnownInTheFuture` and `BeyondTheHead`."""
    prefix = ledger.prefix(clocks.known_at)
    return Resolved(as_of=clocks.as_of or ledger.now(), prefix=prefix)


def check_known(scope: Scope, prefix: Prefix, placements: Placements) -> None:
    """Refuse a *scope* about something never reported: an empty answer would look like an answer."""
    if scope.environment is not None and not placements.has_environment(scope.environment, prefix):
        raise UnknownEnvironment(f"nothing was reported about environment {scope.environment}")
    if scope.service is not None and not placements.has_service(scope.service, prefix):
        raise UnknownService(f"nothing was reported about service {scope.service}")
