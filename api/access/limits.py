"""How much anybody may ask of one server process, and how often they may be wrong.

Each request takes from one bucket, before anything else is done about it:

1. one that presents a credential which this process accepted before takes from the bucket of that credential;
2. any other takes from that of the address it came from: requests without a credential, logins, the exchange
   of tokens, and whatever is presented for the first time;
3. a credential that is accepted for the first time gives back to the address: who shares it has lost nothing;
4. one that is refused takes from a small bucket as well, of that address and whatever of the credential is
   public: the id of a token. While it is empty, nothing under that id is looked at from there. So guessing at
   a token is slow, and whoever else comes from the same address, with another one, comes in.

Nothing is kept of a credential but a digest, keyed by a secret that the process drew for itself.
"""

import logging
import math
import secrets
import time
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

from flask import Request

from api.access import opaque
from api.access.asking import Asking
from api.access.buckets import Buckets, Rate
from api.access.proxies import Proxies
from api.people import cookie
from api.refusals import TooManyRequests
from domain.errors import CredentialRefused

Environ = MutableMapping[str, Any]

BURST_SECONDS = 2
"""How much of its rate anybody has at once: a build that ends reports all it has in one go."""
REFUSED = Rate(per_second=0.2, burst=10)
"""Ten times wrong, as somebody who pastes a token may be, and from then on once in five seconds."""
KNOWN_SECONDS = 600.0
"""How long a credential that is not used is known as one that was accepted."""
KEYS_MAX = 20_000
"""Credentials, addresses, and what was refused: of each so many are counted, about 3 MB."""
SHARED = 1024
"""Buckets for the addresses that there is no room for: whoever has a million of them empties few of these."""
TOLD_SECONDS = 10.0
"""The log says at most so often that somebody is limited: or it could be filled by whoever is."""

_PRESENTED = "shiplog.presented"
_KNOWN = "shiplog.known"
_BEARER = "bearer "
_IPV4_BITS, _IPV6 = 32, 6
_NOWHERE = -1
"""Where a request came from of which a proxy says what is no address."""
_log = logging.getLogger(__name__)


class Limits:
    """Counts requests of one process. Safe to use from any thread."""

    def __init__(
        self,
        proxies: Proxies,
        *,
        credential: int,
        address: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let each credential ask *credential* times a second, and each address *address* times."""
        self._proxies = proxies
        self._secret = secrets.token_bytes(32)
        self._salt = secrets.randbits(60)
        self._monotonic = monotonic
        self._told = -math.inf
        self._untold = 0

        def buckets(rate: Rate, **more: Any) -> Buckets:
            return Buckets(rate, keys_max=KEYS_MAX, monotonic=monotonic, **more)

        self._credentials = buckets(_rate(credential), kept_seconds=KNOWN_SECONDS)
        self._addresses = buckets(_rate(address), shared=self._shared)
        self._refused = buckets(REFUSED)

    def arrived(self, environ: Environ) -> None:
        """Count a request; raises `TooManyRequests` (1, 2)."""
        presented = self._presented(environ)
        wait = None if presented is None else self._credentials.take_known(presented)
        environ[_PRESENTED], environ[_KNOWN] = presented, wait is not None
        if wait is None:
            wait = self._addresses.take(self._address(environ))
        if wait:
            self._refuse(wait, environ)

    def guarding(self, authenticate: Callable[[Request], Asking]) -> Callable[[Request], Asking]:
        """Return *authenticate*, with what it accepts and refuses counted (3, 4)."""

        def guarded(request: Request) -> Asking:
            environ = request.environ
            presented = environ.get(_PRESENTED)
            if presented is None:
                return authenticate(request)
            if environ[_KNOWN]:
                try:
                    return authenticate(request)
                except CredentialRefused:
                    self._credentials.forget(presented)
                    raise
            with self._trying(environ, self._public(environ) or presented):
                asking = authenticate(request)
            environ[_KNOWN] = True
            self._credentials.take(presented)
            if presented in self._credentials:  # or else there is no room, and the address answers for it
                self._addresses.give_back(self._address(environ))
            return asking

        return guarded

    @contextmanager
    def _trying(self, environ: Environ, what: Hashable) -> Iterator[None]:
        """Let somebody present *what*, unless it was refused too often where they are (4)."""
        tried = self._address(environ), what
        wait = self._refused.wait(tried)
        if wait:
            self._refuse(wait, environ)
        try:
            yield
        except CredentialRefused:
            self._refused.take(tried)
            raise

    def _presented(self, environ: Environ) -> bytes | None:
        """Return a digest of the credential that would be judged; None when there is none."""
        text = _bearer(environ)
        if text is None and "HTTP_COOKIE" in environ:
            try:
                text = cookie.presented(environ)
            except CredentialRefused:
                return None
        if text is None:
            return None
        return blake2b(text.encode(errors="surrogatepass"), digest_size=16, key=self._secret).digest()

    @staticmethod
    def _public(environ: Environ) -> str | None:
        """Return what of a bearer token is public; None for a cookie, of which nothing is."""
        given = _bearer(environ)
        if given is None:
            return None
        token = opaque.parse(given)
        return "no token of ours" if token is None else token.id

    def _address(self, environ: Environ) -> int:
        """Return where a request is from, as a number: of IPv6 the 64 bits that one party has."""
        try:
            address = self._proxies.address(environ)
        except CredentialRefused:
            return _NOWHERE
        if address.version == _IPV6:
            return (1 << 64) | int(address) >> 64
        return int(address)

    def _shared(self, address: Hashable) -> Hashable:
        """Return which of the shared buckets is that of an address: with those near it."""
        assert isinstance(address, int), "addresses are numbers"
        return hash((self._salt, address >> (16 if address.bit_length() <= _IPV4_BITS else 32))) % SHARED

    def _refuse(self, wait: float, environ: Environ) -> None:
        now = self._monotonic()
        self._untold += 1
        if now >= self._told + TOLD_SECONDS:
            _log.warning("%d requests too many, the last from %s", self._untold, self._told_of(environ))
            self._told, self._untold = now, 0
        seconds = str(max(1, math.ceil(wait)))
        raise TooManyRequests(f"again in {seconds} s", headers={"Retry-After": seconds})

    def _told_of(self, environ: Environ) -> str:
        try:
            return str(self._proxies.address(environ))
        except CredentialRefused as refused:
            return refused.why


def _bearer(environ: Environ) -> str | None:
    given: str = environ.get("HTTP_AUTHORIZATION", "")
    return given[len(_BEARER) :] if given[: len(_BEARER)].lower() == _BEARER else None


def _rate(per_second: int) -> Rate:
    return Rate(per_second, BURST_SECONDS * per_second)
