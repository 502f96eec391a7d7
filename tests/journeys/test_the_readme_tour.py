"""A newcomer follows README's tour, command by command; what it prints is what README says it prints."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def test_every_command_of_the_tour_prints_what_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = _steps((ROOT / "README.md").read_text())
    assert len(steps) > 10
    for command, expected in steps:
        printed = _run(command, tmp_path)
        assert _matches(expected, printed), f"$ {command}\nREADME says:\n{expected}\nit prints:\n{printed}"


def _steps(readme: str) -> list[tuple[str, str]]:
    """Return (command, what README shows after it)."""
    steps = []
    for block in BLOCK.findall(readme):
        for part in block.split("$ ")[1:]:
            command, _, shown = part.partition("\n")
            steps.append((command, shown))
    return steps


def _run(command: str, folder: Path) -> str:
    if command.startswith("echo "):
        text, _, file = command.removeprefix("echo ").rpartition(" > ")
        (folder / file).write_text(shlex.split(text)[0])
        return ""
    words = shlex.split(command.replace("replacement.json", str(folder / "replacement.json")))
    assert words[0] == "shiplog", "the tour uses nothing else"
    done = subprocess.run(  # noqa: S603 - our own interpreter and the words of README
        [sys.executable, "-m", "api.cli.main", *words[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={"SHIPLOG_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    assert done.returncode == 0, f"$ {command}\n{done.stderr}"
    return done.stdout


def _matches(expected: str, printed: str) -> bool:
    """Whether *printed* is *expected*, where `…` stands for anything and runs of spaces are one."""
    pattern = ".*".join(re.escape(_squeezed(part)) for part in _squeezed(expected).split("…"))
    return re.fullmatch(pattern, _squeezed(printed), re.DOTALL) is not None


def _squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text).strip(" \n")
