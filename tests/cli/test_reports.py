"""Reporting facts: what is sent, what is said, and that saying it again does no harm."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.running import Shell

DIGEST = "sha256:" + "5f" * 32
COMMIT = "9f2c" * 10
BUILD = (
    *("record", "build", "payments-api", "--build", "ci/1", "--commit", COMMIT),
    *("--repository", "https://git.example/pay", "--artifact", f"payments-api={DIGEST}"),
)


@pytest.fixture
def released(shiplog: Shell) -> Shell:
    """A ledger with releases 1 and 2 of payments-api@prod."""
    shiplog.done(*BUILD)
    for size in ("40", "80"):
        shiplog.done("record", "config", "payments-api@prod", "--set", f"DB_POOL_MAX={size}")
        shiplog.done("release", "cut", "payments-api@prod", "--build", "ci/1")
    return shiplog


def deploy(shell: Shell, *more: str) -> int:
    position = shell.done("record", "deployment", "payments-api@prod", *more, "-o", "json").json["position"]
    assert isinstance(position, int)
    return position


def test_a_build_with_everything_said(shiplog: Shell, tmp_path: Path) -> None:
    made = tmp_path / "payments-api.tar"
    made.write_bytes(b"bytes")
    receipt = shiplog.done(
        *BUILD,
        *(
            "--ref",
            "refs/heads/main",
            "--artifact-file",
            str(made),
            "--label",
            "v1",
            "--builder",
            "https://ci.example",
        ),
        *("--occurred-at", "2026-03-01T11:00Z", "--id", "run-1", "--reporter", "ci", "-o", "json"),
    )
    assert (receipt.json["topic"], receipt.json["existing"]) == ("build-recorded.v1", False)
    assert f"artifact: payments-api.tar sha256:{sha256(b'bytes').hexdigest()}" in receipt.err
    who = shiplog.done("who", f"sha256:{sha256(b'bytes').hexdigest()}", "-o", "json").json
    assert [(event["occurred_at"], event["reporter"]) for event in who["events"]] == [
        ("2026-03-01T11:00:00Z", "ci")
    ]


def test_a_failed_build(shiplog: Shell) -> None:
    shiplog.done(*BUILD[:-2], "--outcome", "failed")


def test_the_receipt_for_people(shiplog: Shell) -> None:
    ran = shiplog.done(*BUILD)
    assert ran.err == "recorded\n"
    assert [line.split()[0] for line in ran.out.splitlines()] == [
        *("position", "recorded", "topic", "stream", "digest")
    ]


def test_a_report_without_a_time_happened_now(shiplog: Shell) -> None:
    now = shiplog.clock()
    shiplog.done(*BUILD)
    event = shiplog.done("who", "payments-api/ci/1", "-o", "json").json["events"][0]
    assert event["occurred_at"] == now.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "arguments",
    [
        BUILD,
        ("record", "config", "payments-api@prod", "--set", "DB_POOL_MAX=40", "--id", "run-1/config"),
        ("release", "cut", "payments-api@prod", "--build", "ci/1"),
        ("record", "deployment", "payments-api@prod", "--release", "2", "--deployment", "argo/1"),
        ("record", "removal", "payments-api@prod", "--id", "run-1/removal"),
        ("record", "observation", "prod", "--reporter", "agent", "--nothing-running", "--id", "run-1/seen"),
        ("rollback", "payments-api@prod", "--to", "1", "--reason", "slow", "--deployment", "argo/2"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_the_same_report_again_later_is_answered_as_existing(
    released: Shell, arguments: tuple[str, ...]
) -> None:
    deploy(released, "--release", "2", "--deployment", "argo/0")
    first = released.done(*arguments, "-o", "json")
    released.clock.advance(60)
    again = released.done(*arguments, "-o", "json")
    assert again.json == {**first.json, "existing": True}
    assert "it was there already" in again.err


def test_another_report_under_the_same_name_is_a_conflict(released: Shell) -> None:
    deploy(released, "--release", "1", "--deployment", "argo/1")
    ran = released("record", "deployment", "payments-api@prod", "--release", "2", "--deployment", "argo/1")
    assert (ran.code, ran.out) == (5, "")
    assert "already-recorded" in ran.err


def test_a_time_that_was_chosen_is_not_replaced_by_the_one_recorded(released: Shell) -> None:
    deploy(released, "--release", "1", "--deployment", "argo/1", "--occurred-at", "1m ago")
    again = ("--release", "1", "--deployment", "argo/1", "--occurred-at", "now")
    assert released("record", "deployment", "payments-api@prod", *again).code == 5


def test_configuration_from_every_source_and_no_secret_in_the_record(shiplog: Shell, tmp_path: Path) -> None:
    plain, secret, token = tmp_path / "prod.env", tmp_path / "secrets.json", tmp_path / "token"
    plain.write_text("# comment\n\nexport LOG_LEVEL='info'\nEMPTY=\n")
    secret.write_text(json.dumps({"PASSWORD": "hunter2-in-a-file"}))
    token.write_text("hunter2-in-another-file\n")
    shiplog.done(
        *("record", "config", "payments-api@prod", "--set", "DB_POOL_MAX=40", "--from-file", str(plain)),
        *("--secret-from-file", str(secret), "--secret", f"TOKEN=@{token}", "--secret", "KEY=hunter2-said"),
        *("--secret-env", "API_KEY", "--author", "ann"),
        API_KEY="hunter2-in-the-environment",
    )
    stored = Path(tmp_path / "home" / "ledger.db").read_bytes() + _wal(tmp_path)
    assert b"hunter2" not in stored
    assert all(name in stored for name in (b"LOG_LEVEL", b"EMPTY", b"PASSWORD", b"TOKEN", b"KEY", b"API_KEY"))


def _wal(tmp_path: Path) -> bytes:
    wal = tmp_path / "home" / "ledger.db-wal"
    return wal.read_bytes() if wal.exists() else b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to report"),
        (("--set", "A=1", "--set", "A=2"), "A is given twice"),
        (("--set", "A=1", "--secret", "A=2"), "A is given twice"),
        (("--secret", "A="), "the secret A is empty"),
        (("--secret-env", "NOT_THERE"), "the environment has no NOT_THERE"),
        (("--set", "A"), "expected NAME=VALUE"),
        (("--set", "A=1", "--digest", DIGEST), "contradictory-report"),
        (("--from-file", "/nonexistent"), "no file at"),
    ],
)
def test_a_configuration_that_cannot_be_meant(shiplog: Shell, arguments: tuple[str, ...], said: str) -> None:
    ran = shiplog("record", "config", "payments-api@prod", *arguments)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"A": 1}', "not a text"),
        (b'{"A": "1", "A": "2"}', "'A' is given twice"),
        (b'{"A": NaN}', "NaN is not JSON"),
        (b"{", "not JSON"),
        (b"A\n", "config:1: expected KEY=VALUE"),
        (b"\xff=1", "cannot be read as text"),
    ],
)
def test_a_configuration_file_that_cannot_be_meant(
    shiplog: Shell, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "config"
    file.write_bytes(content)
    ran = shiplog("record", "config", "payments-api@prod", "--from-file", str(file))
    assert ran.code == 2
    assert said in ran.err


def test_slots_outcomes_and_removals(released: Shell) -> None:
    deploy(released, "--release", "1", "--outcome", "started", "--deployment", "argo/1")
    deploy(released, "--release", "1", "--deployment", "argo/1")
    deploy(released, "--release", "2", "--slot", "canary", "--sequence", "3")
    deploy(released, "--release", "2", "--outcome", "failed", "--reason", "out of memory")
    assert [line[2:4] for line in released.done("at", "prod").lines] == [["canary", "v2"], ["main", "v1"]]
    released.done("record", "removal", "payments-api@prod", "--slot", "canary", "--reason", "over")
    assert [line[2:4] for line in released.done("at", "prod").lines] == [["main", "v1"]]


def test_a_rollback_runs_an_earlier_release_and_says_why(released: Shell) -> None:
    deploy(released, "--release", "2")
    released.done("rollback", "payments-api@prod", "--to", "1", "--reason", "release 2 loses orders")
    running = released.done("at", "prod", "-o", "json").json["running"][0]
    assert (running["release"]["number"], running["deployment"]["kind"]) == (1, "rollback")
    assert running["deployment"]["reason"] == "release 2 loses orders"


def test_an_observation_is_seen_beside_what_should_run(released: Shell, tmp_path: Path) -> None:
    deploy(released, "--release", "1")
    seen = ("record", "observation", "prod", "--reporter", "agent")
    released.done(*seen, "--running", f"payments-api={DIGEST}")
    assert released.done("at", "prod", "-o", "json").json["running"][0]["observed"] == "match"
    other = json.dumps([{"service": "payments-api", "slot": "main", "artifacts": ["sha256:" + "0" * 64]}])
    released.done(*seen, "--from-file", "-", stdin=other.encode())
    assert released.done("at", "prod", "-o", "json").json["running"][0]["observed"] == "differs"
    file = tmp_path / "seen.json"
    file.write_text(json.dumps({"running": [{"service": "payments-api", "artifacts": [DIGEST]}]}))
    released.done(*seen, "--from-file", str(file))
    assert released.done("at", "prod", "-o", "json").json["running"][0]["observed"] == "match"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--running", f"a={DIGEST}", "--nothing-running"),
        ("--running", "a="),
        ("--running", f"a/={DIGEST}"),
        ("--running", f"a={DIGEST},"),
        ("--running", DIGEST),
    ],
)
def test_an_observation_that_cannot_be_meant(shiplog: Shell, arguments: tuple[str, ...]) -> None:
    assert shiplog("record", "observation", "prod", "--reporter", "agent", *arguments).code == 2


def test_a_correction_withdraws_and_another_replaces(released: Shell) -> None:
    first = deploy(released, "--release", "1", "--occurred-at", "1m ago")
    second = deploy(released, "--release", "2")
    released.done("record", "correction", str(second), "--reason", "it was the canary")
    assert [line[3] for line in released.done("at", "prod").lines] == ["v1"]
    replacement = {
        **{"type": "deployment", "service": "payments-api", "environment": "prod", "release": 2},
        "occurred_at": "2026-03-01T12:00:00Z",
    }
    told = json.dumps(replacement).encode()
    released.done(
        "record", "correction", str(first), "--reason", "it was 2", "--replacement", "-", stdin=told
    )
    assert [line[3] for line in released.done("at", "prod").lines] == ["v2"]


def test_a_release_of_a_configuration_by_number_and_by_digest(released: Shell) -> None:
    again = released.done(
        "release", "cut", "payments-api@prod", "--build", "ci/1", "--config", "1", "-o", "json"
    )
    assert (again.json["release"], again.json["existing"]) == (1, True)
    digest = released.done("release", "show", "payments-api@prod#2", "-o", "json").json["release"]["config"][
        "digest"
    ]
    second = ("release", "cut", "payments-api@prod", "--build", "ci/1", "--config", digest, "-o", "json")
    assert released.done(*second).json["release"] == 2


def test_a_repository_with_credentials_is_refused(shiplog: Shell) -> None:
    arguments = list(BUILD)
    arguments[arguments.index("https://git.example/pay")] = "https://robot:hunter2@git.example/pay"
    ran = shiplog(*arguments)
    assert ran.code == 2
    assert "hunter2" not in ran.err
