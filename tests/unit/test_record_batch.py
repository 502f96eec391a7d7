"""A batch is one append: later lines build on earlier ones, and each line gets its own answer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import pytest

from adapters.ledger.ledger import EventLedger
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.seal import SealingMapper
from domain.commands.record import Command, record
from domain.commands.record_batch import Draft, Refused, Result, record_batch
from domain.commands.telling import ATTEMPTS_MAX
from domain.digest import Digest
from domain.errors import (
    AlreadyCorrected,
    AlreadyRecorded,
    ConflictingAppend,
    FailedBuild,
    FromTheFuture,
    LedgerError,
    UnknownEvent,
    UnknownRelease,
)
from domain.event import Event
from domain.ports import Receipt, Reported
from tests.builders import (
    DIGESTS,
    NOON,
    Clock,
    a_build,
    a_config,
    a_correction,
    a_deployment,
    a_failed_build,
    a_release,
    a_removal,
    ledger,
    nonces,
    signer,
    story,
    tell,
)

DELIVERY: Sequence[Command] = (a_build(), a_config(), a_release(), a_deployment(1))
TOMORROW = NOON + timedelta(days=1)


def batch(into: EventLedger, *commands: Command, atomic: bool = True) -> Sequence[Result]:
    return record_batch(commands, ledger=into, digests=DIGESTS, atomic=atomic)


def positions(results: Sequence[Result]) -> list[int | type[LedgerError]]:
    return [type(each.refusal) if isinstance(each, Refused) else each.position for each in results]


def head(of: EventLedger) -> int:
    return of.prefix(None).position


def test_later_lines_build_on_earlier_ones() -> None:
    fresh = ledger()
    assert positions(batch(fresh, *DELIVERY)) == [1, 2, 3, 4]
    assert [fresh.at(n).event.stream for n in (3, 4)] == ["target:payments-api@prod"] * 2


def test_a_batch_is_one_append() -> None:
    recorder = MemoryRecorder()
    appends: list[int] = []

    class Counting(EventLedger):
        def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
            appends.append(len(events))
            return super().append(events)

    batch(Counting(recorder, SealingMapper(signer(), nonce=nonces()), now=Clock()), *DELIVERY)
    assert appends == [4]


def test_receipts_are_those_of_the_events_recorded() -> None:
    fresh = ledger()
    for result in batch(fresh, *DELIVERY):
        assert isinstance(result, Receipt)
        recorded = fresh.at(result.position)
        assert (result.recorded_at, result.digest) == (recorded.recorded_at, recorded.digest)
        assert result.event == recorded.event
        assert not result.existing


def test_a_batch_records_what_telling_one_by_one_records() -> None:
    one_by_one, together = ledger(), ledger()
    tell(one_by_one, *story())
    batch(together, *story())
    assert head(together) == head(one_by_one)
    for position in range(1, head(together) + 1):
        assert together.at(position).event == one_by_one.at(position).event


def test_an_atomic_batch_records_nothing_when_a_line_is_refused() -> None:
    fresh = ledger()
    results = batch(fresh, *DELIVERY, a_deployment(9))
    assert isinstance(results[-1], Refused)
    assert isinstance(results[-1].refusal, UnknownRelease)
    assert head(fresh) == 0


def test_otherwise_only_the_refused_line_is_left_out() -> None:
    fresh = ledger()
    results = batch(fresh, a_failed_build("b-2"), *DELIVERY, a_release("b-2"), a_removal(), atomic=False)
    assert positions(results) == [1, 2, 3, 4, 5, FailedBuild, 6]
    assert head(fresh) == 6


@pytest.mark.parametrize("atomic", [True, False])
def test_what_builds_on_a_refused_line_is_refused_too(atomic: bool) -> None:
    fresh = ledger()
    results = batch(fresh, a_build(artifacts=()), a_config(), a_release(), a_deployment(1), atomic=atomic)
    assert [isinstance(each, Refused) for each in results] == [True, False, True, True]
    assert head(fresh) == (0 if atomic else 1)


def test_an_empty_batch_records_nothing() -> None:
    fresh = ledger()
    assert batch(fresh) == []
    assert head(fresh) == 0


def test_a_line_told_twice_in_a_batch_is_recorded_once() -> None:
    fresh = ledger()
    results = batch(fresh, a_removal(), a_build(), a_removal())
    assert positions(results) == [1, 2, 1]
    assert [each.existing for each in results if isinstance(each, Receipt)] == [False, False, True]
    assert head(fresh) == 2


def test_a_batch_told_again_records_nothing() -> None:
    fresh = ledger()
    first = batch(fresh, *DELIVERY)
    again = batch(fresh, *DELIVERY)
    assert positions(again) == positions(first)
    assert all(isinstance(each, Receipt) and each.existing for each in again)
    assert head(fresh) == 4


def test_a_line_that_contradicts_an_earlier_one_is_refused_without_a_place() -> None:
    results = batch(ledger(), a_build(), a_build(label="v2"), atomic=False)
    assert isinstance(results[1], Refused)
    assert isinstance(results[1].refusal, AlreadyRecorded)
    assert "an earlier report of this batch was told under the same name" in str(results[1].refusal)


def test_a_line_may_correct_what_is_recorded() -> None:
    fresh = ledger()
    tell(fresh, *DELIVERY)
    really = a_correction(4, replacement=a_deployment(1, slot="blue"))
    assert positions(batch(fresh, really, a_build("b-2"))) == [5, 7]


def test_one_event_is_corrected_once_in_a_batch() -> None:
    fresh = ledger()
    tell(fresh, *DELIVERY)
    results = batch(fresh, a_correction(4), a_correction(4, reason="for another reason"), atomic=False)
    assert positions(results) == [5, AlreadyCorrected]


@pytest.mark.parametrize("of", [0, -1, -5, 5])
def test_a_line_cannot_correct_what_has_no_place_yet(of: int) -> None:
    fresh = ledger()
    results = batch(fresh, *DELIVERY, a_correction(of), atomic=False)
    assert positions(results) == [1, 2, 3, 4, UnknownEvent]
    assert head(fresh) == 4


@pytest.mark.parametrize(
    "wrong",
    [a_removal(occurred_at=TOMORROW), a_correction(4, replacement=a_deployment(1, occurred_at=TOMORROW))],
)
def test_a_line_from_the_future_does_not_take_the_others_with_it(wrong: Command) -> None:
    fresh = ledger()
    tell(fresh, *DELIVERY)
    results = batch(fresh, a_build("b-2"), wrong, a_build("b-3"), atomic=False)
    assert positions(results) == [5, FromTheFuture, 6]


def test_what_is_recorded_comes_before_what_is_drafted() -> None:
    # Both keys of the last line are taken: its content in the batch, its id in the ledger.
    taken = a_build(id="run-1")
    last = a_removal(id="run-1")
    one_by_one, together = ledger(), ledger()
    for fresh in (one_by_one, together):
        tell(fresh, taken)
    with pytest.raises(AlreadyRecorded):
        tell(one_by_one, a_removal(), last)
    assert positions(batch(together, a_removal(), last, atomic=False)) == [2, AlreadyRecorded]


class Overtaken(EventLedger):
    """A ledger where someone else is faster, so many times."""

    def __init__(self, times: int) -> None:
        recorder = MemoryRecorder()
        super().__init__(recorder, SealingMapper(signer(), nonce=nonces()), now=Clock())
        self._faster = ledger(recorder)
        self._times = times

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        if self._times:
            self._times -= 1
            record(a_removal(sequence=self._times), ledger=self._faster, digests=DIGESTS)
        return super().append(events)


def test_a_batch_that_lost_a_race_is_decided_again() -> None:
    assert positions(batch(Overtaken(7), *DELIVERY)) == [8, 9, 10, 11]


@pytest.mark.parametrize("atomic", [True, False])
def test_a_batch_told_again_while_it_is_recorded_is_answered_as_existing(atomic: bool) -> None:
    recorder = MemoryRecorder()
    first, second = ledger(recorder), ledger(recorder)
    lines = (a_build(), a_build("b-2"))
    looked_up = second.reported_each

    def and_then_the_first_is_recorded(keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        known = looked_up(keys)
        batch(first, *lines, atomic=atomic)
        return known

    second.reported_each = and_then_the_first_is_recorded  # type: ignore[method-assign]  # between two statements
    assert positions(batch(second, *lines, atomic=atomic)) == [1, 2]
    assert head(second) == 2


def test_a_batch_that_lost_every_race_is_told() -> None:
    unlucky = Overtaken(ATTEMPTS_MAX)
    with pytest.raises(ConflictingAppend):
        batch(unlucky, *DELIVERY)
    assert head(unlucky) == ATTEMPTS_MAX


def test_a_draft_reads_as_the_ledger_it_is_drafted_on() -> None:
    base = ledger()
    tell(base, a_removal())
    draft = Draft(base)
    drafted = record(a_removal(slot="canary"), ledger=draft, digests=DIGESTS)
    assert (draft.now(), draft.prefix(None)) == (base.now(), base.prefix(None))
    assert draft.sealed(after=0, limit=9) == base.sealed(after=0, limit=9)
    assert [found.position for found in draft.many_at([1, drafted.position])] == [1, 0]
    assert draft.reported([Digest.of(b"never told")]) is None
