"""What `shiplog doctor` looks at where others are told of events: that they are, and where it may lead."""

from collections.abc import Iterator
from datetime import timedelta

from api.cli import clock
from api.cli.found import Finding, Level
from api.services import Services
from api.settings import Settings
from api.webhooks import message
from domain import instant
from domain.access.access import Access
from domain.access.delivery import Standing
from domain.access.fold import fold
from domain.errors import KeyUnusable
from domain.stream import ACCESS

SILENCE = timedelta(minutes=10)
"""After so long, what was recorded would have been told if a server did it."""
_BIG = 8
"""Length of the prefix of a network that is larger than any private one."""


def networks(settings: Settings) -> Iterator[Finding]:
    """Check that webhooks may not lead everywhere."""
    for network in settings.webhook_networks.networks:
        if network.prefixlen < _BIG or network.is_loopback or network.is_link_local:
            yield Finding(
                Level.WARN,
                "webhooks",
                f"webhooks may lead into {network}, where more than receivers may answer",
                "name the networks of your own receivers in SHIPLOG_WEBHOOK_NETWORKS, and no others",
            )


def found(services: Services) -> Iterator[Finding]:
    """Check that whoever is to be told is; nothing when nobody is."""
    access = services.ledger.load(ACCESS, fold) or Access()
    if not access.webhooks:
        return
    try:
        for _, held in access.webhooks.items():
            message.public_keys(held, clock.now(), services.webhooks.keys)
    except KeyUnusable as missing:
        yield Finding(Level.FAIL, "webhooks", str(missing), "restore the backup; or run `shiplog init`")
    prefix = services.ledger.prefix(None)
    silent = prefix.recorded_at < clock.now() - SILENCE
    standing = [each for each in services.webhooks.deliveries.standing() if each.name in access.webhooks]
    troubled = [each for each in map(_trouble, standing) if each is not None]
    yield from troubled
    behind = [each.name for each in standing if each.position < prefix.position and not each.failures]
    unknown = access.webhooks.keys() - {each.name for each in standing}
    if silent and (waiting := sorted({*behind, *unknown})):
        names = ", ".join(waiting)
        yield Finding(Level.WARN, "webhooks", f"nobody tells {names}", "run `shiplog serve`: it tells them")
    elif not troubled:
        yield Finding(Level.OK, "webhooks", f"{len(access.webhooks)}, none in trouble")


def _trouble(each: Standing) -> Finding | None:
    if each.paused_at is not None:
        since = instant.text(each.paused_at)
        remedy = f"see `shiplog webhook log {each.name}`, mend it, then `shiplog webhook resume {each.name}`"
        return Finding(Level.WARN, "webhooks", f"{each.name} paused at {since}: {each.paused_why}", remedy)
    if each.failing_since is not None:
        said = f"{each.name} failed {each.failures} times since {instant.text(each.failing_since)}"
        return Finding(Level.WARN, "webhooks", said, f"see `shiplog webhook log {each.name}`")
    return None
