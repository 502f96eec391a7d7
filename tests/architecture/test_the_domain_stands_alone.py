"""`domain/` imports the standard library only, and of that nothing that reads the world.

A linter can forbid by name; this is an allow-list, which refuses what nobody thought of as well.
"""

import pytest

from tests.architecture.tree import imported, modules

ALLOWED = frozenset(
    {
        "__future__",
        "abc",
        "base64",
        "binascii",
        "bisect",
        "collections",
        "collections.abc",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "hmac",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "uuid",
    }
)  # fmt: skip - one name a line would be a screen of nothing


def strangers(source: str) -> set[str]:
    """Name what a domain file may not import and does."""
    return {name for name in imported(source) if name.split(".")[0] != "domain" and name not in ALLOWED}


def test_the_domain_imports_only_what_it_may() -> None:
    found = {name: strangers(text) for name, text in modules("domain")}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import sqlalchemy",
        "from flask import Flask",
        "import adapters",
        "from api.settings import Settings",
        "import os",
        "import time",
        "import random",
        "import urllib.request",
        "def late() -> None:\n    import socket",
    ],
)
def test_a_stranger_is_seen_wherever_it_is_imported(line: str) -> None:
    assert strangers(f"import re\nfrom domain.event import Event\n{line}\n") != set()
