"""What a handler hands back, and how it becomes an HTTP answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request

Body_co = TypeVar("Body_co", covariant=True)

IMMUTABLE = "private, max-age=31536000, immutable"
"""RFC 8246; private, because who may ask for it is decided for each caller."""

STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
"""RFC 6797, for two years: said where the public URL is https, for whoever once came by http."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""What every answer says unless it says something else. `default-src` does not cover the other three."""
ALWAYS_SAID = SECURITY.keys() - {"Cache-Control"} | {"Content-Type", "Content-Length"}
"""What is not stored with an answer that may be given again: it is said of it anyway."""
_SIGN = "Cross-Origin-Resource-Policy"
"""Set by nobody but this module: what has it has all."""
VARY = "Authorization, Cookie"
"""By what an answer differs that may be kept: whoever asks next with this browser may be somebody else."""
_SAFE = frozenset(("GET", "HEAD"))


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The head of the ledger that an answer was made from."""

    position: int
    digest: str

    def __str__(self) -> str:
        """Return the field value: a dictionary of RFC 9651, section 3.2."""
        return f'position={self.position}, digest="{self.digest}"'


@dataclass(frozen=True, slots=True)
class Reply(Generic[Body_co]):
    """A result with what HTTP says about it."""

    body: Body_co
    status: int | None = None
    """None is the status that the operation declares."""
    headers: Mapping[str, str] = field(default_factory=dict)
    head: LedgerHead | None = None
    """Told as `Ledger-Head`."""
    settled: bool = False
    """Both clocks of the question are past, so the answer is the same for ever:
    it gets a strong ETag over its bytes and may be kept."""
    again: Body_co | None = None
    """For a repetition under the same Idempotency-Key, where that must not tell what is told once."""


def http_response(
    reply: Reply[object], status: int, content: bytes | Iterator[bytes], media: str
) -> Response:
    """Return the answer that tells *reply*, whose body is written as *content*."""
    fields = {**SECURITY, **reply.headers}
    if reply.head is not None:
        fields["Ledger-Head"] = str(reply.head)
    if reply.settled:
        assert isinstance(content, bytes), "a stream has no digest before it ends"
        fields["ETag"] = f'"{sha256(content).hexdigest()}"'
        fields["Cache-Control"] = IMMUTABLE
        fields["Vary"] = VARY
    return Response(content, status, Headers(list(fields.items())), content_type=media)


def not_modified(response: Response, request: Request) -> Response:
    """Return 304 without content when the caller holds this answer to a GET (RFC 9110, section 13.1.2)."""
    if "HTTP_IF_NONE_MATCH" not in request.environ or request.method not in _SAFE:
        return response
    if response.status_code != 200:  # noqa: PLR2004 - 200 is OK
        return response
    tag, _ = response.get_etag()
    if tag is None or not request.if_none_match.contains_weak(tag):
        return response
    response.set_data(b"")
    response.status_code = 304
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)
    return response


def again(status: int, said: Mapping[str, str], content: bytes, media: str) -> Response:
    """Return an answer that was given before, which *said* this besides its body."""
    return Response(content, status, {**SECURITY, **said}, content_type=media)


def hardening(*, https: bool) -> Callable[[Response], Response]:
    """Return what sets on an answer whatever it does not say itself of what every answer must say."""

    def hardened(response: Response) -> Response:
        headers = response.headers
        if https:
            headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if _SIGN not in headers:  # or else made here, with all of them
            for name, value in SECURITY.items():
                if name not in headers:
                    headers[name] = value
        return response

    return hardened
