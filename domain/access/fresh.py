"""Fresh authentication: what a person answers for is done by somebody who proved just now that it is them."""

from datetime import datetime, timedelta

from domain.actor import Actor, ActorKind
from domain.errors import FreshLoginNeeded

SECONDS_MAX = 300
"""How long ago that may be at most: to read what is confirmed, and not to leave the desk."""
LEEWAY_SECONDS = 30
"""By how much the clock of who asked them may be ahead of ours."""


def check_fresh(actor: Actor, at: datetime, *, seconds: int = SECONDS_MAX) -> None:
    """Refuse a person who did not prove within *seconds* before *at* who they are: `FreshLoginNeeded`.

    Whoever is no person has nothing to prove again: what the ledger's files lie open to is recorded as such,
    and no token and no workload holds what needs this.
    """
    if actor.kind is not ActorKind.PERSON:
        return
    if actor.auth_time is None:
        raise FreshLoginNeeded(f"{_needed(seconds)}; when yours was is not known")
    age = at - actor.auth_time
    if not -timedelta(seconds=LEEWAY_SECONDS) <= age <= timedelta(seconds=seconds):
        raise FreshLoginNeeded(f"{_needed(seconds)}; yours was {age.total_seconds():.0f} s ago")


def _needed(seconds: int) -> str:
    return f"log in again at /login?fresh=1: a login within the last {seconds} s is needed"
