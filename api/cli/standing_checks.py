"""What `shiplog doctor` looks at in what was given: what is wider, older or more alone than it should be."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from api.cli.found import Finding, Level
from api.services import Services
from domain import instant
from domain.access.access import Access, in_force
from domain.access.fold import fold
from domain.access.roles import Role
from domain.access.token import ApiToken
from domain.stream import ACCESS

ENDS_SOON = timedelta(days=14)
"""Time enough to rotate a token in every place that has it."""
UNUSED = timedelta(days=90)
"""A quarter: what runs less often than that can have its token made when it runs."""
KEYS_OLD = timedelta(days=180)
"""How long a file of keys may stand: issuers change theirs at least twice a year."""
NAMED_MAX = 5
"""How many are named in one line; the lists have them all."""


def found(services: Services) -> Iterator[Finding]:
    """Check what is in force by now."""
    access = services.ledger.load(ACCESS, fold) or Access()
    at = max(services.ledger.now(), access.at)
    yield from _tokens([token for token in access.tokens.values() if token.is_live(at)], services, at)
    yield from _issuers(access, at)
    yield from _admins(access, at)
    waiting = [str(each.number) for each in access.open if at < each.expires_at]
    if waiting:
        yield _warned(
            "proposals",
            f"waiting to be confirmed or rejected: {_named(waiting)}",
            "`shiplog access list proposals`",
        )


def _tokens(tokens: Sequence[ApiToken], services: Services, at: datetime) -> Iterator[Finding]:
    ending = [
        f"{each.id} {instant.text(each.expires_at)}" for each in tokens if each.expires_at - at < ENDS_SOON
    ]
    if ending:
        yield _warned(
            "tokens", f"ending soon: {_named(ending)}", "`shiplog token rotate ID --for 90d --grace 1d`"
        )
    anywhere = [each.id for each in tokens if not each.cidrs]
    if anywhere:
        yield _warned(
            "tokens",
            f"good from anywhere: {_named(anywhere)}",
            "issue another with `--network` and revoke this one",
        )
    old = [each.id for each in tokens if at - each.since > UNUSED]
    uses = services.token_uses.uses.of(old)
    unused = [id_ for id_ in old if id_ not in uses or at - uses[id_][0] > UNUSED]
    if unused:
        yield _warned(
            "tokens", f"not used for {UNUSED.days} days: {_named(unused)}", "`shiplog token revoke ID`"
        )


def _issuers(access: Access, at: datetime) -> Iterator[Finding]:
    old = [
        held.said.url
        for held in access.issuers.values()
        if held.said.jwks is not None and at - held.since > KEYS_OLD
    ]
    if old:
        yield _warned(
            "issuers",
            f"the file of their keys is older than {KEYS_OLD.days} days: {_named(old)}",
            "say the issuer again with its keys of today, or with `jwks_url`",
        )


def _admins(access: Access, at: datetime) -> Iterator[Finding]:
    """Tell of a single admin: nobody else can take away what they have, or confirm what they propose."""
    held = [
        each.said for each in access.grants.values() if each.said.role is Role.ADMIN and in_force(each, at)
    ]
    if any(grant.group is not None for grant in held):
        return  # who is in it only its issuer knows
    people = {access.person_of(grant.holder) for grant in held if grant.holder is not None}
    if len(people) == 1:
        ((alone, *_),) = people
        yield _warned(
            "admins",
            f"{alone.subject} of {alone.issuer} is the only one: nobody else can revoke or confirm anything",
            "`shiplog access grant admin SUBJECT --issuer ISSUER`",
        )


def _warned(check: str, detail: str, remedy: str) -> Finding:
    return Finding(Level.WARN, check, detail, remedy)


def _named(names: Iterable[str]) -> str:
    every = sorted(names)
    shown = ", ".join(every[:NAMED_MAX])
    return shown if len(every) <= NAMED_MAX else f"{shown} and {len(every) - NAMED_MAX} more"
