"""Following the ledger by long poll: the answer comes when there is something to tell, or time is up."""

from api.access.asking import StillAsking
from api.services import Services
from api.v1.looking import Looked, Sight, Wanted, look

WAIT_SECONDS_MAX = 30
"""Proxies give up on answers that take much longer; and so long a revoked credential is not looked at."""


def awaited(
    looked: Looked, wanted: Wanted, *, limit: int, seconds: int, still_asking: StillAsking, services: Services
) -> Looked:
    """Return what follows *looked*, which found nothing, as soon as there is something to be seen.

    After *seconds*, when the process is about to end, and when so much has passed by that was not to be seen
    that one answer cannot look at it all, that is nothing. Who asks is looked at again with each look.
    Raises `TooManyWaiting`, and what *still_asking* raises.
    """
    waiting = services.waiting
    until = waiting.now() + seconds
    with waiting.place():
        while not (looked.events or looked.more):
            if not waiting.grown(looked.through, until - waiting.now()):
                break
            sight = Sight(still_asking().authority, wanted)
            before, looked = looked.through, look(services.ledger, sight, after=looked.through, limit=limit)
            if looked.through == before:
                break  # it is not there after all: the database is not the one it was
    return looked
