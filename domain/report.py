"""A report: what a reporter told the ledger, and how a second telling is recognised.

Each report has a *fingerprint*, the digest of what was told, and one or more
*keys*, the things it may be told about only once. Same key and same fingerprint
is a retry, answered as before; same key and another fingerprint is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from domain import canonical, names
from domain.digest import Digest
from domain.errors import MalformedValue

KEYS_KEPT_MAX = 8192
"""A key is asked for when a report is looked up, when it is decided on and when it is appended."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where an event came from: kept inside it, so that retries are recognised after any rebuild."""

    fingerprint: Digest
    """Digest of the canonical content of the report, without its own id."""
    reporter: str | None = None
    """Who speaks, when one credential reports for several; a name the reporter chose."""
    id: str | None = None
    """The reporter's own name for this report, unique per reporter."""

    def __post_init__(self) -> None:
        """Refuse ill-formed names."""
        if self.reporter is not None:
            names.name(self.reporter, "reporter")
        if self.id is not None:
            names.name(self.id, "report id")


def fingerprint(kind: str, content: Mapping[str, object]) -> Digest:
    """Return the digest of a report of *kind* saying *content*."""
    return canonical.digest({"kind": kind, "content": content})


@lru_cache(maxsize=KEYS_KEPT_MAX)
def key(*parts: str) -> Digest:
    """Return the key under which only one report is accepted."""
    return canonical.digest(list(parts))


def keys(report: Report, natural: Digest) -> tuple[Digest, ...]:
    """Return every key *report* occupies: what it is about, and the reporter's own id for it."""
    if report.id is None:
        return (natural,)
    return (natural, key("id", report.reporter or "", report.id))


SEQUENCE_MAX = 2**31 - 1


def rank(sequence: int, fingerprint: Digest) -> int:
    """Return what orders two reports about the same slot and the same instant.

    The reporter's own *sequence* decides; between equal ones the fingerprint
    does, so that the order in which reports arrive never does. Below 2**63.
    """
    return sequence << 32 | int(fingerprint.hex[:8], 16)


def checked_sequence(sequence: int) -> int:
    """Return *sequence* when it is within 0 to 2**31 - 1."""
    if not 0 <= sequence <= SEQUENCE_MAX:
        raise MalformedValue(f"sequence {sequence} is outside 0 to {SEQUENCE_MAX}")
    return sequence
