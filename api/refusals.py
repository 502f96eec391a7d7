"""Refusals of HTTP, not of the ledger: the request never got as far as the domain.

Each class is one thing a caller can do next and has one row in `api.problems`,
as the refusals in `domain.errors` have.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict


class FieldProblem(BaseModel):
    """One thing wrong with one part of a request; exactly one of the places is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pointer: str | None = None
    """JSON Pointer into the submitted body, as a URI fragment (RFC 6901, section 6)."""
    parameter: str | None = None
    """Name of a query or path parameter."""
    header: str | None = None
    """Name of a header field."""
    detail: str
    code: str
    """Stable and machine-readable; the sentence in `detail` may be reworded."""


class RequestRefused(Exception):
    """The request was refused before the ledger was asked."""

    def __init__(
        self,
        detail: str,
        *,
        errors: Iterable[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)
        """Every problem found, not only the first."""
        self.headers: Mapping[str, str] = dict(headers or {})
        """Header fields that the answer must carry, such as `Allow`."""


class MalformedRequest(RequestRefused):
    """The request is not well-formed HTTP."""


class MalformedJSON(RequestRefused):
    """The body is not I-JSON (RFC 7493), so two readers could understand it differently."""


class InvalidRequest(RequestRefused):
    """The request can be read, but its parameters, headers or body break the rules in `errors`."""


class BatchRefused(RequestRefused):
    """Lines of an atomic batch were refused, so none of its lines was recorded."""


class ForeignCursor(RequestRefused):
    """The cursor was not handed out for this question by this server."""


class KeyReused(RequestRefused):
    """The same Idempotency-Key was used before, for another request."""


class UnsupportedMediaType(RequestRefused):
    """The body is of a media type or content coding that this operation does not read."""


class TooLarge(RequestRefused):
    """The body is larger than this operation reads."""


class Unauthenticated(RequestRefused):
    """The request does not say who is asking."""


class NotOurForm(RequestRefused):
    """A request with a session does not show that a page of this ledger sent it: it may not be meant."""


class LoginRefused(RequestRefused):
    """The login did not establish who somebody is."""


class ExchangeRefused(RequestRefused):
    """The token is not exchanged; `error` says of which kind that is (RFC 6749, section 5.2; RFC 8693)."""

    def __init__(self, detail: str, error: str) -> None:
        super().__init__(detail)
        self.error = error


class UnknownPath(RequestRefused):
    """Nothing is served at that path."""


class MethodNotOffered(RequestRefused):
    """The path is served, but not with that method."""


class PreconditionFailed(RequestRefused):
    """The thing has changed since the version named in If-Match."""


class PreconditionRequired(RequestRefused):
    """If-Match is missing, without which a decision could be about a version nobody looked at."""


class TooManyRequests(RequestRefused):
    """More requests came from this caller than it may send in this time."""


class TooManyWaiting(RequestRefused):
    """As many wait for events in this server process as may: nothing new is there, and no place to wait."""


class Unexpected(RequestRefused):
    """Something failed that should not; it is logged under the identifier in `detail`."""
