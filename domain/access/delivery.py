"""Telling a webhook: how far it has been told, and what follows from how it answered.

It is told in the order of the ledger, one event at a time. What it does not take is tried again, later and
later, for three days; then it is paused, and somebody has to look.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import instant

FIRST_WAIT_SECONDS = 5
WAIT_FACTOR = 3
WAIT_SECONDS_MAX = 6 * 3600
"""5 s, 15 s, 45 s, … 3 h, 6 h: 19 attempts at one event, as the example in Standard Webhooks has 10."""
JITTER = 0.2
"""By how much of itself a wait is shorter or longer, so that not all come back at once."""
TRYING = timedelta(days=3)
"""For how long one event is tried."""
RETRY_AFTER_SECONDS_MAX = 12 * 3600
"""How long a receiver can ask to be left alone."""
SAID_LENGTH_MAX = 500

_SUCCESS = range(200, 300)
_GONE = 410
_ASKED_TO_WAIT = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt."""

    status: int | None
    """Of the answer; None: there was none."""
    said: str
    """How the answer begins, or why there was none."""
    milliseconds: int
    retry_after: int | None = None
    """Seconds for which the receiver asks to be left alone."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status in _SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One line of the log."""

    webhook: str
    id: str
    """Of what was told: the same however often it is tried, so that a receiver can tell."""
    position: int | None
    """Of the event; None: it was a trial."""
    at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a webhook has been told."""

    name: str
    begun: int
    """Version, in the stream of access, of the event from which on it is told: added anew, it is another."""
    position: int
    """It was told of all up to here, or nothing up to here was for it."""
    due_at: datetime = instant.EARLIEST
    """Not before."""
    failures: int = 0
    """How often the event behind `position` was tried in vain."""
    failing_since: datetime | None = None
    paused_at: datetime | None = None
    paused_why: str | None = None


def after(standing: Standing, position: int, outcome: Outcome, at: datetime, *, chance: float) -> Standing:
    """Return how a webhook stands after it was told at *at* of the event at *position*.

    *chance*, from 0 to 1, decides how much longer or shorter than usual the wait is.
    """
    if outcome.delivered:
        return resumed(standing, position=position)
    tried = standing if position == standing.position + 1 else resumed(standing, position=position - 1)
    since = tried.failing_since or at
    failed = replace(tried, failures=tried.failures + 1, failing_since=since)
    if outcome.status == _GONE:
        return replace(
            failed, paused_at=at, paused_why="it answered 410: it does not want to be told any more"
        )
    if at >= since + TRYING:
        why = f"event {position} was not taken for {TRYING.days} days: {_short(outcome)}"
        return replace(failed, paused_at=at, paused_why=why)
    wait = timedelta(seconds=_wait(failed.failures, outcome, chance))
    return replace(failed, due_at=min(at + wait, since + TRYING))


def resumed(standing: Standing, *, position: int | None = None) -> Standing:
    """Return how it stands when it goes on at once, after *position* if that is said.

    It is due whatever the time is: a clock that is put back holds up nobody who took all they were told.
    """
    reached = standing.position if position is None else position
    return Standing(name=standing.name, begun=standing.begun, position=reached)


def _wait(failures: int, outcome: Outcome, chance: float) -> float:
    if outcome.status in _ASKED_TO_WAIT and outcome.retry_after is not None:
        return min(max(outcome.retry_after, FIRST_WAIT_SECONDS), RETRY_AFTER_SECONDS_MAX)
    steps = min(failures - 1, 20)
    usual = min(FIRST_WAIT_SECONDS * WAIT_FACTOR**steps, WAIT_SECONDS_MAX)
    return float(usual * (1 - JITTER + 2 * JITTER * chance))


def _short(outcome: Outcome) -> str:
    return f"status {outcome.status}" if outcome.status is not None else outcome.said[:100]
