"""What a handler hands back, and how it becomes an HTTP answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request

Body_co = TypeVar("Body_co", covariant=True)

IMMUTABLE = "private, max-age=31536000, immutable"
"""RFC 8246; private, because who may ask for it is decided for each caller."""

_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_SIGN = next(iter(_SECURITY))
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
    fields = {**_SECURITY, **reply.headers}
    if reply.head is not None:
        fields["Ledger-Head"] = str(reply.head)
    if reply.settled:
        assert isinstance(content, bytes), "a stream has no digest before it ends"
        fields["ETag"] = f'"{sha256(content).hexdigest()}"'
        fields["Cache-Control"] = IMMUTABLE
        fields["Vary"] = "Authorization"
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


def hardened(response: Response) -> Response:
    """Set on *response* whatever it does not say itself of what every answer must say."""
    headers = response.headers
    if _SIGN in headers:  # made by `http_response`, with all of them
        return response
    for name, value in _SECURITY.items():
        if name not in headers:
            headers[name] = value
    return response
