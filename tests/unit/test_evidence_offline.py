"""A verification depends on what it is handed, and on nothing else: no network, no home, no clock.

Each is shown in a process of its own that would notice: the hook sees every socket, process and file that
anything in it opens, the libraries included, and cannot be taken away again (PEP 578); and whoever asks
Python for the time is refused.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.mini_sigstore import NOON, MiniSigstore
from tests.mini_sigstore_bundles import V0_1, attested, signed_file, without_proof
from tests.moved_clock import moved

REPOSITORY = Path(__file__).parents[2]
ELSEWHERE = ("offline", "mutated")
"""Tests of evidence that do not run again here: these, and those that take long and are verified alike."""
NO_HOME = "/dev/null/home"
"""Not even root can make or write that."""

PROGRAM = """
import base64, json, sys, time
from datetime import datetime

sys.path.insert(0, {repository!r})
given = json.load(sys.stdin)
from adapters.evidence.verifier import OfflineVerifier
from domain.evidence_port import TrustedRoot

assert "sigstore" not in sys.modules, "imported before anything needed it"
at = datetime.fromisoformat(given["at"])
def verify(name):
    root = TrustedRoot(base64.b64decode(given["roots"].get(name, given["roots"][""])))
    return [repr(each) for each in OfflineVerifier().verify(given["evidence"][name].encode(), (root,), at=at)]
for name in given["evidence"]:
    verify(name)  # some libraries read their own code on first use

class NoClock(datetime):
    @classmethod
    def now(cls, *_):
        raise PermissionError("the clock")
    utcnow = today = now
for name, module in list(sys.modules.items()):
    if name.startswith(("sigstore", "rfc3161_client", "cryptography", "adapters", "domain")):
        for attribute in ("datetime", "time"):
            if getattr(module, attribute, None) in (datetime, time):
                setattr(module, attribute, NoClock)

touched = []
def hook(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")) or event in (
        "open", "os.mkdir", "os.remove", "os.rename", "os.listdir", "os.scandir", "urllib.Request"
    ):
        touched.append((event, str(arguments)[:200]))
        raise PermissionError(event)
sys.addaudithook(hook)

told = [(name, verify(name)) for name in given["evidence"]]
print(json.dumps({{"told": told, "touched": touched, "year": time.gmtime().tm_year}}))
"""


def evidence() -> tuple[dict[str, str], dict[str, str]]:
    """One piece for each engine that takes a certificate, and the roots they need."""
    mini = MiniSigstore()
    private = mini.trusted_root("certificateAuthorities", "timestampAuthorities")
    stamped = attested(mini, signer=mini.leaf(logged=False), kind=None, stamped=True)
    pieces: Mapping[str, Any] = {
        "library": attested(mini),
        "library-v2": attested(mini, kind="hashedrekord/0.0.2", stamped=True),
        "file": signed_file(mini),
        "legacy": attested(mini, kind="intoto/0.0.2"),
        "promise": without_proof(attested(mini, media_type=V0_1)),
        "timestamped": stamped,
        "refused": {**attested(mini), "mediaType": "another"},
    }
    roots = {"": mini.trusted_root(), "timestamped": private}
    encoded = {name: base64.b64encode(each).decode() for name, each in roots.items()}
    return {name: json.dumps(each) for name, each in pieces.items()}, encoded


def told(given: Mapping[str, Any], **environment: str) -> dict[str, Any]:
    """Verify in a process that may touch nothing, and return what it said."""
    done = subprocess.run(  # noqa: S603 - this interpreter, our program
        [sys.executable, "-c", PROGRAM.format(repository=str(REPOSITORY))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env={**{k: v for k, v in os.environ.items() if k != "HOME"}, **environment},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def given() -> Mapping[str, Any]:
    pieces, roots = evidence()
    return {"evidence": pieces, "roots": roots, "at": (NOON + timedelta(days=1)).isoformat()}


def outcomes(found: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    return [(name, each.partition("(")[0]) for name, pieces in found["told"] for each in pieces]


def test_nothing_is_opened_and_nobody_is_asked(given: Mapping[str, Any], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    found = told(given, HOME=str(home), XDG_CACHE_HOME=str(home), XDG_DATA_HOME=str(home))
    assert found["touched"] == []
    assert list(home.iterdir()) == []
    expected = [(name, "Refused" if name == "refused" else "Verified") for name in given["evidence"]]
    assert outcomes(found) == expected


def test_a_home_that_cannot_be_is_not_missed(given: Mapping[str, Any]) -> None:
    found = told(given, HOME=NO_HOME)
    assert (found["touched"], found["told"]) == ([], told(given)["told"])


def elsewhen(years: int, folder: Path) -> Mapping[str, str]:
    """Return the environment of a process whose clock is that many years on."""
    environment = moved(years, folder)
    if environment is None:
        pytest.skip("neither libfaketime nor a C compiler is here, so no process's clock can be moved")
    return environment


@pytest.mark.parametrize("years", [-5, 10])
def test_the_clock_of_the_machine_changes_nothing(
    given: Mapping[str, Any], tmp_path: Path, years: int
) -> None:
    found, here = told(given, **elsewhen(years, tmp_path)), told(given)
    assert abs(found["year"] - here["year"]) >= abs(years) - 1, "the clock did not move"
    assert found["told"] == here["told"]


def without_interfaces() -> Sequence[str]:
    """Return what a command is run by so that it has no network interface."""
    unshare = shutil.which("unshare")
    for options in (("-n",), ("-rn",)) if unshare else ():
        program = [str(unshare), *options]
        if subprocess.run([*program, "true"], check=False, capture_output=True).returncode == 0:  # noqa: S603 - our words
            return program
    pytest.skip("a network namespace cannot be made here: no `unshare`, or not permitted")


def test_a_namespace_without_interfaces_has_none() -> None:
    program = "import socket; print([name for _, name in socket.if_nameindex() if name != 'lo'])"
    command = [*without_interfaces(), sys.executable, "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"  # noqa: S603 - our words
    dial = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done = subprocess.run([*command[:-1], dial], check=False, capture_output=True, text=True)  # noqa: S603 - our words
    assert "Network is unreachable" in done.stderr, "not even this machine can be reached"


@pytest.mark.timeout(300)
def test_every_test_of_evidence_passes_without_a_network_a_home_and_ten_years_on(tmp_path: Path) -> None:
    """The others of this folder, in one process that has none of it."""
    files = [
        str(each)
        for each in sorted(Path(__file__).parent.glob("test_evidence_*.py"))
        if not each.stem.endswith(ELSEWHERE)
    ]
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "tests"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "XDG_"))}
    done = subprocess.run(  # noqa: S603 - this interpreter, our tests
        [*without_interfaces(), sys.executable, "-m", "pytest", *options, *files],
        cwd=REPOSITORY,
        env={**kept, **elsewhen(10, tmp_path), "HOME": NO_HOME},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert int(done.stdout.split(" passed")[0].rsplit(maxsplit=1)[-1]) > 300
    assert "skipped" not in done.stdout
