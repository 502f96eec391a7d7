"""Bots: accounts that write commits and are nobody, such as what updates dependencies."""

from dataclasses import dataclass

from domain.identity import Identity


@dataclass(frozen=True, slots=True)
class Bot:
    """An identity is a bot's. Whoever merges what it wrote answers for it as its author (SOD-11)."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class NotBot:
    """An identity was taken for a bot's by mistake."""

    identity: Identity
