"""The pages behind a problem's `type`: what it means and what to do next, in plain HTML.

Rendered once, without style or script, so that `default-src 'none'` is enough.
"""

from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus

from flask import Flask, Response

from api.problems import KINDS, Kind, meaning_of
from api.refusals import UnknownPath


def serve_problem_pages(app: Flask, kinds: Mapping[type[BaseException], Kind] = KINDS) -> None:
    """Serve `/problems/` and one page for each of *kinds*."""
    pages = {kind.slug: _page(kind, meaning_of(refusal)) for refusal, kind in kinds.items()}
    assert len(pages) == len(kinds), "two refusals share a slug"
    index = _index(kinds.values())

    def problem_index() -> Response:
        return _html(index)

    def problem_page(slug: str) -> Response:
        if slug not in pages:
            raise UnknownPath(f"no problem of that name: {slug!r}")
        return _html(pages[slug])

    app.add_url_rule(
        "/problems/",
        "problems",
        problem_index,
        strict_slashes=False,
        provide_automatic_options=False,
    )
    app.add_url_rule("/problems/<slug>", "problem", problem_page, provide_automatic_options=False)


def _html(page: bytes) -> Response:
    kept = {"Cache-Control": "public, max-age=3600"}
    return Response(page, headers=kept, content_type="text/html; charset=utf-8")


def _document(title: str, content: str) -> bytes:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{content}</main>\n</body>\n</html>\n"
    ).encode()


def _page(kind: Kind, meaning: str) -> bytes:
    status = f"{kind.status} {HTTPStatus(kind.status).phrase}"
    return _document(
        kind.title,
        f"<p>{escape(meaning)}</p>\n<dl>\n"
        f"<dt>What to do next</dt>\n<dd>{escape(kind.remedy)}</dd>\n"
        f"<dt>Status</dt>\n<dd>{escape(status)}</dd>\n"
        f"<dt>Type</dt>\n<dd><code>{escape(kind.uri)}</code></dd>\n</dl>\n"
        '<p><a href="/problems/">All problems</a></p>\n',
    )


def _index(kinds: Iterable[Kind]) -> bytes:
    rows = "".join(
        f'<li><a href="{escape(kind.uri)}">{escape(kind.title)}</a> ({kind.status})</li>\n'
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    )
    return _document("Problems", f"<ul>\n{rows}</ul>\n")
