"""The engines are loaded before a server's first request, and by a command only when it needs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import digest
from tests.cli.running import Shell

ENGINES = ("sigstore", "rfc3161_client", "obstore", "in_toto", "authlib")
PROGRAM = """
import json, sys
{program}
print(json.dumps(sorted(name for name in sys.modules if name in {engines!r})))
"""


def loaded_by(program: str, home: Path) -> list[str]:
    """Return which engines are loaded after *program* ran in a process of its own."""
    ran = subprocess.run(  # noqa: S603 - this interpreter, with a program made here
        [sys.executable, "-c", PROGRAM.format(program=program, engines=ENGINES)],
        env={"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(home), "SHIPLOG_TOKEN": "a token"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_the_application_loads_none(tmp_path: Path) -> None:
    assert loaded_by("import api.app, api.wiring, api.wsgi", tmp_path) == []


def test_a_server_has_loaded_them_before_it_answers(shiplog: Shell, tmp_path: Path) -> None:
    shiplog.done("doctor")
    found = loaded_by("from api import wsgi; wsgi.application()", tmp_path / "home")
    assert found == ["rfc3161_client", "sigstore"]


@pytest.mark.parametrize(
    "command", [("at", "prod"), ("doctor",), ("evidence", "list", str(digest())), ("evidence", "verify")]
)
def test_a_command_that_verifies_nothing_loads_none(
    shiplog: Shell, tmp_path: Path, command: tuple[str, ...]
) -> None:
    shiplog.done("doctor")
    program = f"from api.cli.main import main; main({command!r})"
    assert loaded_by(program, tmp_path / "home") == []
