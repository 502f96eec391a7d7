"""Ledgers to run commands on: an empty one, and one that was told the story of `tests.http.world`."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli import ci, clock
from tests.builders import NOON, Clock
from tests.cli.running import Shell
from tests.http import world as worlds

FOREIGN = (
    "SHIPLOG_",
    "GITHUB_",
    "ACTIONS_",
    "CI_",
    "GIT_",
    "BUILDKITE",
    "CIRCLE",
    "GITLAB_",
    "JENKINS_",
    "JOB_",
    "BUILD_",
)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that holds nothing yet; to be copied."""
    home = tmp_path_factory.mktemp("empty") / "home"
    worlds.make(home)
    return home


@pytest.fixture(scope="session")
def told_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that was told the story; to be copied."""
    home = tmp_path_factory.mktemp("told") / "home"
    with worlds.opened(worlds.make(home)) as world:
        worlds.tell_story(world)
    return home


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell on a machine without a ledger."""
    for name in os.environ:
        if name.startswith(FOREIGN) or name in {system.sign for system in ci.SYSTEMS}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    ticking = Clock(NOON + timedelta(minutes=1))
    monkeypatch.setattr(clock, "now", ticking)
    return Shell(ticking, monkeypatch)


@pytest.fixture
def shiplog(nowhere: Shell, empty_home: Path, tmp_path: Path) -> Shell:
    """A shell on an empty ledger."""
    shutil.copytree(empty_home, tmp_path / "home")
    return nowhere


@pytest.fixture
def told(nowhere: Shell, told_home: Path, tmp_path: Path) -> Shell:
    """A shell on the ledger of the story, after it."""
    shutil.copytree(told_home, tmp_path / "home")
    nowhere.clock.at = worlds.AFTER_THE_STORY
    return nowhere
