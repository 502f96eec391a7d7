"""Webhooks: whom the ledger tells that something was recorded, and of what."""

import re
from dataclasses import dataclass
from itertools import pairwise

from domain.access import url
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.errors import ContradictoryReport, MalformedValue

TOPICS_MAX = 50
KEY_MAX = 1000
SEEING = frozenset({Scope.READ, Scope.ACCESS_READ})
"""What a webhook can be let see."""
NAME_PATTERN = "[a-z0-9][a-z0-9_-]{0,39}"
"""It is part of what is signed, between full stops: it has none."""
TOPIC_PATTERN = r"[a-z][a-z0-9-]{0,79}\.v[0-9]{1,3}"
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_TOPIC = re.compile(TOPIC_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who is told of events.

    Said again under the same name, the later one holds, and goes on where the one before it was.
    """

    name: str
    url: str
    """Where it is told: https, or http on this machine."""
    scopes: tuple[Scope, ...]
    """What it may see, in order: `read`, what is within its reach; `access:read`, who may do what."""
    reach: Reach
    topics: tuple[str, ...] = ()
    """Of these it is told, in order; none: of all that it may see."""
    key: int = 1
    """Which of its keys signs; for a while, so does the one before. A higher number is another key."""

    def __post_init__(self) -> None:
        """Refuse what nobody could be told, and what is no topic."""
        if _NAME.fullmatch(self.name) is None:
            raise MalformedValue(
                f"not a webhook: {self.name[:120]!r}, expected 1 to 40 of a-z 0-9 _ - starting with a letter"
                " or digit"
            )
        url.secure(self.url, "url")
        if not self.scopes or any(one >= other for one, other in pairwise(self.scopes)):
            raise MalformedValue("scopes are expected in ascending order, at least one and none twice")
        if unfit := set(self.scopes) - SEEING:
            raise ContradictoryReport(f"a webhook is told, and does nothing: not {', '.join(sorted(unfit))}")
        if len(self.topics) > TOPICS_MAX:
            raise MalformedValue(f"{len(self.topics)} topics, at most {TOPICS_MAX}")
        for topic in self.topics:
            if _TOPIC.fullmatch(topic) is None:
                raise MalformedValue(f"not a topic: {topic[:100]!r}, expected one as removed.v1")
        if any(one >= other for one, other in pairwise(self.topics)):
            raise MalformedValue("topics are expected in ascending order, none twice")
        if not 0 < self.key <= KEY_MAX:
            raise MalformedValue(f"key is {self.key}, expected 1 to {KEY_MAX}")

    def wants(self, topic: str) -> bool:
        """Whether it is told of events with *topic*, if it may see them."""
        return not self.topics or topic in self.topics


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    """Nobody is told any more."""

    name: str
