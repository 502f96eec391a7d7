"""What `eventsourcing` may ask of us at its seams, and what it may not."""

import pytest
from eventsourcing.persistence import InfrastructureFactoryError
from eventsourcing.utils import Environment

from adapters.ledger.factory import LedgerFactory
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.recorder import stamp
from adapters.ledger.seal import SealingMapper
from domain import instant
from tests.builders import NOON, Clock, a_removal, ledger, nonces, signer, tell


def test_the_factory_hands_out_the_one_recorder_it_was_given() -> None:
    recorder = MemoryRecorder()
    factory = LedgerFactory(Environment("shiplog", {}), recorder)
    assert factory.application_recorder() is recorder
    assert factory.aggregate_recorder() is recorder


def test_the_factory_has_no_snapshots_and_no_tracking() -> None:
    factory = LedgerFactory(Environment("shiplog", {}), MemoryRecorder())
    with pytest.raises(InfrastructureFactoryError):
        factory.aggregate_recorder(purpose="snapshots")
    with pytest.raises(InfrastructureFactoryError):
        factory.tracking_recorder()
    with pytest.raises(InfrastructureFactoryError):
        factory.process_recorder()


def test_an_event_is_opened_but_never_sealed_without_its_place() -> None:
    recorder = MemoryRecorder()
    (receipt,) = tell(ledger(recorder), a_removal())
    mapper = SealingMapper(signer(), nonce=nonces())
    assert mapper.to_domain_event(recorder.rows([1])[0]) == receipt.event
    with pytest.raises(TypeError, match="sealed where it lands"):
        mapper.to_stored_event(receipt.event)


def test_a_ledger_without_a_signer_only_reads() -> None:
    recorder = MemoryRecorder()
    (receipt,) = tell(ledger(recorder), a_removal())
    reader = SealingMapper(None, nonce=nonces())
    (row,) = recorder.rows([1])
    opened, previous = reader.open(row)
    assert (opened.event, previous) == (receipt.event, None)
    with pytest.raises(AssertionError, match="only reads"):
        reader.seal(opened.event, position=2, recorded_at=NOON, previous=None)


def test_read_models_that_catch_up_get_opened_events_page_by_page() -> None:
    kept = ledger()
    tell(kept, *(a_removal(sequence=n) for n in range(3)))
    assert [each.position for each in kept.recorded(0, 2)] == [1, 2]
    assert [each.position for each in kept.recorded(2, 2)] == [3]


def test_a_stamp_is_later_than_the_floor_whatever_the_clock_says() -> None:
    noon = instant.micros(NOON)
    assert stamp(Clock(), noon - 1) == NOON
    assert stamp(Clock(), noon) == NOON + instant.MICROSECOND
    assert stamp(Clock(), noon + 10) == NOON + 11 * instant.MICROSECOND
