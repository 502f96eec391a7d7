"""Forms and queries of pages, read as strictly as the rest: each field once, bounded, in UTF-8."""

from flask import Request

from api.refusals import FieldProblem, MalformedRequest, TooLarge, UnsupportedMediaType
from api.texts import query_texts
from api.validation import invalid

MEDIA_TYPE = "application/x-www-form-urlencoded"
BYTES_MAX = 1 << 16
"""A logout token of an issuer is the longest thing that comes in a form."""


def read(request: Request) -> dict[str, str]:
    """Return the fields of the form that *request* sends; raises when it sends something else."""
    if request.mimetype != MEDIA_TYPE:
        got = request.mimetype or "no Content-Type"
        raise UnsupportedMediaType(f"got {got}, expected {MEDIA_TYPE}", headers={"Accept": MEDIA_TYPE})
    length = request.content_length
    if length is None:
        raise MalformedRequest("a form comes with its Content-Length")
    if length > BYTES_MAX:
        raise TooLarge(f"form too large: {length} bytes, at most {BYTES_MAX}")
    content: bytes = request.environ["wsgi.input"].read(length)
    if len(content) != length:
        raise MalformedRequest(f"form cut short: {len(content)} bytes of {length}")
    return _once(content)


def query(request: Request) -> dict[str, str]:
    """Return the fields of the query of *request*."""
    return _once(request.query_string)


def _once(content: bytes) -> dict[str, str]:
    said = query_texts(content)
    if isinstance(said, FieldProblem):
        raise invalid([said])
    if repeated := [name for name, texts in said.items() if len(texts) > 1]:
        problems = [FieldProblem(parameter=name, detail="given twice", code="repeated") for name in repeated]
        raise invalid(problems)
    return {name: text for name, (text,) in said.items()}
