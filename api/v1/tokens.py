"""Issue API tokens, rotate and revoke them. A secret is told once, in the answer that it was made for."""

from typing import Annotated

from pydantic import Field

from api.access import opaque
from api.access.opaque import OpaqueKind
from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.access import DECIDING, LandedShape, landed
from api.v1.access_bodies import IdentityBody, ReachBody
from api.v1.token_shapes import TokenShape
from api.v1.values import Label, Line
from domain.access.access import Access
from domain.access.fold import fold
from domain.access.scopes import Scope
from domain.access.token import GRACE_SECONDS_MAX, NETWORKS_MAX
from domain.actor import Actor
from domain.commands.issue_token import IssueToken, issue_token
from domain.commands.revoke_token import RevokeToken, revoke_token
from domain.commands.rotate_token import RotateToken, rotate_token
from domain.ports import Receipt
from domain.stream import ACCESS

TokenId = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{8,32}$", examples=["Rk3v9QzT1aBc"])]


class TokenBody(ReachBody):
    """A token for `holder`, who acts when it is used. It ends, at most a year from now."""

    name: Label
    holder: IdentityBody
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Instant
    networks: Annotated[list[Line], Field(max_length=NETWORKS_MAX, default_factory=list)]
    """From where it may be used, as `10.0.0.0/8`; none: from anywhere."""


class SecretShape(Output):
    """A token, and the secret that is presented: told once, and null when the answer is repeated."""

    token: TokenShape
    secret: str | None
    recorded: LandedShape


@operation(
    "POST",
    "/v1/access/tokens",
    scope=Scope.TOKEN_ISSUE,
    fresh=True,
    status=201,
    refusals=DECIDING,
    tag="access",
)
def issue_api_token(*, body: TokenBody, actor: Actor, services: Services) -> Reply[SecretShape]:
    """Issue an API token. Who lost the answer rotates the token, or revokes it and asks for another."""
    text, made = opaque.generate(OpaqueKind.API)
    command = IssueToken(
        actor=actor,
        token=made.id,
        name=body.name,
        holder=body.holder.value(services),
        scopes=tuple(sorted(set(body.scopes))),
        reach=body.reach,
        expires_at=body.expires_at,
        cidrs=tuple(sorted(set(body.networks))),
        secret=made.secret,
    )
    return _told(made.id, text, issue_token(command, ledger=services.ledger), services)


class RotationBody(Input):
    """`grace_seconds`: how long the secret before stays good; `expires_at`: a new end, if it gets one."""

    grace_seconds: Annotated[int, Field(ge=0, le=GRACE_SECONDS_MAX)] = 0
    expires_at: Instant | None = None


@operation(
    "POST",
    "/v1/access/tokens/<token>:rotate",
    scope=Scope.TOKEN_ISSUE,
    fresh=True,
    status=201,
    refusals=DECIDING,
    tag="access",
)
def rotate_api_token(
    *, token: TokenId, body: RotationBody, actor: Actor, services: Services
) -> Reply[SecretShape]:
    """Give an API token another secret."""
    text, made = opaque.renewed(OpaqueKind.API, token)
    command = RotateToken(
        actor=actor,
        token=token,
        secret=made.secret,
        grace_seconds=body.grace_seconds,
        expires_at=body.expires_at,
    )
    return _told(token, text, rotate_token(command, ledger=services.ledger), services)


class RevocationBody(Input):
    """Why."""

    reason: Line


@operation(
    "POST",
    "/v1/access/tokens/<token>:revoke",
    scope=None,
    status=201,
    also=(200,),
    refusals=DECIDING,
    tag="access",
)
def revoke_api_token(
    *, token: TokenId, body: RevocationBody, actor: Actor, services: Services
) -> Reply[LandedShape]:
    """End an API token at once. Whoever holds it may do that as well, with the token itself."""
    command = RevokeToken(actor=actor, token=token, reason=body.reason)
    receipt = revoke_token(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


def _told(id_: str, text: str, receipt: Receipt, services: Services) -> Reply[SecretShape]:
    access = services.ledger.load(ACCESS, fold) or Access()
    shown = TokenShape.of(access.token(id_), services.ledger.now())
    recorded = LandedShape.of(receipt)
    return landed(
        SecretShape(token=shown, secret=text, recorded=recorded),
        receipt,
        again=SecretShape(token=shown, secret=None, recorded=recorded),
    )


OPERATIONS = (issue_api_token, rotate_api_token, revoke_api_token)
