"""Asking again, for a bounded time, when nobody answers: a server that restarts is back in seconds.

Only for what may be sent twice: whoever did not answer may have done it all the same.
"""

from collections.abc import Callable
from typing import TypeVar

from api.cli import clock, exits, output
from api.cli.client import NoAnswer, Refused
from api.cli.exits import Failure

PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 15)
"""Half a minute in all, on top of the time each attempt takes."""

T = TypeVar("T")


def persist(attempt: Callable[[], T]) -> T:
    """Return what *attempt* returns; makes it again, after a pause, for as long as there are pauses.

    Raises what the last attempt raised, and at once whatever another attempt would not change.
    """
    for seconds in PAUSES_SECONDS:
        try:
            return attempt()
        except Failure as failure:
            if not _passes(failure):
                raise
            output.hint(f"{failure}; trying again in {seconds:g} s")
        clock.pause(seconds)
    return attempt()


def _passes(failure: Failure) -> bool:
    """Whether *failure* may be over in a while: nobody there, overloaded, or busy with the same target."""
    if isinstance(failure, Refused):
        return failure.code == exits.UNAVAILABLE or failure.slug == "conflicting-append"
    return isinstance(failure, NoAnswer)
