"""A config version: the configuration of a target at one moment, by digest over its keys.

Plain values are kept. Secret values never enter the ledger: only a keyed digest
does, so that a change is visible and a guess is not.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from domain import canonical, names
from domain.actor import Actor
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue, SecretInClear, UnknownConfig
from domain.event import Event, Subject
from domain.grown import GrownMap, GrownOrder
from domain.report import Report
from domain.stream import target_stream
from domain.target import Target

ENTRIES_MAX = 2000
VALUE_LENGTH_MAX = 8192

_ENTRY_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,199}", re.ASCII)
_KEYED = re.compile(r"hmac-sha256:[0-9a-f]{64}", re.ASCII)
_PERSON = re.compile(r"person:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a configuration: a plain value, or the keyed digest of a secret one."""

    key: str
    value: str | None = None
    secret: str | None = None
    """`hmac-sha256:` and 64 hex digits; made at the source or on arrival."""

    def __post_init__(self) -> None:
        """Refuse ill-formed keys, both or neither form, and credentials in clear."""
        if _ENTRY_KEY.fullmatch(self.key) is None:
            raise MalformedValue(
                f"not a configuration key: {self.key[:220]!r}, expected 1 to 200 of"
                " A-Z a-z 0-9 _ . / - starting with a letter or _"
            )
        if (self.value is None) == (self.secret is None):
            raise ContradictoryReport(f"{self.key} needs either a value or a secret")
        if self.secret is not None and _KEYED.fullmatch(self.secret) is None:
            raise MalformedValue(f"secret of {self.key} is not hmac-sha256: and 64 hex digits")
        if self.value is not None:
            _check_value(self.key, self.value)


@dataclass(frozen=True, kw_only=True)
class ConfigRecorded(Event):
    """From `occurred_at` on, this is the configuration meant for the target."""

    topic: ClassVar[str] = "config-recorded.v1"

    target: Target
    number: int
    """1 for a target's first configuration; the same content has the same number."""
    digest: Digest
    entries: tuple[Entry, ...] | None = None
    """Sorted by key; None when only the digest was reported."""
    author: str | None = None
    """`person:` and 64 hex digits: a keyed digest of whoever changed it."""

    def subjects(self) -> tuple[Subject, ...]:
        """Return the configuration."""
        return (Subject(f"config of {self.target}", "sha256", self.digest.hex),)


@dataclass(frozen=True, slots=True)
class Configs:
    """What a target's stream says of its configurations."""

    numbers: GrownMap[str, int] = field(default_factory=GrownMap)
    """By digest, as text; numbers have no gaps."""
    in_force: GrownOrder = field(default_factory=GrownOrder)
    """Every (from, place in order of arrival, number, digest as text) reported."""


def fold(configs: Configs, event: Event) -> Configs:
    """Advance *configs* by one event of the target's stream."""
    match event:
        case ConfigRecorded():
            meant = (event.occurred_at, len(configs.in_force), event.number, event.digest.text)
            return Configs(
                numbers=numbered(configs, event.digest, event.number),
                in_force=configs.in_force.with_new(meant),
            )
        case _:
            return configs


def numbered(configs: Configs, digest: Digest, number: int) -> GrownMap[str, int]:
    """Return the numbers of *configs* with *digest*, which may be among them."""
    known = configs.numbers
    return known if digest.text in known else known.with_new(digest.text, number)


def number_of(configs: Configs, digest: Digest) -> int:
    """Return the number *digest* has in this target, or the next free one."""
    return configs.numbers.get(digest.text) or len(configs.numbers) + 1


def known_as(configs: Configs, name: str | int | Digest) -> tuple[int, Digest] | None:
    """Return number and digest of the configuration that goes by *name*, one of the two; None for neither."""
    if isinstance(name, Digest):
        number = configs.numbers.get(name.text)
        return None if number is None else (number, name)
    for text, number in configs.numbers.items():
        if number == name:
            return number, Digest(text)
    return None


def in_force(configs: Configs, at: datetime) -> tuple[int, Digest]:
    """Return number and digest of the configuration meant at *at*; raises `UnknownConfig`."""
    meant = configs.in_force.last_until(at)
    if meant is None:
        raise UnknownConfig(f"no configuration is recorded for {at.isoformat()} or before")
    _, _, number, digest = meant
    return number, Digest(digest)


def digest_of(entries: tuple[Entry, ...]) -> Digest:
    """Return the digest over keys, plain values and keyed digests."""
    return canonical.digest(
        {
            entry.key: {"secret": entry.secret} if entry.value is None else {"value": entry.value}
            for entry in entries
        }
    )


def record(
    configs: Configs,
    *,
    version: int,
    occurred_at: datetime,
    actor: Actor,
    told: Report,
    target: Target,
    entries: tuple[Entry, ...] | None,
    digest: Digest | None,
    author: str | None,
) -> ConfigRecorded:
    """Decide what this configuration adds to the target's stream.

    Exactly one of *entries* and *digest* is given. Raises `ContradictoryReport`
    for both, neither, a key given twice or too many of them.
    """
    if (entries is None) == (digest is None):
        raise ContradictoryReport("a configuration needs either entries or a digest")
    if entries is not None:
        entries = _sorted(entries)
    meant = digest if entries is None else digest_of(entries)
    assert meant is not None, "one of the two is given"
    if author is not None and _PERSON.fullmatch(author) is None:
        raise MalformedValue("author is not person: and 64 hex digits")
    return ConfigRecorded(
        stream=target_stream(target),
        version=version,
        occurred_at=occurred_at,
        actor=actor,
        report=told,
        target=target,
        number=number_of(configs, meant),
        digest=meant,
        entries=entries,
        author=author,
    )


def _sorted(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if len(entries) > ENTRIES_MAX:
        raise ContradictoryReport(f"{len(entries)} configuration keys, at most {ENTRIES_MAX}")
    if len({entry.key for entry in entries}) != len(entries):
        raise ContradictoryReport("a configuration key is given twice")
    return tuple(sorted(entries, key=lambda entry: entry.key))


def _check_value(key: str, value: str) -> None:
    if len(value) > VALUE_LENGTH_MAX:
        raise MalformedValue(f"value of {key} has {len(value)} characters, at most {VALUE_LENGTH_MAX}")
    if not value.isprintable() and not value.replace("\n", "").replace("\t", "").isprintable():
        raise MalformedValue(f"value of {key} has a control character or an unpaired surrogate")
    if names.holds_credential(value):
        raise SecretInClear(f"the value of {key} looks like a credential; report it as a secret")


def is_keyed(text: str) -> bool:
    """Whether *text* is a keyed digest, made where the secret lives."""
    return _KEYED.fullmatch(text) is not None
