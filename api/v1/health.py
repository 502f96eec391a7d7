"""Whether the process lives, and whether it can do its work."""

from api.fields import Output
from api.operations import operation
from api.services import Services
from domain.errors import BrokenLedger, KeyUnusable, LedgerUnavailable, NotALedger


class Health(Output):
    """It is as the path says."""

    status: str


@operation("GET", "/livez", scope=None, tag="operate")
def livez() -> Health:
    """Say that the process answers."""
    return Health(status="alive")


@operation(
    "GET",
    "/readyz",
    scope=None,
    refusals=(BrokenLedger, KeyUnusable, LedgerUnavailable, NotALedger),
    tag="operate",
)
def readyz(*, services: Services) -> Health:
    """Say that the ledger can be read, its read models keep up, and its key can sign."""
    services.ready()
    return Health(status="ready")


OPERATIONS = (livez, readyz)
