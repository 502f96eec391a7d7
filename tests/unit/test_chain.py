"""Checking a ledger row by row, without its keys: places, chains and what was signed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import rfc8785

from domain import instant
from domain.errors import BrokenLedger
from domain.event import SealedEvent
from domain.proof import dsse
from domain.proof.chain import ChainCheck
from domain.queries.verify_ledger import verify_ledger
from tests.builders import keyring, ledger, told_story

ROWS = list(told_story(ledger()).sealed(after=0, limit=100))
HERE = 9


def test_a_sound_ledger_passes() -> None:
    check = ChainCheck()
    check.extend(ROWS)
    assert check.position == len(ROWS)


def _resigned(payload: bytes) -> Callable[[SealedEvent], SealedEvent]:
    return lambda row: replace(row, payload=payload, digest=dsse.digest(payload))


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (lambda row: replace(row, position=row.position + 1), "missing or inserted"),
        (lambda row: replace(row, position=row.position - 1), "missing or inserted"),
        (lambda row: replace(row, recorded_at=instant.EARLIEST), "not later than the one before"),
        (lambda row: replace(row, recorded_at=ROWS[HERE - 1].recorded_at), "not later than the one before"),
        (lambda row: replace(row, digest=bytes(32)), "does not match its digest"),
        (lambda row: replace(row, payload=row.payload + b" "), "does not match its digest"),
        (lambda row: replace(row, stream="another"), "disagrees with what was signed"),
        (lambda row: replace(row, topic="removed.v2"), "disagrees with what was signed"),
        (lambda row: replace(row, version=row.version + 1), "disagrees with what was signed"),
        (lambda row: replace(row, recorded_at=row.recorded_at + instant.MICROSECOND), "disagrees"),
        (_resigned(b""), "is not a statement of ours"),
        (_resigned(b"null"), "is not a statement of ours"),
        (_resigned(b"{}"), "is not a statement of ours"),
        (_resigned(rfc8785.dumps({"predicate": {}})), "is not a statement of ours"),
        (_resigned(b"[" * 100_000), "is not a statement of ours"),
    ],
)
def test_a_wrong_row_is_named(change: Callable[[SealedEvent], SealedEvent], because: str) -> None:
    check = ChainCheck()
    check.extend(ROWS[:HERE])
    with pytest.raises(BrokenLedger, match=because):
        check.extend([change(ROWS[HERE])])


def test_the_first_event_is_at_position_one() -> None:
    with pytest.raises(BrokenLedger, match="after position 0 comes position 2"):
        ChainCheck().extend(ROWS[1:])


def test_verification_says_how_far_it_is_and_what_it_saw() -> None:
    seen: list[int] = []

    def in_fives(after: int, limit: int) -> list[SealedEvent]:
        return ROWS[after : after + min(limit, 5)]

    verified = verify_ledger(in_fives, keyring(), progress=seen.append)
    assert (verified.events, verified.digest) == (len(ROWS), f"sha256:{ROWS[-1].digest.hex()}")
    assert seen == [*range(5, len(ROWS), 5), len(ROWS)]
