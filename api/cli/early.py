"""What is answered where there is no request yet, or none that can be answered: problems all the same.

gunicorn's own words repeat, in the log and to the caller, the line that it could not read; and in that may be
a credential. Here only the kind of fault is told.
"""

import logging
from secrets import token_hex

from gunicorn.http.errors import (  # type: ignore[import-untyped]  # gunicorn has no types
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

from api.problems import MEDIA_TYPE, problem_of
from api.refusals import MalformedRequest, RequestRefused, TooLarge, Unexpected
from api.replies import SECURITY

_TOO_LARGE = (LimitRequestLine, LimitRequestHeaders)
_log = logging.getLogger(__name__)


def refusal_of(wrong: Exception, address: object) -> RequestRefused:
    """Return what *wrong*, met with what came from *address*, is to whoever sent it; the log has it too."""
    if not isinstance(wrong, ParseException):
        incident = token_hex(8)
        _log.error("unexpected failure %s before a request was answered", incident, exc_info=wrong)
        return Unexpected(f"logged as {incident}")
    kind = type(wrong).__name__
    _log.warning("what came from %s was no request: %s", address, kind)
    if isinstance(wrong, _TOO_LARGE):
        return TooLarge("the head of the request is larger than this server reads")
    return MalformedRequest(f"this is not the HTTP that is spoken here: {kind}")


def answer(refusal: RequestRefused) -> bytes:
    """Return the whole answer that tells *refusal*; nothing follows it on that connection."""
    problem = problem_of(refusal)
    content = problem.model_dump_json(exclude_none=True).encode()
    fields = {**SECURITY, "Content-Type": MEDIA_TYPE, "Content-Length": len(content), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {problem.status} {problem.title}\r\n{head}\r\n".encode() + content
