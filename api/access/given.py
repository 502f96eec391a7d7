"""How much access was given at all: a ledger that nobody may ask is closed, not broken."""

from dataclasses import dataclass

from domain.access.access import Access, in_force
from domain.access.fold import fold
from domain.ports import LedgerReader
from domain.stream import ACCESS


@dataclass(frozen=True, slots=True)
class Given:
    """How many of each are in force."""

    grants: int
    bindings: int
    tokens: int

    @property
    def nothing(self) -> bool:
        """Whether nobody may do anything but whoever has the ledger's files."""
        return not (self.grants or self.bindings or self.tokens)

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.grants} grants, {self.bindings} bindings, {self.tokens} tokens"


def given(ledger: LedgerReader) -> Given:
    """Return how much of *ledger* was opened to anybody."""
    access = ledger.load(ACCESS, fold) or Access()
    at = max(ledger.now(), access.at)
    return Given(
        grants=sum(in_force(held, at) for held in access.grants.values()),
        bindings=len(access.bindings),
        tokens=sum(token.is_live(at) for token in access.tokens.values()),
    )
