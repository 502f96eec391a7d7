"""Templates become answers. Whatever is put into one is escaped, and what is missing is a bug."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain import instant

HERE = Path(__file__).parent
HTML = "text/html; charset=utf-8"
STYLE = (HERE / "style.css").read_bytes()
STYLE_PATH = "/style.css"
STYLE_TAG = sha256(STYLE).hexdigest()[:16]

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept, Authorization, Cookie",
}
"""`same-origin`, and not `no-referrer`: with that, browsers say `Origin: null` of our own forms."""


def rendered(
    template: str, status: int = 200, headers: Mapping[str, str] | None = None, **said: Any
) -> Response:
    """Return the page that *template* makes of what is *said*."""
    content = _environment().get_template(template).render(said)
    return Response(content, status, {**HEADERS, **(headers or {})}, content_type=HTML)


def moved(path: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that has a browser look at *path* now (RFC 9110, section 15.4.4)."""
    return Response(b"", 303, {**HEADERS, "Location": path, **(headers or {})}, content_type=HTML)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["style"] = f"{STYLE_PATH}?{STYLE_TAG}"
    made.filters["instant"] = instant.text
    made.filters["spoken"] = _spoken
    return made


def _spoken(at: datetime) -> str:
    """Return *at* as people read it, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
