"""What is in force, and what waits, as it is listed."""

from datetime import datetime
from typing import Any

from api.fields import Instant, Output
from api.v1.access_shapes import GroupShape, IdentityShape, ReachShape
from api.v1.shapes import ActorShape, actor_shape, shown
from api.v1.values import ContentDigest
from domain.access.access import Held, begins, in_force
from domain.access.binding import Binding
from domain.access.bots import Bot
from domain.access.change import Grant, Joined
from domain.access.issuer import Platform, TrustedIssuer
from domain.access.people import Linked
from domain.access.proposal import Proposal
from domain.access.roles import Role
from domain.access.scopes import Scope


class GrantShape(Output):
    """A role that somebody has; `number` is that of the proposal that gave it."""

    number: int
    role: Role
    holder: IdentityShape | None
    group: GroupShape | None
    reach: ReachShape
    since: Instant
    until: Instant | None
    in_force: bool

    @classmethod
    def of(cls, held: Held[Grant], at: datetime) -> "GrantShape":
        """Show what was *held* at *at*."""
        grant = held.said
        return cls(
            number=held.number,
            role=grant.role,
            holder=shown(grant.holder, IdentityShape.of),
            group=shown(grant.group, GroupShape.of),
            reach=ReachShape.of(grant.reach),
            since=begins(held),
            until=grant.until,
            in_force=in_force(held, at),
        )


class IssuerShape(Output):
    """An issuer that is listened to."""

    number: int
    url: str
    platform: Platform
    audience: str
    algorithms: list[str]
    seconds_max: int
    jwks_url: str | None
    jwks: ContentDigest | None
    identifying: list[str]
    since: Instant

    @classmethod
    def of(cls, held: Held[TrustedIssuer]) -> "IssuerShape":
        """Show what is *held*."""
        issuer = held.said
        return cls(
            number=held.number,
            url=issuer.url,
            platform=issuer.platform,
            audience=issuer.audience,
            algorithms=list(issuer.algorithms),
            seconds_max=issuer.seconds_max,
            jwks_url=issuer.jwks_url,
            jwks=issuer.jwks,
            identifying=list(issuer.required),
            since=held.since,
        )


class BindingShape(Output):
    """What workloads may do, and which."""

    number: int
    name: str
    issuer: str
    rules: dict[str, list[str]]
    scopes: list[Scope]
    reach: ReachShape
    seconds: int
    since: Instant

    @classmethod
    def of(cls, held: Held[Binding]) -> "BindingShape":
        """Show what is *held*."""
        binding = held.said
        return cls(
            number=held.number,
            name=binding.name,
            issuer=binding.issuer,
            rules={rule.claim: list(rule.values) for rule in binding.rules},
            scopes=sorted(binding.allowed),
            reach=ReachShape.of(binding.reach),
            seconds=binding.seconds,
            since=held.since,
        )


class LinkShape(Output):
    """Two identities of one person."""

    one: IdentityShape
    other: IdentityShape
    how: Joined
    since: Instant

    @classmethod
    def of(cls, linked: Linked) -> "LinkShape":
        """Show *linked*."""
        link = linked.link
        return cls(
            one=IdentityShape.of(link.one),
            other=IdentityShape.of(link.other),
            how=link.how,
            since=linked.since,
        )


class BotShape(Output):
    """An account that is a bot's, and since when that is recorded."""

    number: int
    identity: IdentityShape
    since: Instant

    @classmethod
    def of(cls, held: Held[Bot]) -> "BotShape":
        """Show what is *held*."""
        return cls(number=held.number, identity=IdentityShape.of(held.said.identity), since=held.since)


class ProposalShape(Output):
    """A change that waits for somebody to confirm it."""

    number: int
    change: dict[str, Any]
    """What would change, in one member, by the names of the body that proposes it."""
    reason: str
    proposed_by: ActorShape
    proposed_at: Instant
    expires_at: Instant

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalShape":
        """Show *proposal*."""
        return cls(
            number=proposal.number,
            change=proposal.change.document(),
            reason=proposal.reason,
            proposed_by=actor_shape(proposal.proposed_by),
            proposed_at=proposal.proposed_at,
            expires_at=proposal.expires_at,
        )
