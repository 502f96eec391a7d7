"""Changes of access, as they are proposed."""

from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant
from api.services import Services
from api.v1.values import KEY_PATTERN, Label, Line
from domain import identity
from domain.access import binding as bindings
from domain.access import change as changes
from domain.access import reach as reaches
from domain.access.issuer import IDENTIFYING_MAX, Platform, TrustedIssuer
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.access.webhook import KEY_MAX, NAME_PATTERN, TOPIC_PATTERN, TOPICS_MAX, Webhook
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.identity import Identity

KEYS_LENGTH_MAX = 1 << 18
PATTERN_PATTERN = rf"{KEY_PATTERN[:-1]}\*?$"
"""A name, or the beginning of one with `*` behind it; `domain.access.reach` decides."""

Pattern = Annotated[str, Field(pattern=PATTERN_PATTERN, examples=["payments-*"])]
Patterns = Annotated[list[Pattern], Field(max_length=reaches.PATTERNS_MAX, default_factory=list)]
"""Exact names, or beginnings that end in `*`; none at all: any."""


class IdentityBody(Input):
    """Somebody, by who vouches for them. An e-mail address enters the record as its keyed digest."""

    issuer: Line
    subject: Line

    def value(self, services: Services) -> Identity:
        """Return it as the record may hold it."""
        return identity.recorded(self.issuer, self.subject, services.digests.person)


class ReachBody(Input):
    """How far something reaches: with nothing said, to every service in every environment."""

    services: Patterns
    environments: Patterns

    @property
    def reach(self) -> Reach:
        """The reach said."""
        return Reach.of(self.services, self.environments)


class GroupBody(Input):
    """Everyone who is in a group of that name, as the issuer says at their login.

    A name that is an e-mail address enters the record as its keyed digest, as it does at the login.
    """

    issuer: Line
    name: Label

    def value(self, services: Services) -> changes.Group:
        """Return it as the record may hold it."""
        named = identity.recorded(self.issuer, self.name, services.digests.person)
        return changes.Group(named.issuer, named.subject)


class GrantBody(ReachBody):
    """A role, to a `holder` or to a `group`."""

    role: Role
    holder: IdentityBody | None = None
    group: GroupBody | None = None
    since: Instant | None = None
    until: Instant | None = None

    def value(self, services: Services) -> changes.Grant:
        """Return the grant."""
        return changes.Grant(
            role=self.role,
            reach=self.reach,
            holder=None if self.holder is None else self.holder.value(services),
            group=None if self.group is None else self.group.value(services),
            since=self.since,
            until=self.until,
        )


class IssuerBody(Input):
    """An issuer of workload tokens, whose keys are at `jwks_url`, or in `jwks`: a key set as text."""

    url: Line
    platform: Platform
    audience: Label
    algorithms: Annotated[list[Line], Field(max_length=3)]
    seconds_max: Annotated[int, Field(ge=1, le=3600)] = 3600
    jwks_url: Line | None = None
    jwks: Annotated[str, Field(max_length=KEYS_LENGTH_MAX)] | None = None
    identifying: Annotated[list[Line], Field(max_length=IDENTIFYING_MAX)] | None = None

    @property
    def keys(self) -> bytes | None:
        """The key set that it came with."""
        return None if self.jwks is None else self.jwks.encode()

    def value(self, services: Services) -> TrustedIssuer:
        """Return the issuer; raises `MalformedValue` for a key set that is of no use."""
        if self.keys is not None:
            services.workloads.check_keys(self.keys)
        return TrustedIssuer(
            url=self.url,
            platform=self.platform,
            audience=self.audience,
            algorithms=tuple(sorted(self.algorithms)),
            seconds_max=self.seconds_max,
            jwks_url=self.jwks_url,
            jwks=None if self.keys is None else Digest.of(self.keys),
            identifying=None if self.identifying is None else tuple(self.identifying),
        )


Values = Annotated[list[Line], Field(min_length=1, max_length=bindings.VALUES_MAX)]


class BindingBody(ReachBody):
    """What workloads of an issuer may do: `rules` are claims with the values of each that are accepted."""

    name: Annotated[str, Field(pattern=KEY_PATTERN, examples=["payments-ci"])]
    issuer: Line
    rules: Annotated[dict[Line, Values], Field(max_length=bindings.RULES_MAX)]
    scopes: Annotated[list[Scope], Field(max_length=len(Scope))] | None = None
    role: Role | None = None
    seconds: Annotated[int, Field(ge=1, le=bindings.SECONDS_MAX)] = bindings.SECONDS_MAX

    def value(self) -> bindings.Binding:
        """Return the binding."""
        return bindings.Binding(
            name=self.name,
            issuer=self.issuer,
            rules=tuple(
                bindings.Rule(claim, tuple(sorted(set(values))))
                for claim, values in sorted(self.rules.items())
            ),
            reach=self.reach,
            scopes=None if self.scopes is None else tuple(sorted(set(self.scopes))),
            role=self.role,
            seconds=self.seconds,
        )


Topic = Annotated[str, Field(pattern=f"^{TOPIC_PATTERN}$", examples=["deployment-succeeded.v1"])]


class WebhookBody(ReachBody):
    """Whom the ledger tells of events: at `url`, of `topics`, or of all that `scopes` let it see."""

    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$", examples=["chat"])]
    url: Line
    topics: Annotated[list[Topic], Field(max_length=TOPICS_MAX, default_factory=list)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    key: Annotated[int, Field(ge=1, le=KEY_MAX)] = 1

    def value(self, services: Services) -> Webhook:
        """Return the webhook; raises `MalformedValue` for a topic that no event has."""
        if unknown := set(self.topics) - services.webhooks.topics:
            raise MalformedValue(f"no event has the topic {min(unknown)}: see docs/events.md")
        return Webhook(
            name=self.name,
            url=self.url,
            scopes=tuple(sorted(set(self.scopes))),
            reach=self.reach,
            topics=tuple(sorted(set(self.topics))),
            key=self.key,
        )
