"""A configuration is its content: the same has the same number, and secrets are not in it."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from domain import config_version
from domain.config_version import ConfigRecorded, Configs, Entry
from domain.errors import ContradictoryReport, LedgerError, MalformedValue, UnknownConfig
from tests.builders import CI, NOON, digest, report, target

KEYED = f"hmac-sha256:{'0' * 64}"
LATER = NOON + timedelta(hours=1)


def recorded(configs: Configs | None = None, **said: Any) -> ConfigRecorded:
    """Record a configuration with one plain entry, but for what is *said*."""
    told: dict[str, Any] = {
        "version": 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "target": target(),
        "entries": (Entry("LOG_LEVEL", value="info"),),
        "digest": None,
        "author": None,
    }
    return config_version.record(configs or Configs(), **{**told, **said})


def folded(*events: ConfigRecorded) -> Configs:
    return reduce(config_version.fold, events, Configs())


def only(key: str, value: str) -> dict[str, Any]:
    return {"entries": (Entry(key, value=value),)}


def test_the_first_configuration_is_number_one() -> None:
    event = recorded()
    assert (event.stream, event.number) == ("target:payments-api@prod", 1)


def test_another_content_has_the_next_number() -> None:
    known = folded(recorded())
    assert recorded(known, **only("LOG_LEVEL", "debug")).number == 2


def test_the_same_content_keeps_its_number() -> None:
    first = recorded()
    second = recorded(folded(first), **only("LOG_LEVEL", "debug"))
    again = recorded(folded(first, second), occurred_at=LATER)
    assert (again.number, again.digest) == (1, first.digest)


def test_the_order_of_entries_is_no_content() -> None:
    one, other = Entry("A", value="1"), Entry("B", secret=KEYED)
    assert recorded(entries=(one, other)).digest == recorded(entries=(other, one)).digest
    assert recorded(entries=(other, one)).entries == (one, other)


def test_a_secret_and_a_plain_value_of_the_same_text_differ() -> None:
    plain, secret = Entry("A", value=KEYED), Entry("A", secret=KEYED)
    assert recorded(entries=(plain,)).digest != recorded(entries=(secret,)).digest


def test_a_digest_alone_is_a_configuration() -> None:
    event = recorded(entries=None, digest=digest("config"))
    assert (event.entries, event.digest) == (None, digest("config"))


def test_no_entries_at_all_are_a_configuration() -> None:
    assert recorded(entries=()).entries == ()


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"entries": None}, ContradictoryReport),
        ({"digest": digest()}, ContradictoryReport),
        ({"entries": (Entry("A", value="1"), Entry("A", value="2"))}, ContradictoryReport),
        ({"entries": tuple(Entry(f"K{n}", value="") for n in range(2001))}, ContradictoryReport),
        ({"author": "jo@example.com"}, MalformedValue),
        ({"author": "person:0"}, MalformedValue),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(said: dict[str, Any], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        recorded(**said)


def test_2000_entries_are_accepted() -> None:
    event = recorded(entries=tuple(Entry(f"K{n}", value="") for n in range(2000)))
    assert event.entries is not None
    assert len(event.entries) == 2000


def test_a_configuration_speaks_about_itself() -> None:
    event = recorded()
    assert [subject.hex for subject in event.subjects()] == [event.digest.hex]


# -- which one is in force


def test_none_is_in_force_before_the_first() -> None:
    configs = folded(recorded())
    with pytest.raises(UnknownConfig):
        config_version.in_force(configs, NOON - timedelta(seconds=1))
    assert config_version.in_force(configs, NOON)[0] == 1


def test_a_later_one_is_in_force_from_its_instant_on() -> None:
    first = recorded()
    second = recorded(folded(first), occurred_at=LATER, **only("LOG_LEVEL", "debug"))
    configs = folded(first, second)
    assert config_version.in_force(configs, LATER - timedelta(seconds=1))[0] == 1
    assert config_version.in_force(configs, LATER)[0] == 2


def test_one_told_late_is_in_force_in_between() -> None:
    later = recorded(occurred_at=LATER)
    early = recorded(folded(later), **only("LOG_LEVEL", "debug"))
    configs = folded(later, early)
    assert config_version.in_force(configs, NOON)[0] == 2
    assert config_version.in_force(configs, LATER)[0] == 1


def test_of_two_for_one_instant_the_one_told_last_is_in_force() -> None:
    first = recorded()
    second = recorded(folded(first), **only("LOG_LEVEL", "debug"))
    assert config_version.in_force(folded(first, second), NOON) == (2, second.digest)


def test_going_back_to_an_earlier_content_puts_it_in_force_again() -> None:
    first = recorded()
    second = recorded(folded(first), **only("LOG_LEVEL", "debug"))
    again = replace(first, occurred_at=LATER, version=3)
    assert config_version.in_force(folded(first, second, again), LATER) == (1, first.digest)


def test_a_keyed_digest_is_told_from_a_secret() -> None:
    assert config_version.is_keyed(KEYED)
    assert not config_version.is_keyed("hunter2")
    assert not config_version.is_keyed(f"{KEYED}\n")
