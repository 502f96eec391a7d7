"""Where our files are, and what they say as syntax: the ground the checks in this folder stand on.

The packages are found by importing them, so that the same checks read the working tree here and the
installed wheel in CI.
"""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import domain

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("domain", "adapters", "api", "policies")
SOURCES = Path(domain.__file__).parents[1]
_MADE_HERE = {"__pycache__", "build", "dist", "htmlcov"}


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Name and text of each Python file below *folders*: `("domain/event.py", "…")`."""
    for folder in folders:
        root = REPOSITORY if folder == "tests" else SOURCES
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def imported(source: str) -> Iterator[str]:
    """Name every module that *source* imports, in full, wherever in the file it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def committed() -> Iterator[Path]:
    """Every file that is in the repository or about to be; all files where git cannot say."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(  # noqa: S603 - a constant command, in our own folder
            command, cwd=REPOSITORY, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        yield from (path for path in REPOSITORY.rglob("*") if path.is_file() and _kept(path))
        return
    paths = (REPOSITORY / name for name in listed.stdout.split("\0") if name)
    yield from (path for path in paths if path.is_file())


def _kept(path: Path) -> bool:
    parts = path.relative_to(REPOSITORY).parts
    return not any(p in _MADE_HERE or (p.startswith(".") and p != ".ci") for p in parts[:-1])
