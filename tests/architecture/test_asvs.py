"""The checklist of OWASP ASVS 5.0: every requirement of levels 1 and 2 once, and what it names is there."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import PACKAGES, REPOSITORY, SOURCES

LIST = REPOSITORY / "docs/security/asvs-5-level-2.md"
LEVELS = """
    1.1 22, 1.2 1111122223, 1.3 112222222223, 1.4 222, 1.5 123,
    2.1 122, 2.2 112, 2.3 12223, 2.4 23,
    3.1 3, 3.2 113, 3.3 12223, 3.4 11222233, 3.5 11122333, 3.6 3, 3.7 22333,
    4.1 12233, 4.2 23333, 4.3 22, 4.4 1222,
    5.1 2, 5.2 112333, 5.3 113, 5.4 222,
    6.1 122, 6.2 111111112222, 6.3 11223333, 6.4 112233, 6.5 22222333, 6.6 2223, 6.7 33, 6.8 2222,
    7.1 222, 7.2 1111, 7.3 22, 7.4 11222, 7.5 223, 7.6 22,
    8.1 1233, 8.2 1123, 8.3 133, 8.4 23,
    9.1 111, 9.2 1222,
    10.1 22, 10.2 223, 10.3 22223, 10.4 1111122222233333, 10.5 22222, 10.6 22, 10.7 222,
    11.1 2233, 11.2 22233, 11.3 11233, 11.4 1222, 11.5 23, 11.6 23, 11.7 33,
    12.1 12233, 12.2 11, 12.3 22223,
    13.1 2333, 13.2 222223, 13.3 2233, 13.4 1222233,
    14.1 22, 14.2 12223333, 14.3 122,
    15.1 12233, 15.2 12233, 15.3 1222222, 15.4 3333,
    16.1 2, 16.2 22222, 16.3 2222, 16.4 222, 16.5 2223,
    17.1 23, 17.2 22223333, 17.3 22
"""
"""By section, the level of each requirement in order (OWASP ASVS 5.0.0); those of level 3 are not listed."""
ROW = re.compile(r"\| (\d+\.\d+\.\d+)(?:-(\d+\.\d+\.\d+))? \| ([12]) \| (.+) \| (met|n/a|not met) \| (.+) \|")
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|SECURITY\.md|pyproject\.toml)(?:::(\w+))?`")
SECTION = re.compile(r"`docs/operating\.md` ((?:\"[^\"]+\"(?:, | and )?)+)")


def rows() -> Iterator[re.Match[str]]:
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and line[2].isdigit():
            found = ROW.fullmatch(line)
            assert found is not None, line
            yield found


def told() -> Iterator[tuple[str, str]]:
    """Yield each requirement that the list has, and the level it is said to be of."""
    for row in rows():
        first, last, level = row[1], row[2] or row[1], row[3]
        section, _, begin = first.rpartition(".")
        assert last.startswith(f"{section}."), row[0]
        for number in range(int(begin), int(last.rpartition(".")[2]) + 1):
            yield f"{section}.{number}", level


def test_every_requirement_of_both_levels_is_there_once() -> None:
    asked = {
        f"{section}.{number}": level
        for section, levels in (each.split() for each in LEVELS.split(","))
        for number, level in enumerate(levels, 1)
        if level != "3"
    }
    assert len(asked) == 253
    found = list(told())
    assert len(found) == len(dict(found)), "none twice"
    assert dict(found) == asked


def test_what_it_names_is_there() -> None:
    missing = []
    for row in rows():
        for path, test in NAMED.findall(row[6]):
            root = SOURCES if path.partition("/")[0] in PACKAGES else REPOSITORY
            place = root / path
            if not place.exists() or (test and f"def {test}(" not in place.read_text(encoding="utf-8")):
                missing.append(f"{row[1]}: {path} {test}")
    assert missing == []


def test_what_is_met_says_where() -> None:
    """Or it is about what is not there at all, which can only be said."""
    said = [row[1] for row in rows() if row[5] == "met" and "`" not in row[6]]
    assert len(said) <= 20, said


def test_the_sections_that_it_names_are_there() -> None:
    there = (REPOSITORY / "docs/operating.md").read_text(encoding="utf-8")
    named = {
        name
        for told in SECTION.findall(LIST.read_text(encoding="utf-8"))
        for name in re.findall('"([^"]+)"', told)
    }
    assert len(named) > 3
    assert [name for name in named if f"\n## {name}" not in there] == []


@pytest.mark.parametrize("state", ["met", "n/a", "not met"])
def test_it_is_honest_enough_to_have_each(state: str) -> None:
    assert sum(row[5] == state for row in rows()) > 10
