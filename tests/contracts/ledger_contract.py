"""What every ledger does, whatever keeps its rows: the docstrings of `domain.ports`, as tests."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Barrier, Event

import pytest

from adapters.ledger.ledger import EventLedger
from adapters.ledger.recorder import LedgerRecorder
from domain import instant
from domain.errors import (
    BeyondTheHead,
    ConflictingAppend,
    FromTheFuture,
    KnownInTheFuture,
    LedgerError,
    UnknownEvent,
)
from domain.event import EndFold
from domain.event import Event as DomainEvent
from domain.history import Length, count
from domain.ports import Reported
from domain.prefix import EMPTY, Prefix
from domain.queries.verify_ledger import verify_ledger
from domain.removal import Removed
from domain.report import key, keys
from tests.builders import (
    CI,
    NOON,
    Clock,
    Seconds,
    digest,
    keyring,
    ledger,
    report,
    story,
    target,
    tell,
    told_story,
)

STREAM = "target:payments-api@prod"
WRITERS = 4
EVENTS_PER_WRITER = 10
TAILING_SECONDS_MAX = 60


def noted(version: int = 1, stream: str = STREAM, *, told: str | None = None) -> Removed:
    """Return the event at *version* of *stream*; told as itself unless said otherwise."""
    return Removed(
        stream=stream,
        version=version,
        occurred_at=NOON,
        actor=CI,
        report=report(told or f"{stream} {version}"),
        target=target(),
        slot="main",
    )


@dataclass(frozen=True)
class Noted:
    """What `noting` makes of a stream: when the end began, and its events."""

    version: int = 0
    begun: tuple[datetime, ...] = ()
    events: tuple[DomainEvent, ...] = ()


def noting(events: int) -> EndFold[Noted]:
    """Return a fold that notes what it was given of a stream of which it needs the last *events*."""

    def fold(known: Noted | None, event: DomainEvent) -> Noted:
        before = known or Noted()
        return Noted(event.version, before.begun, (*before.events, event))

    return EndFold(fold, lambda recorded_at: Noted(begun=(recorded_at,)), events)


def positions(of: EventLedger) -> list[int]:
    """Return every position there is, in order."""
    return [row.position for row in of.sealed(after=0, limit=10_000)]


def assert_sound(of: EventLedger) -> None:
    """Check every chain, place and signature of *of*."""
    verify_ledger(lambda after, limit: of.sealed(after=after, limit=limit), keyring())


class LedgerContract(ABC):
    """Subclasses say where rows are kept, and how another process would reach the same ones."""

    @pytest.fixture
    @abstractmethod
    def recorder(self) -> LedgerRecorder:
        """Return a recorder with nothing in it."""

    @abstractmethod
    def another(self, recorder: LedgerRecorder) -> LedgerRecorder:
        """Return another way to the rows of *recorder*, as another process has it."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def ledger(self, recorder: LedgerRecorder, clock: Clock) -> EventLedger:
        return ledger(recorder, clock=clock)

    # -- order

    def test_the_first_three_events_get_positions_one_two_and_three(self, ledger: EventLedger) -> None:
        assert [ledger.append([noted(version)])[0].position for version in (1, 2, 3)] == [1, 2, 3]

    def test_events_appended_together_get_positions_in_their_order(self, ledger: EventLedger) -> None:
        receipts = ledger.append([noted(1), noted(1, "other"), noted(2)])
        assert [receipt.position for receipt in receipts] == [1, 2, 3]
        assert [row.stream for row in ledger.sealed(after=0, limit=9)] == [
            STREAM,
            "other",
            STREAM,
        ]

    def test_appending_nothing_adds_nothing(self, ledger: EventLedger) -> None:
        assert ledger.append([]) == []
        assert ledger.prefix(None) == EMPTY

    def test_a_receipt_says_what_the_ledger_says_afterwards(self, ledger: EventLedger) -> None:
        event = noted()
        receipt = ledger.append([event])[0]
        recorded = ledger.at(receipt.position)
        assert (receipt.recorded_at, receipt.digest) == (recorded.recorded_at, recorded.digest)
        assert receipt.event is event
        assert not receipt.existing

    def test_a_refused_append_leaves_no_gap(self, ledger: EventLedger) -> None:
        ledger.append([noted(1)])
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(1, told="something else")])
        assert ledger.append([noted(2)])[0].position == 2

    def test_a_stream_has_no_gap_either(self, ledger: EventLedger) -> None:
        ledger.append([noted(1)])
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(3)])
        assert positions(ledger) == [1]

    def test_a_stream_begins_at_one(self, ledger: EventLedger) -> None:
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(2)])
        assert positions(ledger) == []

    def test_events_together_are_added_all_or_none(self, ledger: EventLedger) -> None:
        ledger.append([noted(1)])
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(1, "first of three"), noted(2), noted(1, told="something else")])
        assert positions(ledger) == [1]
        assert ledger.load("first of three", count) is None
        assert ledger.reported([digest("first of three 1")]) is None
        assert ledger.append([noted(1, "first of three"), noted(2)])[-1].position == 3

    def test_one_version_cannot_be_taken_twice_in_one_append(self, ledger: EventLedger) -> None:
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(1), noted(1, told="something else")])
        assert positions(ledger) == []

    # -- reports

    def test_one_key_is_accepted_once(self, ledger: EventLedger) -> None:
        ledger.append([noted(1, told="the same")])
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(1, "other", told="the same")])
        assert positions(ledger) == [1]

    def test_one_key_is_accepted_once_in_one_append(self, ledger: EventLedger) -> None:
        with pytest.raises(ConflictingAppend):
            ledger.append([noted(1, told="the same"), noted(1, "other", told="the same")])
        assert positions(ledger) == []

    def test_a_report_is_found_by_each_of_its_keys(self, ledger: EventLedger) -> None:
        told = report(reporter="ci", id="run-1")
        event = replace(noted(), report=told)
        ledger.append([event])
        both = keys(told, told.fingerprint)
        assert len(both) == 2
        for one in both:
            assert ledger.reported([one]) == Reported(1, told.fingerprint)

    def test_of_several_reports_the_earliest_is_returned(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(2), noted(3)])
        wanted = [digest(f"{STREAM} {version}") for version in (3, 2)]
        assert ledger.reported([*wanted, key("never told")]) == Reported(2, wanted[1])

    def test_what_was_never_told_is_not_reported(self, ledger: EventLedger) -> None:
        assert ledger.reported([key("never told")]) is None
        assert ledger.reported([]) is None

    def test_any_number_of_keys_is_looked_up_at_once(self, ledger: EventLedger) -> None:
        ledger.append([noted(version) for version in range(1, 4)])
        told = [digest(f"{STREAM} {version}") for version in range(1, 4)]
        others = [key(f"never told {number}") for number in range(1300)]
        asked = [*others[:600], *told, *others[600:], told[0]]
        assert ledger.reported_each(asked) == {each: Reported(n, each) for n, each in enumerate(told, 1)}
        assert ledger.reported_each([]) == {}

    # -- time

    def test_recorded_at_increases_while_the_clock_stands_still(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(2)])
        ledger.append([noted(3)])
        times = [row.recorded_at for row in ledger.sealed(after=0, limit=9)]
        assert times == [NOON + n * instant.MICROSECOND for n in range(3)]

    def test_recorded_at_increases_while_the_clock_steps_back(
        self, ledger: EventLedger, clock: Clock
    ) -> None:
        first = ledger.append([noted(1)])[0].recorded_at
        clock.advance(-3600)
        assert ledger.append([noted(2)])[0].recorded_at == first + instant.MICROSECOND

    def test_recorded_at_follows_the_clock(self, ledger: EventLedger, clock: Clock) -> None:
        ledger.append([noted(1)])
        clock.advance(90)
        assert ledger.append([noted(2)])[0].recorded_at == NOON + timedelta(seconds=90)

    def test_a_claim_within_the_skew_is_accepted(self, ledger: EventLedger, clock: Clock) -> None:
        clock.advance(-instant.CLOCK_SKEW_SECONDS_MAX)
        assert ledger.append([noted(1)])[0].position == 1

    def test_a_claim_beyond_the_skew_is_refused_and_nothing_is_recorded(
        self, ledger: EventLedger, clock: Clock
    ) -> None:
        clock.at = NOON - timedelta(seconds=instant.CLOCK_SKEW_SECONDS_MAX) - 2 * instant.MICROSECOND
        early = replace(noted(1, "other"), occurred_at=clock.at)
        with pytest.raises(FromTheFuture):
            ledger.append([early, noted(1)])
        assert positions(ledger) == []
        assert ledger.reported([digest("other 1")]) is None

    # -- prefixes

    def test_an_empty_ledger_has_an_empty_prefix(self, ledger: EventLedger) -> None:
        assert ledger.prefix(None) == ledger.prefix(0) == ledger.prefix(NOON) == EMPTY

    def test_everything_so_far_ends_with_the_last_event(self, ledger: EventLedger) -> None:
        receipt = ledger.append([noted(1), noted(2)])[-1]
        assert ledger.prefix(None) == Prefix(2, receipt.recorded_at, receipt.digest)

    def test_a_position_is_a_prefix_for_ever(self, ledger: EventLedger) -> None:
        first = ledger.append([noted(1)])[0]
        before = ledger.prefix(1)
        ledger.append([noted(2)])
        assert ledger.prefix(1) == before == Prefix(1, first.recorded_at, first.digest)

    def test_an_instant_is_the_last_event_at_or_before_it(self, ledger: EventLedger, clock: Clock) -> None:
        for version in (1, 2, 3):
            ledger.append([noted(version)])
            clock.advance(10)
        assert ledger.prefix(NOON - instant.MICROSECOND) == EMPTY
        assert ledger.prefix(NOON).position == 1
        assert ledger.prefix(NOON + timedelta(seconds=10)).position == 2
        assert ledger.prefix(NOON + timedelta(seconds=19)).position == 2
        assert ledger.prefix(NOON + timedelta(seconds=30)).position == 3

    def test_an_instant_that_was_asked_about_is_closed(self, ledger: EventLedger) -> None:
        ledger.append([noted(1)])
        asked = ledger.prefix(NOON)
        assert ledger.append([noted(2)])[0].recorded_at > NOON
        assert ledger.prefix(NOON) == asked

    def test_an_instant_asked_about_before_the_first_event_is_closed(self, ledger: EventLedger) -> None:
        assert ledger.prefix(NOON) == EMPTY
        ledger.append([noted(1)])
        assert ledger.prefix(NOON) == EMPTY

    def test_asking_about_an_earlier_instant_does_not_reopen_a_later_one(
        self, ledger: EventLedger, clock: Clock
    ) -> None:
        clock.advance(10)
        later = clock()
        asked = ledger.prefix(later)
        ledger.prefix(NOON)
        clock.advance(-10)
        assert ledger.append([noted(1)])[0].recorded_at > later
        assert ledger.prefix(later) == asked

    def test_what_will_be_known_later_cannot_be_asked(self, ledger: EventLedger) -> None:
        with pytest.raises(KnownInTheFuture):
            ledger.prefix(NOON + instant.MICROSECOND)

    def test_what_is_recorded_is_known_though_the_clock_stepped_back(
        self, ledger: EventLedger, clock: Clock
    ) -> None:
        ledger.append([noted(1)])
        clock.advance(-3600)
        assert ledger.prefix(NOON).position == 1

    @pytest.mark.parametrize("position", [2, 10**15, 2**63, 2**80])
    def test_a_position_that_was_not_reached_is_beyond_the_head(
        self, ledger: EventLedger, position: int
    ) -> None:
        ledger.append([noted(1)])
        with pytest.raises(BeyondTheHead):
            ledger.prefix(position)

    # -- reading

    @pytest.mark.parametrize("position", [2, 0, -1, 2**63, 2**80])
    def test_a_position_without_an_event_is_unknown(self, ledger: EventLedger, position: int) -> None:
        ledger.append([noted(1)])
        with pytest.raises(UnknownEvent):
            ledger.at(position)

    def test_many_events_come_in_the_order_they_were_asked_for(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(2), noted(3)])
        assert [found.position for found in ledger.many_at([3, 1, 3])] == [3, 1, 3]
        with pytest.raises(UnknownEvent):
            ledger.many_at([1, 4])

    def test_what_is_read_is_what_was_appended(self, ledger: EventLedger) -> None:
        told_story(ledger)
        for row in ledger.sealed(after=0, limit=100):
            event = ledger.at(row.position).event
            assert (event.topic, event.stream, event.version) == (row.topic, row.stream, row.version)
        assert_sound(ledger)

    def test_rows_come_page_by_page_in_order(self, ledger: EventLedger) -> None:
        ledger.append([noted(version) for version in range(1, 6)])
        assert [row.position for row in ledger.sealed(after=0, limit=2)] == [1, 2]
        assert [row.position for row in ledger.sealed(after=2, limit=2)] == [3, 4]
        assert [row.position for row in ledger.sealed(after=4, limit=2)] == [5]
        assert ledger.sealed(after=5, limit=2) == []

    def test_a_stream_never_written_loads_as_none(self, ledger: EventLedger) -> None:
        assert ledger.load("never written", count) is None

    def test_a_stream_is_folded_in_its_own_order(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(1, "other"), noted(2)])
        assert ledger.load(STREAM, count) == Length(2)
        assert ledger.load("other", count) == Length(1)

    def test_any_number_of_streams_is_loaded_at_once(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(1, "other"), noted(2)])
        many = [f"never written {number}" for number in range(600)]
        assert ledger.load_each([*many, STREAM, "other"], count) == {STREAM: Length(2), "other": Length(1)}
        assert ledger.load_each([], count) == {}

    def test_a_loaded_stream_is_brought_forward(self, ledger: EventLedger) -> None:
        for version in (1, 2, 3):
            ledger.append([noted(version)])
            assert ledger.load(STREAM, count) == Length(version)

    def test_what_is_recent_may_lack_what_others_appended_but_nothing_of_ours(
        self, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        seconds = Seconds()
        ours = ledger(recorder, clock=clock, monotonic=seconds)
        theirs = _ledger(self.another(recorder), clock)
        assert ours.load_recent(STREAM, count) is None
        theirs.append([noted(1)])
        assert [ours.load_recent(STREAM, count) for _ in range(2)] == [Length(1)] * 2
        theirs.append([noted(2)])
        assert ours.load_recent(STREAM, count) == Length(1)
        ours.append([noted(3)])
        assert ours.load_recent(STREAM, count) == Length(3)
        theirs.append([noted(4)])
        seconds.advance(1)
        assert ours.load_recent(STREAM, count) == Length(4)
        theirs.append([noted(5)])
        assert ours.load(STREAM, count) == Length(5), "who decides looks now"

    def test_two_folds_of_one_stream_do_not_meet(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(2)])

        def doubled(state: Length | None, event: DomainEvent) -> Length:
            return Length((state.version if state else 0) + 2 * (event.stream == STREAM))

        assert ledger.load(STREAM, count) == Length(2)
        assert ledger.load(STREAM, doubled) == Length(4)
        assert ledger.load(STREAM, count) == Length(2)

    def test_a_fold_of_the_end_begins_with_when_the_end_was_recorded(
        self, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        writer = _ledger(recorder, clock)
        receipts = writer.append([noted(version) for version in range(1, 6)])
        for events, expected in ((2, receipts[3:]), (4, receipts[1:]), (5, receipts), (9, receipts)):
            reader = _ledger(self.another(recorder), clock)
            found = reader.load(STREAM, noting(events))
            begun = () if expected is receipts else (expected[0].recorded_at,)
            assert found == Noted(5, begun, tuple(noted(version) for version in range(6 - len(expected), 6)))

    def test_a_fold_of_the_end_is_brought_forward(
        self, recorder: LedgerRecorder, ledger: EventLedger, clock: Clock
    ) -> None:
        other = _ledger(self.another(recorder), clock)
        fold = noting(2)
        ledger.append([noted(1)])
        assert other.load(STREAM, fold) == Noted(1, (), (noted(1),))
        ledger.append([noted(2)])
        assert other.load(STREAM, fold) == Noted(2, (), (noted(1), noted(2)))
        far = ledger.append([noted(version) for version in range(3, 9)])
        found = other.load(STREAM, fold)
        assert found == Noted(8, (far[-2].recorded_at,), (noted(7), noted(8)))
        assert other.load("never written", fold) is None

    # -- of a stream, what a prefix holds

    def test_a_stream_is_folded_up_to_a_prefix(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(1, "other"), noted(2), noted(3)])
        versions = [ledger.load_until(STREAM, count, ledger.prefix(position)) for position in (0, 1, 2, 3, 4)]
        assert versions == [None, Length(1), Length(1), Length(2), Length(3)]
        assert ledger.load_until("never written", count, ledger.prefix(None)) is None
        assert ledger.load(STREAM, count) == Length(3), "an early prefix leaves nothing behind"

    def test_what_others_append_does_not_change_what_a_prefix_holds(
        self, ledger: EventLedger, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        ledger.append([noted(1)])
        known = ledger.prefix(None)
        assert ledger.load_until(STREAM, count, known) == Length(1)
        other = _ledger(self.another(recorder), clock)
        other.append([noted(2)])
        assert ledger.load_until(STREAM, count, known) == Length(1)
        assert ledger.load_until(STREAM, count, ledger.prefix(None)) == Length(2)

    def test_a_fold_of_the_end_is_given_all_that_a_prefix_holds(self, ledger: EventLedger) -> None:
        ledger.append([noted(version) for version in range(1, 6)])
        noting_two = noting(2)
        found = ledger.load_until(STREAM, noting_two, ledger.prefix(3))
        assert found is not None
        assert [event.version for event in found.events] == [1, 2, 3]

    def test_events_of_a_stream_are_found_by_their_versions(self, ledger: EventLedger) -> None:
        ledger.append([noted(1), noted(1, "other"), noted(2), noted(3)])
        found = ledger.of_stream(STREAM, (3, 1, 3))
        assert [(each.position, each.event.version) for each in found] == [(4, 3), (1, 1), (4, 3)]
        assert found[1] == ledger.at(1)
        assert ledger.of_stream(STREAM, ()) == []
        for missing in (0, -1, 4, 2**70):
            with pytest.raises(UnknownEvent):
                ledger.of_stream(STREAM, (1, missing))
        with pytest.raises(UnknownEvent):
            ledger.of_stream("never written", (1,))

    def test_more_events_of_a_stream_are_found_than_fit_one_statement(self, ledger: EventLedger) -> None:
        ledger.append([noted(version) for version in range(1, 1201)])
        found = ledger.of_stream(STREAM, range(1200, 0, -1))
        assert [each.event.version for each in found] == list(range(1200, 0, -1))

    # -- others

    def test_another_writer_is_seen_at_once(
        self, recorder: LedgerRecorder, ledger: EventLedger, clock: Clock
    ) -> None:
        other = _ledger(self.another(recorder), clock)
        ledger.append([noted(1)])
        assert ledger.load(STREAM, count) == other.load(STREAM, count) == Length(1)
        other.append([noted(2)])
        assert ledger.load(STREAM, count) == Length(2)
        assert ledger.append([noted(3)])[0].position == 3
        assert other.load(STREAM, count) == Length(3)
        assert other.reported([digest(f"{STREAM} 3")]) == Reported(3, digest(f"{STREAM} 3"))
        assert_sound(other)

    def test_another_writer_cannot_take_the_same_place(
        self, recorder: LedgerRecorder, ledger: EventLedger, clock: Clock
    ) -> None:
        other = _ledger(self.another(recorder), clock)
        ledger.append([noted(1)])
        with pytest.raises(ConflictingAppend):
            other.append([noted(1, told="something else")])
        with pytest.raises(ConflictingAppend):
            other.append([noted(1, "other", told=f"{STREAM} 1")])
        assert other.append([noted(2)])[0].position == 2

    def test_an_instant_closed_by_one_is_closed_for_another(
        self, recorder: LedgerRecorder, ledger: EventLedger, clock: Clock
    ) -> None:
        other = _ledger(self.another(recorder), clock)
        assert ledger.prefix(NOON) == EMPTY
        other.append([noted(1)])
        assert ledger.prefix(NOON) == other.prefix(NOON) == EMPTY

    def test_concurrent_writers_lose_nothing_and_leave_no_gap(
        self, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        # Two ways to the rows, as two processes have them; half of the appends fight for one stream.
        ledgers = [_ledger(recorder, clock), _ledger(self.another(recorder), clock)]
        start, stop = Barrier(WRITERS + 1, timeout=TAILING_SECONDS_MAX), Event()

        def write(writer: int) -> int:
            mine, accepted = ledgers[writer % 2], 0
            start.wait()
            for version in range(1, EVENTS_PER_WRITER + 1):
                mine.append([noted(version, f"of writer {writer}")])
                accepted += 1
                length = mine.load("shared", count) or Length()
                try:
                    mine.append(
                        [noted(length.version + n, "shared", told=f"{writer} {version} {n}") for n in (1, 2)]
                    )
                    accepted += 2
                except ConflictingAppend:
                    pass
            return accepted

        def tail() -> Sequence[int]:
            seen: list[int] = []
            start.wait()
            while True:
                last_look = stop.is_set()
                rows = ledgers[1].sealed(after=len(seen), limit=100)
                for row in rows:
                    assert row.position == len(seen) + 1, "a tailing reader meets no gap and nothing late"
                    seen.append(row.position)
                if last_look and not rows:
                    return seen

        with ThreadPoolExecutor(WRITERS + 1) as threads:
            tailing = threads.submit(tail)
            try:
                accepted = sum(threads.map(write, range(WRITERS)))
            finally:
                stop.set()
            assert len(tailing.result()) == accepted
        assert positions(ledgers[0]) == list(range(1, accepted + 1))
        assert_sound(ledgers[0])
        for writer in range(WRITERS):
            for each in ledgers:
                assert each.load(f"of writer {writer}", count) == Length(EVENTS_PER_WRITER)

    def test_of_two_who_tell_the_same_at_once_one_is_accepted(
        self, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        ledgers = [_ledger(recorder, clock), _ledger(self.another(recorder), clock)]
        start = Barrier(2, timeout=TAILING_SECONDS_MAX)

        def write(writer: int) -> LedgerError | None:
            start.wait()
            try:
                ledgers[writer].append([noted(1, f"of writer {writer}", told="the same")])
            except LedgerError as refusal:
                return refusal
            return None

        with ThreadPoolExecutor(2) as threads:
            refusals = [refusal for refusal in threads.map(write, range(2)) if refusal is not None]
        assert [type(refusal) for refusal in refusals] == [ConflictingAppend]
        assert positions(ledgers[0]) == [1]

    def test_all_who_tell_the_same_delivery_at_once_are_answered_alike(
        self, recorder: LedgerRecorder, clock: Clock
    ) -> None:
        ledgers = [_ledger(recorder, clock), _ledger(self.another(recorder), clock)]
        start = Barrier(WRITERS, timeout=TAILING_SECONDS_MAX)

        def deliver(writer: int) -> list[int]:
            start.wait()
            return [receipt.position for receipt in tell(ledgers[writer % 2], *story())]

        with ThreadPoolExecutor(WRITERS) as threads:
            first, *others = threads.map(deliver, range(WRITERS))
        assert others == [first] * (WRITERS - 1)
        assert positions(ledgers[0]) == sorted(first) == list(range(1, len(story()) + 1))
        assert_sound(ledgers[0])

    # -- following

    def test_a_follower_gets_what_is_there_and_what_comes(
        self, recorder: LedgerRecorder, ledger: EventLedger, clock: Clock
    ) -> None:
        other = _ledger(self.another(recorder), clock)
        ledger.append([noted(1), noted(2)])
        with recorder.subscribe(gt=1) as following:
            assert next(following).id == 2
            ledger.append([noted(3)])
            assert next(following).id == 3
            other.append([noted(4)])
            assert next(following).id == 4

    def test_a_follower_that_is_stopped_ends(self, recorder: LedgerRecorder, ledger: EventLedger) -> None:
        ledger.append([noted(1)])
        with recorder.subscribe() as following:
            assert next(following).id == 1
            following.stop()
            assert list(following) == []


def _ledger(recorder: LedgerRecorder, clock: Clock) -> EventLedger:
    return ledger(recorder, clock=clock)
