"""What the demo shows of provenance: our wheel under a pinned key, and a bundle that nobody here signed."""

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from api.cli import clock
from api.demo import proving
from api.demo.story import Made
from tests.builders import NOON, Clock
from tests.cli.running import Ran, Shell
from tests.corpus import cases
from tests.http.world import FIRST

ROOT = Path(__file__).parents[2]
CONTENT = b"a wheel"


@dataclass
class Screen:
    """What the demo says and runs; *deaf* commands are not run, and taken for done."""

    shell: Shell
    deaf: str | None = None
    said: list[str] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.said.append(line)

    def ask(self, question: str, /, *command: str) -> int:
        self.say(question)
        if command[0] == self.deaf:
            return 0
        self.ran.append(self.shell(*command))
        return self.ran[-1].code

    def held(self) -> dict[str, bool]:
        """The last answer, by what was asked for."""
        return {cells[1]: cells[0] == "yes" for cells in self.ran[-1].lines}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(clock, "now", ticking := Clock(NOON))
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    shell = Shell(ticking, monkeypatch)
    shell.done("init")
    ticking.advance(3600)
    return shell


@pytest.fixture
def made(tmp_path: Path) -> Made:
    wheel = tmp_path / "shiplog-0.1.0-py3-none-any.whl"
    wheel.write_bytes(CONTENT)
    return Made("local/1", FIRST, wheel)


def own(screen: Screen, made: Made, folder: Path) -> bool:
    return proving.own_wheel(made, folder, repository="shiplog", say=screen.say, ask=screen.ask)


def test_of_our_own_wheel_all_holds_but_who_built_it(shell: Shell, made: Made, tmp_path: Path) -> None:
    screen = Screen(shell)
    assert own(screen, made, tmp_path / "evidence")
    assert "pinned-key" in screen.ran[-2].out
    held = screen.held()
    assert [name for name, is_so in held.items() if not is_so] == ["builder"]
    assert {"build_type", "parameters.format", "level"} <= held.keys()
    assert "which nothing proves" in screen.ran[-1].out


def test_the_provenance_names_wheel_and_commit_and_its_private_key_is_kept_nowhere(
    shell: Shell, made: Made, tmp_path: Path
) -> None:
    own(Screen(shell), made, folder := tmp_path / "evidence")
    envelope, key = folder / f"{made.wheel.name}.intoto.json", folder / "demo-builder.pub.pem"
    assert set(folder.iterdir()) == {envelope, key}
    assert b"PRIVATE" not in key.read_bytes()
    statement = json.loads(base64.b64decode(json.loads(envelope.read_bytes())["payload"]))
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert statement["subject"] == [
        {"name": made.wheel.name, "digest": {"sha256": sha256(CONTENT).hexdigest()}}
    ]
    (source,) = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source == {"name": "shiplog", "digest": {"gitCommit": FIRST}}


def test_a_key_that_nobody_trusts_is_a_failed_demo(shell: Shell, made: Made, tmp_path: Path) -> None:
    assert not own(Screen(shell, deaf="trust"), made, tmp_path / "evidence")


@cases.needed()
def test_of_somebody_elses_bundle_all_holds(shell: Shell) -> None:
    screen = Screen(shell)
    assert proving.somebody_elses(ROOT, say=screen.say, ask=screen.ask)
    assert "nobody here signed" in screen.said[0]
    assert "sigstore" in screen.ran[0].out
    assert {"source", "repository_id", "builder", "level"} <= screen.held().keys()
    assert all(screen.held().values())


@cases.needed()
def test_without_sigstores_root_somebody_elses_bundle_is_a_failed_demo(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "trusts-nobody"))
    shell.done("init", "--no-trust-root")
    screen = Screen(shell)
    assert not proving.somebody_elses(ROOT, say=screen.say, ask=screen.ask)


def test_where_there_is_no_such_bundle_the_demo_says_so(shell: Shell, tmp_path: Path) -> None:
    screen = Screen(shell)
    assert proving.somebody_elses(tmp_path / "project", say=screen.say, ask=screen.ask)
    assert screen.ran == []
    (line,) = screen.said
    assert "left out" in line
    assert "shared/corpus" in line
