"""Who, how far and what: the parts that answers about access have in common."""

from api.fields import Output
from domain.access.authority import Allowance
from domain.access.change import Group
from domain.access.reach import Reach
from domain.access.scopes import Scope
from domain.identity import Identity


class IdentityShape(Output):
    """Somebody, by who vouches for them."""

    issuer: str
    subject: str

    @classmethod
    def of(cls, identity: Identity) -> "IdentityShape":
        """Show *identity*."""
        return cls(issuer=identity.issuer, subject=identity.subject)


class GroupShape(Output):
    """Everyone who is in a group, as the issuer says."""

    issuer: str
    name: str

    @classmethod
    def of(cls, group: Group) -> "GroupShape":
        """Show *group*."""
        return cls(issuer=group.issuer, name=group.name)


class ReachShape(Output):
    """Exact names, or beginnings of names that end in `*`; an empty list is any."""

    services: list[str]
    environments: list[str]

    @classmethod
    def of(cls, reach: Reach) -> "ReachShape":
        """Show *reach*."""
        return cls(services=list(reach.services), environments=list(reach.environments))


class AllowanceShape(Output):
    """Some scopes, how far they reach, and what gives them: `name` is of the grant, binding or token."""

    by: str
    name: str
    scopes: list[Scope]
    reach: ReachShape

    @classmethod
    def of(cls, allowance: Allowance) -> "AllowanceShape":
        """Show *allowance*."""
        return cls(
            by=allowance.by.value,
            name=allowance.name,
            scopes=sorted(allowance.scopes),
            reach=ReachShape.of(allowance.reach),
        )
