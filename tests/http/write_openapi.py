"""Write what is checked in about the API: `python -m tests.http.write_openapi`, then read the difference.

`api/openapi.json` is the document as it is served, `tests/http/permissions.json` what each permission opens.
"""

import json
from pathlib import Path

from api import app
from api.operations import permission_matrix

HERE = Path(__file__).parent
OPENAPI = HERE.parents[1] / "api" / "openapi.json"
PERMISSIONS = HERE / "permissions.json"


def written() -> dict[Path, bytes]:
    """Return the content that each file should have."""
    return {OPENAPI: app.describe(), PERMISSIONS: permissions()}


def permissions() -> bytes:
    """Return every permission with what its holder may do; `open` needs none."""
    matrix: dict[str, dict[str, str]] = {}
    for each in permission_matrix(app.OPERATIONS):
        opened = matrix.setdefault(each.scope or "open", {})
        opened[f"{each.method} {each.path}"] = each.summary
    ordered = {scope: dict(sorted(opened.items())) for scope, opened in sorted(matrix.items())}
    return json.dumps(ordered, indent=2).encode() + b"\n"


if __name__ == "__main__":
    for path, content in written().items():
        path.write_bytes(content)
