"""Issue an API token."""

from dataclasses import dataclass
from datetime import datetime

from domain import instant, report
from domain.access import issuing
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.access.token import ApiToken, TokenIssued
from domain.commands.deciding_access import Decided, decide_once
from domain.digest import Digest
from domain.identity import Identity
from domain.ports import Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken(Decided):
    """The command: a token whose id and secret were made up for it; of the secret, the SHA-256."""

    token: str
    name: str
    holder: Identity
    scopes: tuple[Scope, ...]
    reach: Reach
    expires_at: datetime
    cidrs: tuple[str, ...] = ()
    secret: Digest


def issue_token(command: IssueToken, *, ledger: Ledger) -> Receipt:
    """Append the token to *ledger*, once; raises `MalformedValue` and what `issuing.issue` refuses with."""
    said = {
        "token": command.token,
        "name": command.name,
        "holder": [command.holder.issuer, command.holder.subject],
        "scopes": list(command.scopes),
        "reach": [command.reach.services, command.reach.environments],
        "expires_at": instant.text(command.expires_at),
        "cidrs": command.cidrs,
        "secret": command.secret.text,
        "by": command.by(),
    }
    told = command.report(report.fingerprint("token", said))

    def token_at(since: datetime) -> ApiToken:
        return ApiToken(
            id=command.token,
            name=command.name,
            holder=command.holder,
            scopes=command.scopes,
            reach=command.reach,
            since=since,
            expires_at=command.expires_at,
            cidrs=command.cidrs,
            secret=command.secret,
        )

    return decide_once(
        told,
        lambda _: report.key(TokenIssued.topic, command.token),
        lambda access, at: [issuing.issue(access, actor=command.actor, told=told, token=token_at(at))],
        ledger=ledger,
    )
