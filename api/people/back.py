"""Where to go after a login: a path of this ledger, nothing that browsers take for another host."""

import re

from api.refusals import FieldProblem, InvalidRequest

HOME = "/session"
LENGTH_MAX = 1000
_FORM = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)
"""Printable ASCII but for `\\`, which browsers read as `/`; tabs and line breaks they leave out."""


def checked(to: str | None) -> str:
    """Return the path *to*, or `HOME` for none; raises `InvalidRequest` for what is no path of ours."""
    if to is None:
        return HOME
    if len(to) > LENGTH_MAX or _FORM.fullmatch(to) is None:
        told = f"expected a path of this ledger, beginning with one /, of at most {LENGTH_MAX} characters"
        raise InvalidRequest(
            "the request is not valid", errors=(FieldProblem(parameter="to", detail=told, code="not_a_path"),)
        )
    return to
