"""API tokens as they are shown."""

from datetime import datetime

from api.fields import Instant, Output
from api.v1.access_shapes import IdentityShape, ReachShape
from domain.access.scopes import Scope
from domain.access.token import ApiToken


class TokenShape(Output):
    """An API token; of its secret nothing is shown."""

    id: str
    name: str
    holder: IdentityShape
    scopes: list[Scope]
    reach: ReachShape
    networks: list[str]
    since: Instant
    expires_at: Instant
    revoked_at: Instant | None
    live: bool
    last_used_at: Instant | None = None
    """To the minute; null: never, or another moment than this one is asked about."""
    last_used_from: str | None = None
    """The network, as `192.0.2.0/24`."""

    @classmethod
    def of(cls, token: ApiToken, at: datetime) -> "TokenShape":
        """Show *token* as it is at *at*."""
        return cls(
            id=token.id,
            name=token.name,
            holder=IdentityShape.of(token.holder),
            scopes=list(token.scopes),
            reach=ReachShape.of(token.reach),
            networks=list(token.cidrs),
            since=token.since,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            live=token.is_live(at),
        )

    def used(self, use: tuple[datetime, str] | None) -> "TokenShape":
        """Show its last *use* as well, if there was any."""
        if use is None:
            return self
        return self.model_copy(update={"last_used_at": use[0], "last_used_from": use[1]})
