"""How much of the ledger an answer may use: the prefix that makes it repeatable."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant
from domain.digest import Digest
from domain.errors import MalformedValue

POSITION_PREFIX = "position:"
POSITION_DIGITS_MAX = 15


@dataclass(frozen=True, slots=True)
class Prefix:
    """Everything up to and including *position*."""

    position: int
    """0 when nothing was recorded yet."""
    recorded_at: datetime
    """When the event at *position* was recorded; 1970 for an empty prefix."""
    digest: Digest | None
    """Digest of the event at *position*; None for an empty prefix."""


EMPTY = Prefix(0, instant.EARLIEST, None)


def parse_known_at(text: str) -> datetime | int:
    """Return the instant or the position that *text* names (`position:1042`)."""
    if not text.startswith(POSITION_PREFIX):
        return instant.parse(text)
    digits = text.removeprefix(POSITION_PREFIX)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= POSITION_DIGITS_MAX):
        raise MalformedValue(f"not a position: {text[:60]!r}, expected position: and a number")
    return int(digits)


def clamped(as_of: datetime, prefix: Prefix) -> datetime:
    """Return the latest instant worth searching from.

    Nothing in *prefix* claims a later one than its own last instant plus the
    allowed skew, so an old prefix need not step over all that came after.
    """
    return min(as_of, instant.latest_claim(prefix.recorded_at))
