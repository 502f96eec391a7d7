"""The one stylesheet of all pages."""

from flask import Response

from api.pages.page import Visit, page
from api.pages.rendering import STYLE, STYLE_PATH, STYLE_TAG
from api.replies import not_modified

_KEPT = "public, max-age=31536000, immutable"
"""Under a link with its digest, which no other content ever has."""


@page("GET", STYLE_PATH, is_open=True)
def stylesheet(visit: Visit) -> Response:
    """Serve the stylesheet of all pages."""
    linked = visit.request.query_string == STYLE_TAG.encode()
    said = {"ETag": f'"{STYLE_TAG}"', "Cache-Control": _KEPT if linked else "no-cache"}
    return not_modified(Response(STYLE, headers=said, content_type="text/css; charset=utf-8"), visit.request)


PAGES = (stylesheet,)
