"""The ledger opened in this process: whoever has its files asks, as the local operator."""

from collections.abc import Callable

from flask import Request

from api.access.asking import Asking
from domain.access.access import Access
from domain.access.authority import authority
from domain.actor import Actor
from domain.instant import EARLIEST


def operating(actor: Actor) -> Callable[[Request], Asking]:
    """Return what takes every request for one of *actor*, the operator: they may do all but approve."""
    asking = Asking(actor, authority(Access(), actor, EARLIEST))
    return lambda _request: asking
