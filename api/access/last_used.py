"""When each API token was used last, and from which network: kept beside the record, and never in the way.

An auditor asks which tokens nobody needs any more. That is no event: it would be one for every request. A
server writes it down at most once a minute for each token, beside the request and not within it; when that
fails, the log says so, and a use in the next minute tries again.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from typing import Protocol

from flask import Request

from api.access.asking import Asking
from api.access.proxies import Address, Proxies
from domain.actor import ActorKind
from domain.errors import LedgerError

EVERY = timedelta(minutes=1)
"""How much later than we say a token may have been used."""
TOKENS_MAX = 20_000
"""How many a server remembers to have written; the next one makes all of them forgotten."""
NETWORK_BITS: Mapping[int, int] = {4: 24, 6: 48}
"""What is kept of an address: enough to tell one office or provider from another, not one person."""

_log = logging.getLogger(__name__)


Use = tuple[datetime, str]
"""When, and from which network, as `192.0.2.0/24`."""


class TokenUses(Protocol):
    """Last uses by id of the token. Durable soon after; safe to use from any thread and process.

    Raises `LedgerUnavailable` when the database is not there.
    """

    def keep(self, uses: Mapping[str, Use]) -> None:
        """Keep *uses*; of two of the same token, the later one stays."""
        ...

    def of(self, tokens: Iterable[str]) -> Mapping[str, Use]:
        """Return the last use of each of *tokens* that was ever used."""
        ...


class LastUsed:
    """Notes what tokens are used by. Safe to use from any thread."""

    def __init__(
        self, uses: TokenUses, *, now: Callable[[], datetime], beside: Callable[[Callable[[], None]], object]
    ) -> None:
        """Keep them in *uses*; what writes is handed to *beside*, which lets the request go on."""
        self.uses = uses
        self._now = now
        self._beside = beside
        self._written: dict[str, datetime] = {}
        self._waiting: dict[str, Use] = {}
        self._lock = threading.Lock()

    def noting(
        self, authenticate: Callable[[Request], Asking], proxies: Proxies
    ) -> Callable[[Request], Asking]:
        """Return *authenticate*, with the use of every token that it accepts noted."""

        def noted(request: Request) -> Asking:
            asking = authenticate(request)
            actor = asking.actor
            if actor.kind is ActorKind.TOKEN and actor.credential is not None:
                self.used(actor.credential, partial(proxies.address, request.environ))
            return asking

        return noted

    def used(self, token: str, address: Callable[[], Address]) -> None:
        """Note that *token* is used now, from *address*, which is asked for only when it is written down."""
        now = self._now()
        before = self._written.get(token)
        if before is not None and now - before < EVERY:
            return
        use = now, _network(address())
        with self._lock:
            if len(self._written) >= TOKENS_MAX:
                self._written = {}
            self._written[token] = now
            begins = not self._waiting
            self._waiting[token] = use
        if begins:  # or else whoever writes next takes this along
            self._beside(self.write)

    def write(self) -> None:
        """Write down what waits to be. Never raises."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        try:
            self.uses.keep(waiting)
        except LedgerError as refusal:
            _log.warning("the last use of %d tokens was not written down: %s", len(waiting), refusal)
        except Exception:
            _log.exception("the last use of %d tokens was not written down", len(waiting))


def _network(address: Address) -> str:
    return str(ip_network((address, NETWORK_BITS[address.version]), strict=False))
