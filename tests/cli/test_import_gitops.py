"""`shiplog import gitops` on real repositories: in process, over the wire, again, and gone wrong."""

from pathlib import Path
from typing import Any

import pytest

from api.cli import progress
from tests.cli.running import Ran, Shell, Terminal
from tests.cli.test_serve import served
from tests.credentials import TOKEN
from tests.gitops.made import NOON, Made, text

PATTERN = ("--pattern", "tags/{environment}/{service}")
CONFIG = ("--config-pattern", "values-{environment}.yaml")
COUNTED = ("new", "existing", "refused", "skipped")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made.at(tmp_path / "deployments")
    made.commit({"tags/prod/pay": "v1", "tags/prod/search": "v1", "values-prod.yaml": "1"})
    made.commit({"tags/prod/pay": "v2"})
    made.commit({"values-prod.yaml": "2"})
    made.commit({"tags/prod/pay": "v1"})
    made.commit({"tags/prod/search": None})
    return made


def imported(shell: Shell, made: Made, *more: str) -> tuple[int, list[int], Ran]:
    ran = shell("import", "gitops", str(made.folder), *PATTERN, *CONFIG, *more, "-o", "json")
    told = Ran(0, ran.out, ran.err).json
    return ran.code, [told[name] for name in COUNTED], ran


def running(shell: Shell, seconds: int) -> dict[str, tuple[str, str]]:
    """What ran in prod: service to label and configuration."""
    state = shell.done("at", f"prod@{text(NOON + seconds)}", "-o", "json").json
    return {
        place["service"]: (place["build"]["label"], place["config"]["reference"])
        for place in state["running"]
        if place["build"]
    }


def test_history_is_answered_as_it_was(shiplog: Shell, made: Made) -> None:
    old = "git-blob:" + made.git("rev-parse", "HEAD~4:values-prod.yaml")
    new = made.blob("values-prod.yaml")
    assert imported(shiplog, made)[:2] == (0, [7, 0, 0, 0])
    assert running(shiplog, 60) == {"pay": ("v1", old), "search": ("v1", old)}
    assert running(shiplog, 179) == {"pay": ("v2", old), "search": ("v1", old)}
    assert running(shiplog, 180) == {"pay": ("v2", new), "search": ("v1", new)}
    assert running(shiplog, 300) == {"pay": ("v1", new)}
    kinds = {row["since"]: row["deployment"]["kind"] for row in timeline(shiplog, "pay")}
    assert [kinds[text(NOON + seconds)] for seconds in (120, 180, 240)] == ["deploy", "config", "rollback"]


def timeline(shell: Shell, service: str) -> list[dict[str, Any]]:
    intervals = shell.done("timeline", service, "-o", "json").json["intervals"]
    assert isinstance(intervals, list)
    return intervals


def test_again_adds_nothing_and_then_only_what_is_new(shiplog: Shell, made: Made) -> None:
    imported(shiplog, made)
    assert imported(shiplog, made)[:2] == (0, [0, 7, 0, 0])
    before = made.git("rev-parse", "HEAD")
    made.commit({"tags/prod/pay": "v3"})
    assert imported(shiplog, made)[:2] == (0, [1, 7, 0, 0])
    assert imported(shiplog, made, "--after", before)[:2] == (0, [0, 1, 0, 0])


def test_a_run_that_was_cut_short_is_finished_by_the_next(shiplog: Shell, made: Made) -> None:
    assert imported(shiplog, made, "--ref", "HEAD~3")[1] == [3, 0, 0, 0]
    assert imported(shiplog, made)[1] == [4, 3, 0, 0]


def test_a_bare_copy_says_the_same_lines(shiplog: Shell, made: Made, tmp_path: Path) -> None:
    imported(shiplog, made)
    bare = Made(made.bare(tmp_path / "deployments.git"))
    bare.git("remote", "remove", "origin")
    assert imported(shiplog, bare)[:2] == (0, [0, 7, 0, 0])


def test_another_source_contradicts_what_was_told(shiplog: Shell, made: Made) -> None:
    imported(shiplog, made)
    code, counted, ran = imported(shiplog, made, "--source", "https://git.example/other")
    assert (code, counted) == (5, [0, 0, 7, 0])
    assert ran.err.startswith("git/")
    assert "(already-recorded)" in ran.err


def test_over_the_wire(shiplog: Shell, made: Made, tmp_path: Path) -> None:
    with served(tmp_path / "home") as (server, _):
        shiplog.environment = {"SHIPLOG_SERVER": server, "SHIPLOG_TOKEN": TOKEN}
        assert imported(shiplog, made)[:2] == (0, [7, 0, 0, 0])
        assert imported(shiplog, made)[:2] == (0, [0, 7, 0, 0])
        assert set(running(shiplog, 60)) == {"pay", "search"}


def test_what_cannot_be_taken_is_named_and_the_rest_recorded(shiplog: Shell, made: Made) -> None:
    commit = made.commit({"tags/Prod/pay": "v1", "tags/prod/new": "v1"})
    code, counted, ran = imported(shiplog, made)
    assert (code, counted) == (2, [8, 0, 0, 1])
    assert f"{commit[:12]}:tags/Prod/pay: not a environment: 'Prod'" in ran.err


def test_backwards_times_are_counted(shiplog: Shell, made: Made) -> None:
    made.commit({"tags/prod/pay": "v9"}, after=-45)
    ran = imported(shiplog, made)[2]
    assert ran.json["backwards"] == 1
    assert "commits dated before the one they follow: 1;" in ran.err


def test_what_it_says_to_people(shiplog: Shell, made: Made) -> None:
    ran = shiplog.done("import", "gitops", str(made.folder), *PATTERN)
    assert [line.split()[0] for line in ran.out.splitlines()] == [*COUNTED, "commits", "backwards", "head"]
    assert ran.err == f"next time only what is new: --after {made.git('rev-parse', 'HEAD')}\n"


def test_progress_has_a_rate_and_the_time_left(
    shiplog: Shell, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REFRESH_SECONDS", 0)
    monkeypatch.setattr(Terminal, "terminal", True)  # of stderr; stdout is told by the shell
    err = shiplog.done("import", "gitops", str(made.folder), *PATTERN).err
    assert err.startswith("5 lines, ")
    assert "/s, 100%, 0:00 left" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "give a --pattern"),
        (("--detect", *PATTERN), 2, "give a --pattern"),
        (("--detect", "--key", "x"), 2, "go with a --pattern"),
        (("--pattern", "{service}"), 2, "which environment"),
        (("--pattern", "{env}/{service}"), 2, "no placeholder {env}"),
        ((*PATTERN, "--key", "a["), 2, "not a key"),
        ((*PATTERN, "--ref", "nowhere"), 3, "no commit 'nowhere'"),
        ((*PATTERN, "--after", "--all"), 3, "no commit '--all'"),
        ((*PATTERN, "--environment", "Prod"), 2, "not a environment"),
        ((*PATTERN, "--source", "https://me:pw@git.example/x"), 2, "holds a user"),
    ],
)
def test_what_cannot_be_meant(
    shiplog: Shell, made: Made, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = shiplog("import", "gitops", str(made.folder), *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_folder_that_is_no_repository(shiplog: Shell, tmp_path: Path) -> None:
    ran = shiplog("import", "gitops", str(tmp_path), *PATTERN)
    assert ran.code == 3
    assert "no git repository" in ran.err
