"""Importing JSON lines: in batches, safe to repeat, and every refused line named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.cli import sending
from tests.cli.running import Shell, Terminal


def build(name: str, **more: Any) -> dict[str, Any]:
    return {
        **{"type": "build", "service": "payments-api", "build": name, "occurred_at": "2026-03-01T12:00:00Z"},
        **{"outcome": "failed", "source": {"repository": "https://git.example/pay", "commit": "9f2c" * 10}},
        **more,
    }


def lines(*documents: object) -> bytes:
    return b"".join(orjson.dumps(document) + b"\n" for document in documents)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def imported(shell: Shell, *arguments: str, stdin: bytes = b"") -> tuple[int, Sequence[int], str]:
    ran = shell("import", "jsonl", *arguments, "-o", "json", stdin=stdin)
    counted = orjson.loads(ran.out)
    return ran.code, [counted[name] for name in ("new", "existing", "refused")], ran.err


def test_lines_are_recorded_once(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1"), build("2")))
    assert imported(shiplog, str(file)) == (0, [2, 0, 0], "")
    assert imported(shiplog, str(file)) == (0, [0, 2, 0], "")
    assert imported(shiplog, "-", stdin=file.read_bytes()) == (0, [0, 2, 0], "")


def test_an_empty_file_is_imported(shiplog: Shell) -> None:
    assert imported(shiplog, "-", stdin=b"\n\n") == (0, [0, 0, 0], "")


def test_the_summary_for_people(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1")))
    assert shiplog.done("import", "jsonl", str(file)).out == "new       1\nexisting  0\nrefused   0\n"


def test_progress_on_a_terminal(shiplog: Shell, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "terminal", True)  # of stderr; stdout is told by the shell
    file.write_bytes(lines(build("1"), build("2")))
    assert "2 lines, " in (err := shiplog.done("import", "jsonl", str(file)).err)
    assert "/s, 100%, 0:00 left" in err
    assert "left" not in shiplog.done("import", "jsonl", "-", stdin=file.read_bytes()).err


def test_refused_lines_are_named_and_the_others_recorded(shiplog: Shell, file: Path) -> None:
    content = lines(build("1")) + b"\n  \nnot json\r\n" + lines(build("2", commit="x"), build("3"))
    file.write_bytes(content.rstrip(b"\n"))
    code, counted, err = imported(shiplog, str(file))
    assert (code, counted) == (2, [2, 0, 2])
    told = err.splitlines()
    assert told[0].startswith(f"{file}:4: not JSON")
    assert told[1].startswith(f"{file}:5: #/commit: ")


def test_only_conflicts_are_another_exit_code(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1"), build("1", label="v1")))
    code, counted, err = imported(shiplog, str(file))
    assert (code, counted) == (5, [1, 0, 1])
    assert err.startswith(f"{file}:2: ")
    assert "(already-recorded)" in err
    file.write_bytes(lines(build("1", label="v1"), {}))
    assert imported(shiplog, str(file))[:2] == (2, [0, 0, 2])


def test_a_conflict_between_two_lines_of_one_batch(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1"), build("2"), build("1", label="v1")))
    assert imported(shiplog, str(file))[:2] == (5, [2, 0, 1])


def test_an_atomic_batch_is_recorded_whole_or_not_at_all(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1"), build("2", commit="x"), build("3")))
    code, counted, err = imported(shiplog, str(file), "--atomic")
    assert (code, counted) == (2, [0, 0, 1])
    assert f"{file}:2: #/commit: " in err
    file.write_bytes(lines(build("1"), build("3")))
    assert imported(shiplog, str(file), "--atomic") == (0, [2, 0, 0], "")


def test_places_stay_true_over_several_batches(
    shiplog: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH_LINES_MAX", 2)
    file.write_bytes(lines(build("1"), build("2"), build("3")) + b"\n" + lines(build("4"), {}, build("5")))
    code, counted, err = imported(shiplog, str(file))
    assert (code, counted) == (2, [5, 0, 1])
    assert err.startswith(f"{file}:6: ")


def test_batches_are_bounded_by_bytes_too(
    shiplog: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH_BYTES_MAX", len(lines(build("1"))) + 1)
    file.write_bytes(lines(build("1"), build("2"), build("3")))
    assert imported(shiplog, str(file)) == (0, [3, 0, 0], "")


def test_a_line_too_long_is_refused_without_being_held(
    shiplog: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LINE_BYTES_MAX", 400)
    file.write_bytes(
        lines(build("1"), build("2", builder="x" * 2000), build("3"), build("4", builder="x" * 2000))
    )
    code, counted, err = imported(shiplog, str(file))
    assert (code, counted) == (2, [2, 0, 2])
    assert [line.split(":")[1] for line in err.splitlines()] == ["2", "4"]


def test_every_line_is_told_of_as_json(shiplog: Shell, file: Path, tmp_path: Path) -> None:
    file.write_bytes(lines(build("1"), {}) + b"\n" + lines(build("1"), build("1", label="v1")))
    results = tmp_path / "results.jsonl"
    assert imported(shiplog, str(file), "--results", str(results))[:2] == (2, [1, 1, 2])
    first, second, fourth, fifth = map(orjson.loads, results.read_bytes().splitlines())
    assert (first["line"], first["outcome"], first["position"], first["problem"]) == (1, "new", 2, None)
    assert first["digest"].startswith("sha256:")
    assert second == {"line": 2, "outcome": "refused", "position": None, "digest": None} | {
        "problem": {"type": "/problems/invalid-request", "detail": second["problem"]["detail"]}
    }
    assert (fourth["line"], fourth["outcome"], fourth["position"]) == (4, "existing", 2)
    assert (fifth["line"], fifth["problem"]["type"]) == (5, "/problems/already-recorded")


def test_results_on_stdout_leave_the_summary_to_stderr(shiplog: Shell, file: Path) -> None:
    file.write_bytes(lines(build("1")))
    ran = shiplog.done("import", "jsonl", str(file), "--results", "-")
    assert orjson.loads(ran.out)["outcome"] == "new"
    assert ran.err == "new 1, existing 0, refused 0\n"
    assert shiplog("import", "jsonl", str(file), "--results", "-", "-o", "json").code == 2


def test_results_say_that_a_line_was_too_long(
    shiplog: Shell, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LINE_BYTES_MAX", 400)
    results = tmp_path / "results.jsonl"
    file.write_bytes(lines(build("1"), build("2", builder="x" * 2000)))
    imported(shiplog, str(file), "--results", str(results))
    told = {each["line"]: each for each in map(orjson.loads, results.read_bytes().splitlines())}
    assert [told[1]["outcome"], told[2]["problem"]["type"]] == ["new", "/problems/too-large"]


def test_results_of_a_batch_refused_whole_name_all_its_lines(
    shiplog: Shell, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results.jsonl"
    file.write_bytes(lines(build("1"), build("2", commit="x")))
    assert imported(shiplog, str(file), "--atomic", "--results", str(results))[0] == 2
    told = [orjson.loads(line) for line in results.read_bytes().splitlines()]
    assert [each["outcome"] for each in told] == ["refused", "refused"]
    assert told[1]["problem"]["detail"].startswith("#/commit: ")
    monkeypatch.setattr(sending, "LINE_BYTES_MAX", 400)
    file.write_bytes(lines(build("1"), build("2", builder="x" * 2000)))
    assert imported(shiplog, str(file), "--atomic", "--results", str(results))[:2] == (2, [0, 0, 1])
    told = [orjson.loads(line) for line in results.read_bytes().splitlines()]
    assert [(each["line"], each["outcome"]) for each in told] == [(2, "refused"), (1, "refused")]


def test_results_that_cannot_be_written_end_it_before_anything_is_sent(
    shiplog: Shell, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(lines(build("1")))
    ran = shiplog("import", "jsonl", str(file), "--results", str(tmp_path / "nowhere" / "results"))
    assert (ran.code, "cannot be written" in ran.err) == (2, True)
    assert imported(shiplog, str(file))[1] == [1, 0, 0]
