"""Waivers: one violation is accepted for a while, by people who answer for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain import instant
from domain.policy.sets import WaiverTerms

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What facts say of one. People are counted, not their identities."""

    id: str
    rule: str
    term: str
    """Of one violation, or `*` for every one of the rule."""
    services: tuple[str, ...]
    artifact: str
    """A digest, or `*`."""
    granted_at: datetime
    expires_at: datetime
    requester: str
    approvers: tuple[str, ...]
    ref: str

    @classmethod
    def of(cls, fact: Mapping[str, Any]) -> "Waiver":
        """Read what the facts hold."""
        return cls(
            id=fact["id"],
            rule=fact["rule"],
            term=fact["term"],
            services=tuple(fact["services"]),
            artifact=fact["artifact"],
            granted_at=instant.parse(fact["granted_at"]),
            expires_at=instant.parse(fact["expires_at"]),
            requester=fact["requester"],
            approvers=tuple(fact["approvers"]),
            ref=fact["ref"],
        )

    def is_valid(self, at: datetime, terms: WaiverTerms) -> bool:
        """Whether it holds at *at* under *terms*: not over, not for too long, by enough people."""
        others = {each for each in self.approvers if each.strip()} - {self.requester}
        return (
            self.granted_at <= at < self.expires_at
            and self.expires_at - self.granted_at <= timedelta(days=terms.days_max)
            and len(others) >= terms.approvers_min
        )

    def covers(self, rule: str, term: str, service: str, artifacts: Iterable[str]) -> bool:
        """Whether it is for this violation of *service*, whose release is *artifacts*."""
        return (
            self.rule == rule
            and self.term in (ANY, term)
            and (ANY in self.services or service in self.services)
            and (self.artifact == ANY or set(artifacts) == {self.artifact})
        )
