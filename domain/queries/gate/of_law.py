"""Facts from the law: freezes and waivers, people under the one name that all their identities have."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain import instant
from domain.access.access import Access
from domain.actor import Actor
from domain.policy.law import Law

Facts = dict[str, Any]


def name_of(access: Access, actor: Actor) -> str:
    """Return the one name of the person behind *actor*: the first of their identities."""
    return str(access.person_of(actor.identity)[0])


def freezes(law: Law, environment: str, at: datetime) -> Iterator[Facts]:
    """Yield the freezes of *environment* that are not over at *at*."""
    for each in law.freezes_of(environment):
        if each.ends_at <= at:
            continue
        yield {
            "ref": f"policy@{each.version}",
            "id": each.id,
            "name": each.name,
            "starts_at": instant.text(each.starts_at),
            "ends_at": instant.text(each.ends_at),
            "environments": list(each.environments),
            "services": list(each.services),
        }


def waivers(law: Law, access: Access, environment: str, at: datetime) -> Iterator[Facts]:
    """Yield the waivers for *environment* that are open at *at*."""
    for each in law.waivers_of(environment, at):
        yield {
            "ref": f"policy@{each.version}",
            "id": f"waiver-{each.number}",
            "rule": each.rule,
            "term": each.term,
            "services": list(each.services),
            "artifact": "*" if each.artifact is None else str(each.artifact),
            "requester": name_of(access, each.requester),
            "approvers": sorted({name_of(access, by) for by in each.approvers}),
            "reason": each.reason,
            "ticket": each.ticket,
            "granted_at": instant.text(each.requested_at),
            "expires_at": instant.text(each.expires_at),
        }
