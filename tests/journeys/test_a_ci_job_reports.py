"""What a CI job does by command line: builds, configures, releases, runs, and retries every step safely."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli import clock
from tests.builders import NOON, Clock
from tests.cli.running import Shell

COMMIT = "9f2c" * 10
JOB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": COMMIT,
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/payments-api",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_WORKFLOW_REF": "acme/payments-api/.github/workflows/ci.yml@refs/heads/main",
    "PAYMENT_TOKEN": "hunter2-the-token",
}


@pytest.fixture
def shiplog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a job of a CI system, with a ledger of its own to make."""
    ticking = Clock(NOON)
    monkeypatch.setattr(clock, "now", ticking)
    monkeypatch.setenv("SHIPLOG_HOME", str(tmp_path / "home"))
    return Shell(ticking, monkeypatch, environment=JOB)


def test_a_job_from_build_to_running_and_every_step_again(shiplog: Shell, tmp_path: Path) -> None:
    wheel = tmp_path / "payments_api-1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    steps = (
        ("record", "build", "payments-api", "--artifact-file", str(wheel)),
        (
            *("record", "config", "payments-api@prod", "--set", "DB_POOL_MAX=40"),
            *("--secret-env", "PAYMENT_TOKEN", "--id", "4711/config"),
        ),
        ("release", "cut", "payments-api@prod"),
        (
            "record",
            "deployment",
            "payments-api@prod",
            "--release",
            "1",
            "--deployment",
            "4711",
            "--outcome",
            "started",
        ),
        ("record", "deployment", "payments-api@prod", "--release", "1", "--deployment", "4711"),
    )
    shiplog.done("init", "--no-trust-root")
    first = [shiplog.done(*step, "-o", "json").json for step in steps]
    assert [receipt["position"] for receipt in first] == [3, 4, 5, 6, 7]
    state = shiplog.done("at", "prod", "-o", "json").json

    shiplog.clock.advance(timedelta(minutes=5).total_seconds())
    again = [shiplog.done(*step, "-o", "json").json for step in steps]
    assert again == [{**receipt, "existing": True} for receipt in first]

    running = shiplog.done("at", "prod", "-o", "json").json
    assert running["running"] == state["running"]
    (place,) = running["running"]
    assert place["release"]["number"] == 1
    assert place["build"]["id"] == "github/4711.1"
    assert place["build"]["source"] == {
        "repository": "https://github.example/acme/payments-api",
        "commit": COMMIT,
        "ref": "refs/heads/main",
    }
    assert shiplog.done("verify", "-o", "json").json["events"] == 7
    kept = b"".join(file.read_bytes() for file in (tmp_path / "home").iterdir() if file.is_file())
    assert b"hunter2" not in kept


def test_a_job_that_failed_releases_nothing(shiplog: Shell) -> None:
    shiplog.done("init")
    shiplog.done("record", "build", "payments-api", "--outcome", "failed")
    shiplog.done("record", "config", "payments-api@prod", "--set", "A=1")
    ran = shiplog("release", "cut", "payments-api@prod")
    assert ran.code == 5
    assert "failed-build" in ran.err


def test_a_second_attempt_is_another_build(shiplog: Shell, tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    shiplog.done("init")
    for attempt in ("1", "2"):
        wheel.write_bytes(attempt.encode())
        shiplog.done(
            "record", "build", "payments-api", "--artifact-file", str(wheel), GITHUB_RUN_ATTEMPT=attempt
        )
    wheel.write_bytes(b"not reproducible")
    ran = shiplog("record", "build", "payments-api", "--artifact-file", str(wheel))
    assert ran.code == 5
    assert "already-recorded" in ran.err


def test_a_job_on_a_machine_without_the_ledger_is_told_what_to_do(shiplog: Shell, tmp_path: Path) -> None:
    ran = shiplog("release", "cut", "payments-api@prod")
    assert ran.code == 3
    assert "there is no ledger" in ran.err
    assert not (tmp_path / "home").exists()


def test_a_ledger_that_was_moved_is_the_same_ledger(shiplog: Shell, tmp_path: Path) -> None:
    shiplog.done("init", "--no-trust-root")
    shiplog.done("record", "build", "payments-api", "--outcome", "failed")
    shutil.copytree(tmp_path / "home", tmp_path / "moved")
    assert shiplog.done("verify", "-o", "json", SHIPLOG_HOME=str(tmp_path / "moved")).json["events"] == 3
