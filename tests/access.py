"""Whoever wants access, and what they want, for tests; and a stream of access without a ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.access import changing, issuing
from domain.access.access import Access
from domain.access.authority import Authority, authority
from domain.access.binding import Binding, Rule
from domain.access.bots import Bot, NotBot
from domain.access.change import (
    Change,
    DropIssuer,
    Grant,
    Group,
    Joined,
    Link,
    RemoveBinding,
    RevokeGrant,
    Said,
    Unlink,
)
from domain.access.fold import fold
from domain.access.issuer import Platform, TrustedIssuer
from domain.access.proposal import AccessProposed, AccessSettled
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.access.token import ApiToken, TokenIssued, TokenRevoked, TokenRotated
from domain.access.webhook import RemoveWebhook, Webhook
from domain.actor import Actor, ActorKind, Claim, Method
from domain.digest import Digest
from domain.event import Event
from domain.identity import Identity
from domain.report import Report
from domain.stream import ACCESS

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SSO = "https://sso.example"
FORGE = "https://forge.example"
GITHUB = "https://token.actions.githubusercontent.com"
OPERATOR = Actor(ActorKind.OPERATOR, "shiplog:embedded", "operator", method=Method.EMBEDDED)
TOLD = Report(fingerprint=Digest.of(b"told"))

FIELDS = {
    Grant: "grant",
    RevokeGrant: "revoke_grant",
    TrustedIssuer: "issuer",
    DropIssuer: "drop_issuer",
    Binding: "binding",
    RemoveBinding: "remove_binding",
    Link: "link",
    Unlink: "unlink",
    Webhook: "webhook",
    RemoveWebhook: "remove_webhook",
    Bot: "bot",
    NotBot: "not_bot",
}


def person(name: str, issuer: str = SSO, **more: Any) -> Actor:
    """Return whoever logged in as *name*."""
    return Actor(ActorKind.PERSON, issuer, name, method=Method.SESSION, **more)


def in_groups(name: str, *groups: str) -> Actor:
    """Return whoever logged in as *name*, being in *groups*."""
    return person(name, claims=tuple(Claim("groups", group) for group in sorted(groups)))


def who(name: str, issuer: str = SSO) -> Identity:
    return Identity(issuer, name)


def change(said: Said) -> Change:
    return Change(**{FIELDS[type(said)]: said})  # type: ignore[arg-type]  # the table has a field for each


def a_grant(to: str | Identity | Group, role: Role, reach: Reach | None = None, **more: Any) -> Grant:
    holder = who(to) if isinstance(to, str) else to
    named = {"group": holder} if isinstance(holder, Group) else {"holder": holder}
    return Grant(role=role, reach=reach or Reach(), **named, **more)


def a_link(one: str, other: str) -> Link:
    """Return the link between a login and an account at the forge."""
    return Link(who(one), who(other, FORGE), Joined.BOTH_LOGINS)


def an_issuer(**changes: Any) -> TrustedIssuer:
    known = TrustedIssuer(
        url=GITHUB,
        platform=Platform.GITHUB,
        audience="https://ledger.example",
        algorithms=("RS256",),
        jwks_url=f"{GITHUB}/.well-known/jwks",
    )
    return replace(known, **changes)


def rules(**claims: str | tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(
        Rule(claim, (values,) if isinstance(values, str) else values)
        for claim, values in sorted(claims.items())
    )


def a_binding(name: str = "payments-ci", **changes: Any) -> Binding:
    bound = Binding(
        name=name,
        issuer=GITHUB,
        rules=rules(repository_id="1001", repository_owner_id="2002", ref="refs/heads/main"),
        reach=Reach(("payments-api",)),
        role=Role.RECORDER,
    )
    return replace(bound, **changes)


def a_webhook(name: str = "chat", **changes: Any) -> Webhook:
    webhook = Webhook(
        name=name,
        url="https://hooks.example/shiplog",
        scopes=(Scope.READ,),
        reach=Reach((), ("prod",)),
        topics=("deployment-failed.v1", "deployment-succeeded.v1"),
    )
    return replace(webhook, **changes)


def a_secret(text: str = "a secret") -> Digest:
    return Digest.of(text.encode())


def a_token(id_: str = "tok00001", *, since: datetime = NOON, **changes: Any) -> ApiToken:
    token = ApiToken(
        id=id_,
        name="nightly import",
        holder=who("importer"),
        scopes=(Scope.REPORT_BUILD, Scope.REPORT_DEPLOYMENT),
        reach=Reach(),
        since=since,
        expires_at=since + timedelta(days=90),
        secret=a_secret(id_),
    )
    return replace(token, **changes)


class Desk:
    """A stream of access that is decided on and folded, as the ledger would, without one."""

    def __init__(self, access: Access | None = None, at: datetime = NOON) -> None:
        self.access = access or Access()
        self.at = at
        self.events: list[Event] = []

    def later(self, **span: float) -> "Desk":
        """Let time pass."""
        self.at += timedelta(**span)
        return self

    def take(self, *events: Event) -> None:
        for event in events:
            self.access = fold(self.access, event)
            self.events.append(event)

    def propose(self, actor: Actor, said: Said, reason: str = "it is needed") -> int:
        """Return the number of the proposal."""
        proposed = changing.propose(
            self.access, actor=actor, at=self.at, told=TOLD, change=change(said), reason=reason
        )
        self.take(*proposed)
        return proposed[0].number

    def settle(self, actor: Actor, number: int, *, confirmed: bool = True) -> None:
        self.take(
            changing.settle(
                self.access, actor=actor, at=self.at, told=TOLD, number=number, confirmed=confirmed
            )
        )

    def give(self, *said: Said) -> int:
        """Have the operator say all of it; return the number of the last."""
        return [self.propose(OPERATOR, each) for each in said][-1]

    def issue(self, token: ApiToken | None = None, by: Actor = OPERATOR) -> ApiToken:
        known = token or a_token(since=self.at)
        self.take(issuing.issue(self.access, actor=by, told=TOLD, token=known))
        return self.access.token(known.id)

    def rotate(self, id_: str, secret: str, grace: int = 0, by: Actor = OPERATOR, **more: Any) -> ApiToken:
        self.take(
            issuing.rotate(
                self.access,
                actor=by,
                at=self.at,
                told=TOLD,
                token=id_,
                secret=a_secret(secret),
                grace_seconds=grace,
                **more,
            )
        )
        return self.access.token(id_)

    def revoke(self, id_: str, by: Actor = OPERATOR) -> ApiToken:
        self.take(issuing.revoke(self.access, actor=by, at=self.at, told=TOLD, token=id_, reason="it leaked"))
        return self.access.token(id_)

    def may(self, actor: Actor, **more: Any) -> Authority:
        return authority(self.access, actor, self.at, **more)


def with_admins(*names: str) -> Desk:
    """Return a desk at which *names* are admins."""
    desk = Desk()
    desk.give(*(a_grant(name, Role.ADMIN) for name in names))
    return desk


def access_events(at: datetime) -> Sequence[Event]:
    """Return events of every topic about access, with every kind of change."""
    admin = person(
        "00u1",
        display=f"person:{'5' * 64}",
        claims=(Claim("groups", "platform"), Claim("groups", "release")),
        auth_time=at - timedelta(minutes=1),
        acr="urn:example:silver",
        amr=("hwk", "pwd"),
        credential=f"sha256:{'a' * 64}",
        on_behalf_of=who("00u9"),
    )
    saids: tuple[Said, ...] = (
        a_grant("00u2", Role.AUDITOR, since=at, until=at + timedelta(days=30)),
        an_issuer(),
        a_binding(),
        a_link("00u1", "4711"),
        RevokeGrant(1),
        RemoveBinding("payments-ci"),
        DropIssuer(GITHUB),
        Unlink(who("00u1"), who("4711", FORGE)),
        a_webhook(),
        RemoveWebhook("chat"),
        Bot(who("49699333", FORGE)),
        NotBot(who("49699333", FORGE)),
    )
    events: list[Event] = []
    for number, said in enumerate(saids, 1):
        proposed = AccessProposed(
            stream=ACCESS,
            version=len(events) + 1,
            occurred_at=at,
            actor=admin if number == 1 else OPERATOR,
            number=number,
            change=change(said),
            reason="it is needed",
        )
        settled = AccessSettled(
            stream=ACCESS,
            version=len(events) + 2,
            occurred_at=at,
            actor=OPERATOR,
            number=number,
            confirmed=True,
            reason="as discussed" if number == 1 else None,
        )
        events += (proposed, settled)
    token = a_token(since=at, cidrs=("10.0.0.0/8",))
    told: dict[str, Any] = {"stream": ACCESS, "occurred_at": at, "actor": OPERATOR, "token": token.id}
    events += (
        TokenIssued(
            **told,
            version=25,
            name=token.name,
            holder=token.holder,
            scopes=token.scopes,
            reach=token.reach,
            expires_at=token.expires_at,
            cidrs=token.cidrs,
            secret=token.secret,
        ),
        TokenRotated(
            **told,
            version=26,
            secret=a_secret("another"),
            old_until=at + timedelta(hours=1),
            expires_at=token.expires_at,
        ),
        TokenRevoked(**told, version=27, reason="it leaked"),
    )
    return [_told_once(event) for event in events]


def _told_once(event: Event) -> Event:
    key = event.natural_key()
    assert key is not None, "every event about access has a key of its own"
    return replace(event, report=Report(fingerprint=key))
