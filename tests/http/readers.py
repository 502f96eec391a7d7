"""Two who follow a ledger that was told the story: one sees little of it, the other all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.settings import Settings
from domain.access.reach import Reach
from domain.access.scopes import Scope
from tests import credentials
from tests.credentials import token_text
from tests.http import world as worlds
from tests.http.bootstrap import bearer
from tests.http.people import by_name
from tests.http.world import World

OF_STAGING = token_text("OfPaymentsXY")
MINE = bearer(OF_STAGING)
"""May read about payments-api in staging, and about nothing else."""
SEEN = "target:payments-api@staging"
"""The one stream of which they see the events."""
ALL = bearer(credentials.TOKEN)
STAGING = {"service": "payments-api", "environment": "staging"}
PROD = {"service": "payments-api", "environment": "prod"}


@contextmanager
def lent(told_ledger: Settings, home: Path) -> Iterator[World]:
    """Lend a copy of the ledger, with both let in, and people who say who they are."""
    with worlds.copied(told_ledger, home, at=worlds.AFTER_THE_STORY, guarded=by_name) as world:
        reach = Reach(("payments-api",), ("staging",))
        credentials.issue(world.services.ledger, OF_STAGING, reach=reach, scopes=(Scope.READ,))
        credentials.issue(world.services.ledger)
        yield world


def remove(world: World, **where: str) -> None:
    """Have something recorded there."""
    world.clock.advance()
    told = {"occurred_at": world.now, **where, "slot": "canary"}
    answer = world.client.post("/v1/removals", json=told, headers=ALL)
    assert answer.status_code == 201, answer.text


def revoke(world: World) -> None:
    """Have the token that sees little give itself up, as it may."""
    path = "/v1/access/tokens/OfPaymentsXY:revoke"
    answer = world.client.post(path, json={"reason": "it leaked"}, headers=MINE)
    assert answer.status_code == 201, answer.text
