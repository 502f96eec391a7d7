"""A rule that is switched off says why, on the line where it is switched off."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY, modules

# The reason follows the code after a dash, or after a second `#`, and is more than a word.
_OFF = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover|nosec|fmt:\s*(off|skip)|ruff:\s*noqa|mypy:)")
_REASON = re.compile(r"(\s-\s|\s#\s)\S+\s+\S+")
_CODED = re.compile(r"#\s*(noqa:\s*[A-Z]+[0-9]+|type:\s*ignore\[[a-z-]|(?!\s|noqa|type:))")


def unreasoned(source: str) -> Iterator[str]:
    """Say each line of *source* that switches a rule off without a code or without a reason."""
    for number, line in enumerate(source.splitlines(), start=1):
        off = _OFF.search(line)
        if off and not (_REASON.search(line, off.end()) and _CODED.match(line, off.start())):
            yield f"{number}: {line.strip()}"
    yield from _switched_off_tests(source)


def _switched_off_tests(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    given = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and any(k.arg == "reason" for k in node.keywords)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in given:
            name = ast.unparse(node)
            if re.fullmatch(r"pytest\.mark\.(skip|skipif|xfail)", name):
                yield f"{node.lineno}: {name} without a reason"


def test_every_exclusion_in_the_code_has_its_reason() -> None:
    found = [
        f"{file}:{line}"
        for file, text in modules(*PACKAGES, "tests")
        if file != f"tests/architecture/{__name__.rsplit('.', 1)[-1]}.py"  # it quotes bad lines
        for line in unreasoned(text)
    ]
    assert found == []


def bare_settings(settings: str) -> Iterator[str]:
    """Say each line of pyproject.toml that ignores a rule, or part of mypy, without a comment."""
    table, ignoring = "", False
    for line in settings.splitlines():
        if line.startswith("["):
            table, ignoring = line, "per-file-ignores" in line
        elif re.match(r"(extend-)?ignore = \[", line):
            ignoring = True
        off = (ignoring and re.search(r'"[A-Z]+[0-9]*"', line)) or "mypy.overrides" in line
        if off and "#" not in line:
            yield line
        if line.endswith("]"):
            ignoring = "per-file-ignores" in table


def test_every_ignored_rule_has_its_reason() -> None:
    settings = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert list(bare_settings(settings)) == []


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.ruff.lint]\nignore = [\n  "D107", # said by the class\n  "D203",\n]',
        '[tool.ruff.lint]\nignore = ["D107"]\nselect = ["A"]',
        '[tool.ruff.lint.per-file-ignores]\n"api/**" = [\n  "D", # pages\n]\n"tests/**" = ["D"]',
        '[[tool.mypy.overrides]]\nmodule = "some.stubs"',
    ],
)
def test_one_bare_setting_is_seen_among_others(settings: str) -> None:
    assert len(list(bare_settings(settings))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: S603",
        "x = 1  # noqa - because we say so",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[attr-defined]",
        "x = 1  # pragma: no cover",
        "import pytest\n@pytest.mark.skip\ndef test() -> None: ...",
        "import pytest\n@pytest.mark.xfail(strict=True)\ndef test() -> None: ...",
    ],
)
def test_an_exclusion_without_a_reason_is_seen(line: str) -> None:
    assert list(unreasoned(line)) != []


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: S603 - arguments are made here",
        "x = 1  # type: ignore[attr-defined]  # the stubs are behind",
        "x = 1  # pragma: no cover - only reached on Windows",
        "import pytest\n@pytest.mark.skip(reason='needs a key server')\ndef test() -> None: ...",
    ],
)
def test_an_exclusion_with_a_reason_is_let_be(line: str) -> None:
    assert list(unreasoned(line)) == []
