"""Write what is checked in about the API: `python -m tests.http.write_openapi`, then read the difference.

`api/openapi.json` is the document as it is served, `tests/http/permissions.json` who may do what.
"""

import json
from pathlib import Path

from api import app
from api.operations import Permission, permission_matrix
from api.pages.all import PAGES
from domain.access.fresh import SECONDS_MAX
from domain.access.roles import SCOPES
from domain.access.scopes import FOR_PEOPLE, OPERATOR, Scope

HERE = Path(__file__).parent
OPENAPI = HERE.parents[1] / "api" / "openapi.json"
PERMISSIONS = HERE / "permissions.json"
ANYONE, KNOWN = "anyone", "anyone known"
HOLDING = {role.value: held for role, held in SCOPES.items()} | {
    "operator": OPERATOR,
    "token": frozenset(Scope) - FOR_PEOPLE,
    "workload": frozenset(Scope) - FOR_PEOPLE,
}
"""Everybody there is, with all that they can hold at most."""


def written() -> dict[Path, bytes]:
    """Return the content that each file should have."""
    return {OPENAPI: app.describe(), PERMISSIONS: permissions()}


def permissions() -> bytes:
    """Return every operation with the scopes of which it needs one, and everyone who may do it."""
    table = {
        f"{each.method} {each.path}": {
            "does": each.summary,
            "needs": ", ".join(sorted(each.scopes)),
            "may": ", ".join(sorted(who_may(each))),
            **({"fresh_login": f"of at most {SECONDS_MAX} s ago"} if each.fresh else {}),
        }
        for each in (*permission_matrix(app.OPERATIONS), *(page.permission for page in PAGES))
    }
    return json.dumps(dict(sorted(table.items())), indent=2).encode() + b"\n"


def who_may(each: Permission) -> set[str]:
    """Return who may do *each*, by the tables of the domain."""
    if not each.scopes:
        return {ANYONE if each.is_open else KNOWN}
    return {who for who, held in HOLDING.items() if held & each.scopes}


if __name__ == "__main__":
    for path, content in written().items():
        path.write_bytes(content)
