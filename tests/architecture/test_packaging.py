"""What is installed under our names, and that the lock files are whole."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = REPOSITORY / "requirements"


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_owns_our_names(name: str) -> None:
    # Two wheels may both carry `domain/`; no installer objects, and removing one breaks both.
    assert set(packages_distributions().get(name, ["shiplog"])) == {"shiplog"}


def test_the_wheel_carries_our_packages_and_nothing_else() -> None:
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)


def test_it_cannot_be_published_by_accident() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def test_every_test_folder_is_a_package() -> None:
    # A `tests/unit/domain/` whose parents are not packages shadows `domain`.
    bare = [
        folder
        for folder in (REPOSITORY / "tests").rglob("*/")
        if any(folder.glob("*.py")) and not (folder / "__init__.py").exists()
    ]
    assert bare == []


def pins(name: str) -> dict[str, str]:
    """Each pinned requirement of a lock file with its version; asserts that it has a hash."""
    found = dict(_pins((LOCKS / f"{name}.txt").read_text(encoding="utf-8")))
    assert found, name
    return found


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        pin = re.match(r"([a-z0-9.\-]+)(?:\[[^]]*\])?==(\S+)", entry)
        assert pin, f"not pinned to one version: {entry.splitlines()[0]}"
        assert "--hash=sha256:" in entry, f"without a hash: {pin[0]}"
        yield pin[1], pin[2]


@pytest.mark.parametrize("name", ["demo", "runtime"])
def test_the_smaller_lock_files_are_parts_of_the_largest(name: str) -> None:
    everything = pins("dev")
    assert {k: v for k, v in pins(name).items() if everything.get(k) != v} == {}


def test_what_draws_the_charts_comes_beside_the_largest() -> None:
    everything, charts = pins("dev"), pins("bench")
    assert "matplotlib" in charts
    assert {k: v for k, v in charts.items() if everything.get(k, v) != v} == {}


def test_every_runtime_dependency_is_locked() -> None:
    wanted = {re.split(r"[^a-z0-9-]", d)[0] for d in PROJECT["project"]["dependencies"]}
    assert wanted - set(pins("runtime")) == set()
    assert wanted - set(pins("demo")) == set()
