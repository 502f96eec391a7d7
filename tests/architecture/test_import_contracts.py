"""Every import contract of pyproject.toml holds, and is shown to fail when it is broken.

A contract that cannot fail guards nothing: a misspelt module or an ignored import would leave it
green for ever. So each is run against a copy of the packages with one line in the wrong place.
"""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY, SOURCES

CONTRACTS = {
    contract["id"]
    for contract in tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}


@dataclass(frozen=True)
class Mutation:
    """One line too many in one file, and the contract that must notice."""

    contract: str
    file: str
    line: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.file}: {self.line}"


MUTATIONS = (
    Mutation("inward", "domain/event.py", "import adapters"),
    Mutation("inward", "domain/commands/__init__.py", "import api"),
    Mutation("inward", "adapters/__init__.py", "import api"),
    Mutation("domain", "domain/orphan.py", "'''A file that was given no place.'''"),
    Mutation("domain", "domain/errors.py", "import domain.event"),
    Mutation("domain", "domain/event.py", "import domain.ports"),
    Mutation("domain", "domain/ports.py", "import domain.commands"),
    Mutation("domain", "domain/queries/__init__.py", "import domain.commands"),
    Mutation("domain", "domain/commands/__init__.py", "import domain.queries"),
    Mutation("questions", "domain/queries/__init__.py", "import domain.commands"),
    Mutation("wiring", "api/__init__.py", "import adapters"),
    Mutation("wiring", "api/stray.py", "import adapters.stray"),
    Mutation("wiring", "api/v1/stray.py", "from adapters import stray"),
    Mutation("adapters", "adapters/stray/__init__.py", "import adapters.another"),
    Mutation("adapters", "adapters/database/stray.py", "import adapters.another"),
    Mutation("policies", "policies/__init__.py", "import domain.event"),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The four packages and the contracts, to be spoilt."""
    for package in PACKAGES:
        shutil.copytree(SOURCES / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for stray in (
        "adapters/stray/__init__.py",
        "adapters/another/__init__.py",
        "api/v1/__init__.py",
    ):
        path = tmp_path / stray
        path.parent.mkdir(exist_ok=True)
        path.touch()
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run the contracts on *tree*, in a process of its own: in this one the names are taken."""
    chosen = [f"--contract={contract}" for contract in contracts]
    program = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(  # noqa: S603 - this interpreter, with arguments made here
        [sys.executable, "-c", program, "--no-logo", "--no-cache", *chosen],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_holds(copy: Path) -> None:
    outcome = lint(copy)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_broken_contract_is_noticed(copy: Path, mutation: Mutation) -> None:
    spoilt = copy / mutation.file
    spoilt.parent.mkdir(exist_ok=True)
    with spoilt.open("a", encoding="utf-8") as file:
        file.write(f"\n{mutation.line}\n")
    outcome = lint(copy, mutation.contract)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "0 kept, 1 broken" in outcome.stdout


def test_every_contract_has_a_mutation() -> None:
    assert {mutation.contract for mutation in MUTATIONS} == CONTRACTS
