"""No committed file says where packages came from, or where on which machine it was written.

A mirror's name in a lock file makes the next machine fail, and a path of a developer's machine
says more than it should. The patterns are put together here, so that this file does not match
itself.
"""

import re

import pytest

from tests.architecture.tree import REPOSITORY, committed

_DOT = r"\."
_HOSTS = (
    f"py{'pi'}{_DOT}org",
    f"python{'hosted'}{_DOT}",
    f"npm{'js'}{_DOT}",
    f"{_DOT}deb{'ian'}{_DOT}org",
    f"{_DOT}go{'lang'}{_DOT}org",
    f"crates{_DOT}{'io'}",
    f"{_DOT}mav{'en'}{_DOT}",
)
_PATHS = (
    r"/wo" + r"rk/",
    r"/ro" + r"ot/",
    r"/ho" + r"me/[a-z]",
    r"/Us" + r"ers/[a-z]",
    r"/fa" + r"rm/",
    r"bash_" + r"jobs",
)
TELLTALE = re.compile("|".join((*_HOSTS, *_PATHS)))
LINE_LENGTH_SHOWN = 160


def test_no_committed_file_names_a_package_host_or_a_path_of_this_machine() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line[:LINE_LENGTH_SHOWN]}"
        for path in committed()
        for number, line in enumerate(_lines(path.read_bytes()), start=1)
        if TELLTALE.search(line)
    ]
    assert found == []


def _lines(content: bytes) -> list[str]:
    return [] if b"\0" in content else content.decode("utf-8", errors="replace").splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://py" + "pi.org/simple",
        "# from files.python" + "hosted.org",
        "resolved https://registry.npm" + "js.org/a",
        "see /wo" + "rk/main/domain",
        "File /ro" + "ot/.cache/pip",
    ],
)
def test_a_telltale_line_is_seen(line: str) -> None:
    assert TELLTALE.search(line)


def test_a_package_url_is_no_host() -> None:
    assert TELLTALE.search("pkg:pypi/flask@3.1.3") is None
