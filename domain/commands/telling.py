"""Telling the ledger something once: retries are answered as before, races are run again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from domain import instant, report
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import AlreadyRecorded, ConflictingAppend, FromTheFuture, LedgerError, NotConfirmed
from domain.event import Event
from domain.ports import Ledger, Receipt, Reported
from domain.report import Report

ATTEMPTS_MAX = 32
"""How often a command that lost a race is decided again before the caller is told."""


P = ParamSpec("P")
C = TypeVar("C", bound="Told")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What every report has in common. Without slots, for what is worked out once: see `worked_out_once`."""

    occurred_at: datetime
    actor: Actor
    reporter: str | None = None
    id: str | None = None

    def report(self, fingerprint: Digest) -> Report:
        """Return the report with *fingerprint*."""
        return Report(fingerprint=fingerprint, reporter=self.reporter, id=self.id)


def worked_out_once(ask: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R]:
    """Make *ask* keep its answer on the command: a batch looks every report up before it decides on any."""
    name = f"{ask.__module__}.{ask.__qualname__}"

    @wraps(ask)
    def kept(command: C, /, *more: P.args, **named: P.kwargs) -> R:
        answers = vars(command)
        if name not in answers:
            answers[name] = ask(command, *more, **named)
        answer: R = answers[name]
        return answer

    return kept


def once(
    told: Report,
    natural: Digest | Callable[[], Digest],
    *,
    occurred_at: datetime,
    stream: str,
    ledger: Ledger,
    decide: Callable[[], Sequence[Event]],
    prepare: Callable[[], None] | None = None,
    joint: bool = False,
) -> Receipt:
    """Append what *decide* returns, unless the report is in the ledger already.

    *decide* returns nothing, or refuses, when someone else told the same just
    before it looked; that is a race lost, not an answer. The receipt is that of
    the first event. Raises `AlreadyRecorded` when the
    same thing was told differently, `FromTheFuture`, `ConflictingAppend` when
    the race was lost too often, and whatever *decide* refuses with.

    *natural* may be a question to the ledger, asked again after a race.
    *stream* is the one that is decided about: deciders of one stream take turns.
    *prepare* does what takes long, before each turn, and only for what is not
    refused by then; *decide* must look whether it still holds.
    *joint*: telling the same thing in other words is telling it again.
    """

    def answered() -> tuple[Receipt | None, tuple[Digest, ...]]:
        """Return the receipt of what was told before, and what it can be found by; refuses otherwise."""
        keys = report.keys(told, natural if isinstance(natural, Digest) else natural())
        said = (*keys, told.fingerprint)
        known = ledger.reported(said)
        if known is None:
            check_claim(occurred_at, ledger.now())
            return None, said
        _check_same(told, known, keys if not joint else keys[1:], ledger)
        return existing(known.position, ledger), said

    for attempt in range(1, ATTEMPTS_MAX + 1):
        if prepare is not None:
            answered()
            prepare()
        with ledger.turn(stream):
            known, said = answered()
            if known is not None:
                return known
            try:
                events = decide()
                if not events:
                    raise ConflictingAppend("someone else told the same first")
                return ledger.append(events)[0]
            except NotConfirmed:
                raise  # it is there, and may yet be lost: that is no answer
            except LedgerError as refusal:
                lost = isinstance(refusal, ConflictingAppend) or ledger.reported(said) is not None
                if not lost or attempt == ATTEMPTS_MAX:
                    raise
    raise AssertionError("the last attempt returns or raises")


def _check_same(told: Report, known: Reported, keys: Sequence[Digest], ledger: Ledger) -> None:
    """Raise `AlreadyRecorded` when something else was told under one of *keys*."""
    several = len(keys) > 1 or known.fingerprint != told.fingerprint
    for key in keys if several else ():
        other = ledger.reported((key,))
        if other is not None and other.fingerprint != told.fingerprint:
            raise AlreadyRecorded(
                f"{named(other.position)} was told under the same name, with different content"
            )


def existing(position: int, ledger: Ledger) -> Receipt:
    """Return the receipt that the event at *position* got when it was new."""
    recorded = ledger.at(position)
    return Receipt(
        position=recorded.position,
        recorded_at=recorded.recorded_at,
        digest=recorded.digest,
        existing=True,
        event=recorded.event,
    )


def named(position: int) -> str:
    """Return how a refusal names the event at *position*, which may be in an unfinished batch."""
    return f"the event at position {position}" if position > 0 else "an earlier report of this batch"


def check_claim(occurred_at: datetime, now: datetime) -> None:
    """Raise `FromTheFuture` when *occurred_at* is later than may be claimed at *now*."""
    if occurred_at > instant.latest_claim(now):
        raise FromTheFuture(
            f"occurred_at {instant.text(occurred_at)} is more than"
            f" {instant.CLOCK_SKEW_SECONDS_MAX} s after the ledger's clock, {instant.text(now)}"
        )
