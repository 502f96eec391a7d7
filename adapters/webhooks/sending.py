"""The way out: one POST to an address that was looked at first.

What happens, in this order:

1. the scheme must be https; http only to this machine, and only if its network was named;
2. the name is resolved, once, and every address it stands for must be one to send to;
3. the port must be 443 or 8443, unless every address is in a network that was named;
4. the connection goes to an address that was looked at: the name is not resolved again (DNS rebinding);
5. TLS is verified for the name in the URL;
6. the request is sent, with no proxy, no cookie and no credential;
7. the answer is read within what is left of the time and of the bytes; nothing in it is followed.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import cache
from http.client import HTTPException
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from adapters.webhooks import addresses, answers
from adapters.webhooks.addresses import Address, Network
from domain.access.delivery import Outcome

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
"""From the first connection on; the specification names 15 to 30."""
PORTS = frozenset({443, 8443})
ADDRESSES_TRIED_MAX = 3
_USUAL = {"https": 443, "http": 80}

Resolve = Callable[[str, int], Sequence[str]]


class NotSent(Exception):
    """Nothing is sent there; the message says why."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of *host*, as the system knows them; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Sender:
    """Implements `api.webhooks.ports.Sender`. Safe to use from any thread."""

    def __init__(
        self,
        networks: tuple[Network, ...],
        *,
        now: Callable[[], datetime],
        resolve: Resolve = resolve,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        """Send to what is public, and into *networks*; *tls* says whom to believe, and is asked once."""
        self._networks = networks
        self._now = now
        self._resolve = resolve
        self._tls = cache(tls)
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post *body* to *url* and tell what came of it; see `api.webhooks.ports.Sender`."""
        began = time.monotonic()
        status, retry_after = None, None
        try:
            status, asked, said = self._sent(urlsplit(url), headers, body)
            retry_after = answers.seconds_of(asked, self._now())
        except NotSent as why:
            said = f"not sent: {why}"
        except answers.TimeIsUp:
            said = f"no answer within {self._total_seconds:g} seconds"
        except answers.TooMuch:
            said = "the head of the answer is too large"
        except ssl.SSLError as wrong:
            said = f"TLS failed: {getattr(wrong, 'verify_message', '') or wrong.reason or 'it broke off'}"
        except TimeoutError:
            said = "the connection takes too long"
        except OSError as wrong:
            said = f"the connection failed: {wrong.strerror or type(wrong).__name__}"
        except HTTPException as wrong:
            said = f"the answer is not HTTP: {type(wrong).__name__}"
        spent = int((time.monotonic() - began) * 1000)
        said = answers.cleaned(said)
        return Outcome(status=status, said=said, milliseconds=spent, retry_after=retry_after)

    def _sent(self, url: SplitResult, headers: Mapping[str, str], body: bytes) -> tuple[int, str | None, str]:
        host, port = url.hostname or "", url.port or _USUAL.get(url.scheme, 0)
        looked_at = self._looked_at(url.scheme, host, port)  # 1, 2, 3
        deadline = time.monotonic() + self._total_seconds
        with closing(self._connected(looked_at, port, deadline)) as plain:  # 4
            connection = plain
            if url.scheme == "https":
                connection = self._tls().wrap_socket(plain, server_hostname=host)  # 5
            with closing(connection):
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                connection.sendall(_request(url, headers, body))  # 6
                return answers.read(answers.Bounded(connection, deadline, time.monotonic))  # 7

    def _looked_at(self, scheme: str, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of *host*, if all of them may be sent to by *scheme* at *port*."""
        found = self._addresses(host, port)
        for address in found:
            if (why := addresses.refusal(address, self._networks)) is not None:
                raise NotSent(f"{address} is {why}")
        named = all(addresses.is_named(address, self._networks) for address in found)
        if port not in PORTS and not named:
            raise NotSent(f"port {port} is neither 443 nor 8443")
        if scheme != "https" and not (named and all(address.is_loopback for address in found)):
            raise NotSent("without TLS it is for this machine alone, where its network is named")
        return found

    def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            pass
        try:
            found = [ip_address(each) for each in self._resolve(host, port)]
        except (OSError, ValueError) as unknown:
            raise NotSent("the name is not known") from unknown
        if not found:
            raise NotSent("the name is not known")
        return found

    def _connected(self, looked_at: Sequence[Address], port: int, deadline: float) -> socket.socket:
        tried = looked_at[:ADDRESSES_TRIED_MAX]
        for number, address in enumerate(tried, 1):
            seconds = min(self._connect_seconds, max(0.001, deadline - time.monotonic()))
            try:
                return socket.create_connection((str(address), port), timeout=seconds)
            except OSError:
                if number == len(tried):
                    raise
        raise AssertionError("there is an address, or it was refused")


def _request(url: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    fields = {"Host": url.netloc, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {url.path or '/'} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
