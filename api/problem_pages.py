"""The pages behind a problem's `type`: what it means and what to do next, for anyone."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response

from api.pages.rendering import rendered
from api.problems import KINDS, Kind, meaning_of
from api.refusals import UnknownPath

_KEPT = {"Cache-Control": "public, max-age=3600"}


def serve_problem_pages(app: Flask, kinds: Mapping[type[BaseException], Kind] = KINDS) -> None:
    """Serve `/problems/` and one page for each of *kinds*."""
    pages = {kind.slug: (kind, meaning_of(refusal)) for refusal, kind in kinds.items()}
    assert len(pages) == len(kinds), "two refusals share a slug"
    index = sorted(kinds.values(), key=lambda kind: (kind.status, kind.slug))

    def problem_index() -> Response:
        return rendered("problems.html", headers=_KEPT, kinds=index)

    def problem_page(slug: str) -> Response:
        if slug not in pages:
            raise UnknownPath(f"no problem of that name: {slug!r}")
        kind, meaning = pages[slug]
        status = f"{kind.status} {HTTPStatus(kind.status).phrase}"
        return rendered("problem.html", headers=_KEPT, kind=kind, meaning=meaning, status_text=status)

    app.add_url_rule(
        "/problems/",
        "problems",
        problem_index,
        strict_slashes=False,
        provide_automatic_options=False,
    )
    app.add_url_rule("/problems/<slug>", "problem", problem_page, provide_automatic_options=False)
