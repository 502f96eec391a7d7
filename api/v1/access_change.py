"""A proposed change: exactly one of twelve things."""

from typing import Annotated

from pydantic import Field

from api.fields import Input
from api.services import Services
from api.v1.access_bodies import BindingBody, GrantBody, IdentityBody, IssuerBody, WebhookBody
from api.v1.shapes import shown
from api.v1.values import KEY_PATTERN, Line, Number, ReportId
from domain.access.bots import Bot, NotBot
from domain.access.change import Change, DropIssuer, Joined, Link, RemoveBinding, RevokeGrant, Unlink
from domain.access.webhook import NAME_PATTERN, RemoveWebhook


class RevokeGrantBody(Input):
    """The grant that the proposal of that number made."""

    number: Number


class DropIssuerBody(Input):
    """An issuer; its bindings end with it."""

    url: Line


class RemoveBindingBody(Input):
    """A binding; what was exchanged under it ends with it."""

    name: Annotated[str, Field(pattern=KEY_PATTERN)]


class RemoveWebhookBody(Input):
    """A webhook; nobody is told any more."""

    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]


class BotBody(Input):
    """An account that is a bot's, or was taken for one by mistake."""

    identity: IdentityBody


class UnlinkBody(Input):
    """Two identities that were linked by mistake."""

    one: IdentityBody
    other: IdentityBody

    def unlink(self, services: Services) -> Unlink:
        """Return what undoes the link."""
        return Unlink(self.one.value(services), self.other.value(services))


class LinkBody(UnlinkBody):
    """Two identities that are one person, and how that is known."""

    how: Joined

    def link(self, services: Services) -> Link:
        """Return the link."""
        return Link(self.one.value(services), self.other.value(services), self.how)


class ProposalBody(Input):
    """What is to change, in one of the members, and why."""

    reason: Line
    id: ReportId | None = None
    grant: GrantBody | None = None
    revoke_grant: RevokeGrantBody | None = None
    issuer: IssuerBody | None = None
    drop_issuer: DropIssuerBody | None = None
    binding: BindingBody | None = None
    remove_binding: RemoveBindingBody | None = None
    link: LinkBody | None = None
    unlink: UnlinkBody | None = None
    webhook: WebhookBody | None = None
    remove_webhook: RemoveWebhookBody | None = None
    bot: BotBody | None = None
    not_bot: BotBody | None = None

    def change(self, services: Services) -> Change:
        """Return the change; raises `ContradictoryReport` when it is not exactly one."""
        return Change(
            grant=shown(self.grant, lambda said: said.value(services)),
            revoke_grant=shown(self.revoke_grant, lambda said: RevokeGrant(said.number)),
            issuer=shown(self.issuer, lambda said: said.value(services)),
            drop_issuer=shown(self.drop_issuer, lambda said: DropIssuer(said.url)),
            binding=shown(self.binding, BindingBody.value),
            remove_binding=shown(self.remove_binding, lambda said: RemoveBinding(said.name)),
            link=shown(self.link, lambda said: said.link(services)),
            unlink=shown(self.unlink, lambda said: said.unlink(services)),
            webhook=shown(self.webhook, lambda said: said.value(services)),
            remove_webhook=shown(self.remove_webhook, lambda said: RemoveWebhook(said.name)),
            bot=shown(self.bot, lambda said: Bot(said.identity.value(services))),
            not_bot=shown(self.not_bot, lambda said: NotBot(said.identity.value(services))),
        )
