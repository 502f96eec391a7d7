"""Who is asking, as far as this version can tell.

There are no accounts yet. A server without a token answers anyone who can reach
it, which is why it only listens on loopback then; the record says `anonymous`.
"""

import hmac
from hashlib import sha256

from flask import Request

from api.mount import Authorise
from api.operations import Operation
from api.refusals import Unauthenticated
from domain.actor import Actor, ActorKind

ANYONE = Actor(ActorKind.ANONYMOUS, issuer="shiplog:server", subject="anyone")
_SCHEME = "Bearer "


def always(actor: Actor) -> Authorise:
    """Return what takes everyone for *actor*: for a ledger opened in this process."""

    def authorise(_operation: Operation, _request: Request) -> Actor:
        return actor

    return authorise


def bearer(token: str) -> Authorise:
    """Return what demands *token* (RFC 6750); whoever has it is recorded by its digest, shortened."""
    holder = Actor(
        ActorKind.TOKEN,
        issuer="shiplog:server",
        subject=f"token:{sha256(token.encode()).hexdigest()[:16]}",
    )

    def authorise(_operation: Operation, request: Request) -> Actor:
        given = request.headers.get("Authorization", "")
        if not given.startswith(_SCHEME) or not hmac.compare_digest(
            given.removeprefix(_SCHEME).encode(), token.encode()
        ):
            raise Unauthenticated(
                "a bearer token is required", headers={"WWW-Authenticate": 'Bearer realm="shiplog"'}
            )
        return holder

    return authorise
