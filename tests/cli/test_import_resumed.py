"""An import taken up again where it was: only what is left is sent, and nothing is passed over unseen."""

import shutil
from pathlib import Path

import orjson
import pytest

from api.cli import client, clock, exits, in_process, patience, sending
from api.cli.client import Answer, NoAnswer
from api.cli.exits import Failure
from tests.cli.running import Ran, Shell
from tests.cli.test_import import build, imported, lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "history.state"


@pytest.fixture(autouse=True)
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BATCH_LINES_MAX", 2)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; no time passes."""
    waited: list[float] = []
    monkeypatch.setattr(clock, "pause", waited.append)
    return waited


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every batch that reaches the ledger."""
    seen: list[bytes] = []
    real = in_process.InProcess.send

    def send(self: in_process.InProcess, method: str, target: str, body: bytes | None, media: str) -> Answer:
        if body is not None:
            seen.append(body)
        return real(self, method, target, body, media)

    monkeypatch.setattr(in_process.InProcess, "send", send)
    return seen


def interrupted(monkeypatch: pytest.MonkeyPatch, *, after: int, by: BaseException) -> None:
    """Have *by* raised instead of the answer to the batch that follows *after* others."""
    real = client.Client.post
    count = iter(range(1 << 30))

    def post(self: client.Client, target: str, body: bytes, media: str) -> bytes:
        answer = real(self, target, body, media)
        if next(count) >= after:
            raise by
        return answer

    monkeypatch.setattr(client.Client, "post", post)


def resumed(shiplog: Shell, file: Path, state: Path) -> tuple[int, list[int], str]:
    code, counted, err = imported(shiplog, str(file), "--resume", str(state))
    return code, list(counted), err


def test_only_what_is_left_is_sent(
    shiplog: Shell, file: Path, state: Path, sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(lines(*(build(str(n)) for n in range(7))))
    with monkeypatch.context() as patch:
        interrupted(patch, after=2, by=KeyboardInterrupt())
        ran = shiplog("import", "jsonl", str(file), "--resume", str(state))
    assert ran.code == exits.INTERRUPTED
    assert "4 lines were answered; the same command goes on after them" in ran.err
    sent.clear()
    # The answer to the third batch was lost after it was recorded: it is sent once more.
    assert resumed(shiplog, file, state) == (0, [5, 2, 0], "")
    assert b"\n".join(sent).count(b'"build":"') == 3
    sent.clear()
    assert resumed(shiplog, file, state) == (0, [5, 2, 0], "")
    assert sent == []


def test_without_a_state_it_is_said_that_all_is_sent_again(
    shiplog: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(lines(*(build(str(n)) for n in range(4))))
    with monkeypatch.context() as patch:
        interrupted(patch, after=1, by=Failure(exits.UNEXPECTED, "no more"))
        ran = shiplog("import", "jsonl", str(file))
    assert ran.code == exits.UNEXPECTED
    assert "2 lines were answered; run it again: nothing is recorded twice" in ran.err
    assert imported(shiplog, str(file)) == (0, [0, 4, 0], "")


def test_what_is_added_at_the_end_is_sent(shiplog: Shell, file: Path, state: Path, sent: list[bytes]) -> None:
    file.write_bytes(lines(build("1"), build("2"), build("3")) + b"\n")
    resumed(shiplog, file, state)
    sent.clear()
    with file.open("ab") as more:
        more.write(lines(build("4")))
    assert resumed(shiplog, file, state) == (0, [4, 0, 0], "")
    assert len(sent) == 1
    assert b'"4"' in sent[0]


def test_stdin_is_passed_over_too(shiplog: Shell, file: Path, state: Path, sent: list[bytes]) -> None:
    file.write_bytes(lines(build("1"), build("2")))
    resumed(shiplog, file, state)
    sent.clear()
    longer = file.read_bytes() + lines(build("3"))
    assert imported(shiplog, "-", "--resume", str(state), stdin=longer)[1] == [3, 0, 0]
    assert len(sent) == 1


@pytest.mark.parametrize(
    "changed",
    [
        lines(build("1"), build("2", label="v1"), build("3")),
        lines(build("1")),
        b"",
        lines(build("0"), build("1"), build("2"), build("3")),
    ],
    ids=["another line", "shorter", "empty", "longer at the beginning"],
)
def test_an_input_that_was_changed_is_not_skipped_into(
    shiplog: Shell, file: Path, state: Path, sent: list[bytes], changed: bytes
) -> None:
    file.write_bytes(lines(build("1"), build("2")))
    resumed(shiplog, file, state)
    before = state.read_bytes()
    sent.clear()
    file.write_bytes(changed)
    ran = refused(shiplog, file, state)
    assert f"{file} does not begin with what was sent of it before" in ran.err
    assert "without" in ran.err
    assert (sent, state.read_bytes()) == ([], before)


def test_a_last_line_that_was_not_whole_is_not_gone_on_with(shiplog: Shell, file: Path, state: Path) -> None:
    whole = lines(build("1"), build("2"), build("3"))
    file.write_bytes(whole[:-20])
    assert resumed(shiplog, file, state)[:2] == (2, [2, 0, 1])
    file.write_bytes(whole)
    assert "does not begin with" in refused(shiplog, file, state).err


def test_a_last_line_without_an_end_is_gone_on_after(shiplog: Shell, file: Path, state: Path) -> None:
    file.write_bytes(lines(build("1")).rstrip())
    resumed(shiplog, file, state)
    file.write_bytes(lines(build("1"), build("2"), {}))
    code, counted, err = resumed(shiplog, file, state)
    assert (code, counted) == (2, [2, 0, 1])
    assert err.startswith(f"{file}:3: ")


def test_refused_lines_of_the_run_before_still_count(shiplog: Shell, file: Path, state: Path) -> None:
    file.write_bytes(lines(build("1"), {}, build("2")))
    assert resumed(shiplog, file, state)[:2] == (2, [2, 0, 1])
    assert resumed(shiplog, file, state) == (2, [2, 0, 1], "")


def test_a_batch_refused_whole_is_sent_again(shiplog: Shell, file: Path, state: Path) -> None:
    file.write_bytes(lines(build("1"), build("2"), build("3"), {}))
    assert imported(shiplog, str(file), "--atomic", "--resume", str(state))[:2] == (2, [2, 0, 1])
    file.write_bytes(lines(build("1"), build("2"), build("3"), build("4")))
    assert imported(shiplog, str(file), "--atomic", "--resume", str(state)) == (0, [4, 0, 0], "")


def test_what_an_earlier_run_refused_does_not_stop_an_atomic_one(
    shiplog: Shell, file: Path, state: Path
) -> None:
    file.write_bytes(lines({}, build("1")))
    assert resumed(shiplog, file, state)[:2] == (2, [1, 0, 1])
    with file.open("ab") as more:
        more.write(lines(build("2")))
    for _ in range(2):
        answer = imported(shiplog, str(file), "--atomic", "--resume", str(state))
        assert answer == (2, [2, 0, 1], ""), "and what is left is sent once"


def test_results_are_added_to(shiplog: Shell, file: Path, state: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    file.write_bytes(lines(build("1")))
    for _ in range(2):
        imported(shiplog, str(file), "--resume", str(state), "--results", str(results))
        file.write_bytes(lines(build("1"), build("2")))
    assert [orjson.loads(line)["line"] for line in results.read_bytes().splitlines()] == [1, 2]


def test_another_ledger_is_not_taken_for_the_one_before(  # noqa: PLR0917 - fixtures, by name
    shiplog: Shell, empty_home: Path, file: Path, state: Path, tmp_path: Path, sent: list[bytes]
) -> None:
    file.write_bytes(lines(build("1"), build("2")))
    resumed(shiplog, file, state)
    shutil.rmtree(tmp_path / "home")
    shutil.copytree(empty_home, tmp_path / "home")
    sent.clear()
    assert "not the ledger that was sent to before" in refused(shiplog, file, state).err
    imported(shiplog, "-", stdin=lines(build("3"), build("4")))  # as long, and another
    sent.clear()
    assert "not the ledger that was sent to before" in refused(shiplog, file, state).err
    assert sent == []
    state.unlink()
    assert resumed(shiplog, file, state)[1] == [2, 0, 0]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"type":"build"}\n', b"\xff", b'{"lines":1}'], ids=repr
)
def test_a_file_of_something_else_is_left_alone(
    shiplog: Shell, file: Path, state: Path, content: bytes
) -> None:
    file.write_bytes(lines(build("1")))
    state.write_bytes(content)
    ran = shiplog("import", "jsonl", str(file), "--resume", str(state))
    assert (ran.code, state.read_bytes()) == (2, content)
    assert "is not what an import has kept" in ran.err


def test_a_state_with_impossible_numbers_is_refused(shiplog: Shell, file: Path, state: Path) -> None:
    file.write_bytes(lines(build("1")))
    resumed(shiplog, file, state)
    kept = orjson.loads(state.read_bytes())
    for wrong in ({"bytes": -1}, {"lines": True}, {"digest": None}):
        state.write_bytes(orjson.dumps(kept | wrong))
        assert shiplog("import", "jsonl", str(file), "--resume", str(state)).code == 2


def test_a_state_that_cannot_be_written_or_read_is_told(shiplog: Shell, file: Path, tmp_path: Path) -> None:
    file.write_bytes(lines(build("1")))
    ran = shiplog("import", "jsonl", str(file), "--resume", str(tmp_path / "nowhere" / "state"))
    assert (ran.code, "cannot be written" in ran.err) == (2, True)
    ran = shiplog("import", "jsonl", str(file), "--resume", str(tmp_path))
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_a_server_that_is_away_for_a_while_is_asked_again(
    shiplog: Shell, file: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(lines(build("1"), build("2"), build("3")))
    away(monkeypatch, times=2)
    assert imported(shiplog, str(file))[:2] == (0, [3, 0, 0])
    assert pauses == list(patience.PAUSES_SECONDS[:2])


def test_a_server_that_stays_away_is_given_up(
    shiplog: Shell, file: Path, state: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(lines(build("1"), build("2"), build("3")))
    away(monkeypatch, times=1 << 30)
    ran = shiplog("import", "jsonl", str(file), "--resume", str(state))
    assert ran.code == exits.UNAVAILABLE
    assert pauses == list(patience.PAUSES_SECONDS)
    assert "0 lines were answered; the same command goes on after them" in ran.err


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (Answer(503, b'{"type":"/problems/ledger-unavailable","status":503}'), True),
        (Answer(429, b""), True),
        (Answer(409, b'{"type":"/problems/conflicting-append","status":409}'), True),
        (Answer(401, b'{"type":"/problems/unauthenticated","status":401}'), False),
        (Answer(503, b'{"type":"/problems/not-a-ledger","status":503}'), False),
        (Answer(500, b""), False),
    ],
)
def test_only_what_may_pass_is_tried_again(  # noqa: PLR0917 - fixtures, by name
    shiplog: Shell,
    file: Path,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    again: bool,
) -> None:
    file.write_bytes(lines(build("1")))
    monkeypatch.setattr(in_process.InProcess, "send", lambda *_: answer)
    assert shiplog("import", "jsonl", str(file)).code != 0
    assert bool(pauses) is again


def away(monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
    """Have nobody answer so many times, and nothing be recorded."""
    real = in_process.InProcess.send
    left = iter(range(times))

    def send(self: in_process.InProcess, method: str, target: str, body: bytes | None, media: str) -> Answer:
        if body is not None and next(left, None) is not None:
            raise NoAnswer("nobody answers")
        return real(self, method, target, body, media)

    monkeypatch.setattr(in_process.InProcess, "send", send)


def refused(shiplog: Shell, file: Path, state: Path) -> Ran:
    """Run what must not go on."""
    ran = shiplog("import", "jsonl", str(file), "--resume", str(state))
    assert ran.code == exits.CONFLICT, ran.err
    return ran
