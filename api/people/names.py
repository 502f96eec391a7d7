"""The port to what people are called: kept in clear, beside the record, where it can be erased."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from domain.identity import Identity

NAME_LENGTH_MAX = 200


class PeopleNames(Protocol):
    """Display names by identity. Durable on return; safe to use from any thread and process.

    Raises `LedgerUnavailable` when the database is not there.
    """

    def keep(self, identity: Identity, name: str) -> None:
        """Keep *name* as what *identity* is called from now on."""
        ...

    def of(self, identities: Iterable[Identity]) -> Mapping[Identity, str]:
        """Return what *identities* are called, those of whom that is known."""
        ...

    def forget(self, identity: Identity) -> bool:
        """Erase what *identity* is called; False when nothing is known."""
        ...


def tidy(name: str) -> str | None:
    """Return *name* as one bounded line; None when nothing is left of it.

    Issuers let people call themselves anything.
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in name[: 4 * NAME_LENGTH_MAX])
    return " ".join(printable.split())[:NAME_LENGTH_MAX].strip() or None
