"""What `shiplog doctor` looks at where somebody may come in: who may ask, and by what way."""

from collections.abc import Iterator

from api.access.given import given
from api.cli.found import Finding, Level
from api.services import Services
from api.settings import Settings

_BIG = 8
"""Length of the prefix of the largest network that is anybody's own; in two of length 1 everybody is."""


def found(services: Services) -> Finding:
    """Tell how much was opened; a ledger that nobody may ask is closed, which is how it begins."""
    access = given(services.ledger)
    said = "closed: nobody may ask a server" if access.nothing else str(access)
    return Finding(Level.OK, "access", said)


def reach(settings: Settings) -> Iterator[Finding]:
    """Check that credentials do not go about in clear, and that not everyone is believed to be a proxy."""
    if any(network.prefixlen < _BIG for network in settings.proxies.networks):
        yield Finding(
            Level.FAIL,
            "proxies",
            "whoever asks is believed where they come from, so networks of tokens mean nothing",
            "name the networks of your own proxies in SHIPLOG_PROXIES, and no others",
        )
    if settings.loopback:
        yield Finding(Level.OK, "serve", f"{settings.bind}, for this machine")
        return
    yield Finding(
        Level.OK if settings.proxies.networks else Level.WARN,
        "serve",
        f"{settings.bind} can be reached from other machines, and speaks no TLS",
        "" if settings.proxies.networks else "put a proxy before it and name it in SHIPLOG_PROXIES",
    )
