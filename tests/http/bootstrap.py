"""An issuer, a binding and a workload with a token of ours, said by the operator of a world."""

from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from api.access.exchange import GRANT_TYPE, TOKEN_TYPES
from domain.access.issuer import Platform
from domain.instant import EARLIEST
from tests import issuer as issuers
from tests.http.world import Document, World
from tests.issuer import AUDIENCE, Issuer

PROPOSALS = "/v1/access/proposals"
PAYMENTS: Document = {
    "name": "payments-ci",
    "issuer": issuers.URLS[Platform.GITHUB],
    "rules": {"repository_id": ["41"], "repository_owner_id": ["7"]},
    "services": ["payments-api"],
    "scopes": ["read", "report:build", "report:deployment"],
}


def propose(world: World, headers: dict[str, str] | None = None, **change: Any) -> TestResponse:
    """Propose *change*; a second passes."""
    body = {"reason": "it is needed", **change}
    answer = world.client.post(PROPOSALS, json=body, headers=headers or {})
    world.clock.advance()
    return answer


def agreed(world: World, **change: Any) -> int:
    """Have the operator make *change*; return its number."""
    answer = propose(world, **change)
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert told["waits"] is False
    number: int = told["number"]
    return number


def trust(world: World, issuer: Issuer, **changes: Any) -> int:
    """Have the operator trust *issuer*, whose keys come as a file."""
    said = {
        "url": issuer.url or issuers.URLS[issuer.platform],
        "platform": issuer.platform,
        "audience": AUDIENCE,
        "algorithms": sorted(issuer.keys),
        "jwks": issuer.jwks().decode(),
    }
    return agreed(world, issuer={**said, **changes})


def vouched(issuer: Issuer, at: datetime, jti: str = "j-1", seconds: int = 300, **said: Any) -> str:
    """Return a token of *issuer* that is good from *at* on, for *seconds*."""
    now = int((at - EARLIEST).total_seconds())
    return issuer.token(**{"iat": now, "nbf": now, "exp": now + seconds, "jti": jti, **said})


def form(token: str, **more: str) -> dict[str, str]:
    """Return the form that exchanges *token*."""
    return {
        "grant_type": GRANT_TYPE,
        "subject_token": token,
        "subject_token_type": TOKEN_TYPES[0],
        **more,
    }


def exchange(world: World, token: str, **more: str) -> TestResponse:
    """Exchange *token* over HTTP."""
    return world.client.post("/v1/token", data=form(token, **more))


def bearer(token: str) -> dict[str, str]:
    """Return the header that presents *token*."""
    return {"Authorization": f"Bearer {token}"}
