"""`rebuild` of a large ledger: a second process reads the events, and is gone when the first is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.reader import start
from tests.cli.running import Shell

INTERRUPTED = """
import os, signal, sys
from adapters.readmodels import rebuild
from api import wiring
from api.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # the shell of these tests may be in the background

def interrupted(*_):
    os.{how}

wiring.AHEAD_EVENTS_MIN = 1
rebuild.PAGE_EVENTS = 1
rebuild.Rebuild.{step} = interrupted
sys.exit(main.main(["rebuild"]))
"""
ENDINGS = {
    "killed": ("kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, b""),
    "interrupted": ("killpg(os.getpgrp(), signal.SIGINT)", 130, b"\nshiplog: interrupted\n"),
}


@pytest.fixture
def large(told: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell to which the ledger of the story is a large one, of several pages."""
    monkeypatch.setattr("api.wiring.AHEAD_EVENTS_MIN", 1)
    monkeypatch.setattr("adapters.readmodels.rebuild.PAGE_EVENTS", 3)
    return told


def test_the_tables_are_what_they_were(large: Shell) -> None:
    before = large.done("at", "prod", "-o", "json").json["running"]
    events = large.done("verify", "-o", "json").json["events"]
    for options in (("--check",), ()):
        ran = large.done("rebuild", *options, "-o", "json").json
        assert (ran["events"], ran["equal"], ran["differing"]) == (events, True, [])
    assert large.done("at", "prod", "-o", "json").json["running"] == before


def test_without_the_other_process_it_is_refused(large: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing = start((sys.executable, "-c", "raise SystemExit(3)"))
        patch.setattr("api.reader.start", lambda: failing)
        ran = large("rebuild")
    assert (ran.code, ran.out) == (69, "")
    assert "reads the events ahead ended, with status 3: run it again" in ran.err
    assert large.done("rebuild", "--check").code == 0


@pytest.mark.parametrize("step", ["_begin", "_finish"])
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_the_other_process_goes_without_a_word(
    told: Shell, tmp_path: Path, ending: tuple[str, int, bytes], step: str
) -> None:
    """Its standard error is that of the rebuild: at the end of that, it has ended too."""
    how, status, said = ending
    program = INTERRUPTED.format(how=how, step=step)
    ran = subprocess.run(  # noqa: S603 - our own interpreter, with a program of ours
        (sys.executable, "-P", "-c", program),
        env={"PATH": os.environ["PATH"], "SHIPLOG_HOME": str(tmp_path / "home")},
        capture_output=True,
        timeout=100,
        check=False,
        start_new_session=True,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, b"", said)
    assert told.done("rebuild", "--check").code == 0
