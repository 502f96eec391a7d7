"""Exit codes agree with the problems of the API, and no failure is left without one."""

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from adapters.database.database import Database
from adapters.database.refusals import translated
from api.cli import exits
from api.problems import KINDS, Kind
from domain.errors import LedgerError
from tests.cli.running import Shell

EXPECTED = {400: 2, 401: 4, 403: 4, 404: 3, 405: 1, 409: 5, 412: 5, 413: 2, 415: 2, 422: 2, 428: 5}
EXPECTED |= {429: 69, 500: 1, 503: 69}
BY_NAME = {"broken-ledger": 12, "evidence-lost": 12, "exchange-refused": 4, "key-unusable": 4}
BY_NAME |= {"not-a-ledger": 3}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
def test_every_problem_ends_with_the_code_of_its_status_or_its_name(kind: Kind) -> None:
    expected = BY_NAME.get(kind.slug, EXPECTED[kind.status])
    assert exits.of_problem(kind.status, kind.slug) == expected


@pytest.mark.parametrize("refusal", LedgerError.__subclasses__())
def test_a_refusal_here_and_over_http_ends_the_same_way(refusal: type[LedgerError]) -> None:
    if refusal in exits.BY_REFUSAL:
        kind = KINDS[refusal]
        assert exits.of_refusal(refusal("…")) == exits.of_problem(kind.status, kind.slug)


def test_the_conflicts_of_a_batch_are_the_problems_with_a_conflicting_status() -> None:
    domain = {
        kind.slug
        for refusal, kind in KINDS.items()
        if issubclass(refusal, LedgerError) and kind.status == 409
    }
    assert domain == exits.CONFLICTS


def test_every_code_that_can_be_returned_has_a_meaning() -> None:
    used = {*exits.BY_STATUS.values(), *exits.BY_PROBLEM.values(), *exits.BY_REFUSAL.values()}
    assert used <= set(exits.MEANINGS)


def test_the_codes_are_the_published_ones() -> None:
    assert list(exits.MEANINGS) == [0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 13, 14, 69, 130]


def test_help_shows_every_code(nowhere: Shell) -> None:
    shown = nowhere.done("help", "exit-codes").out
    assert [int(line.split()[0]) for line in shown.splitlines()[1:]] == list(exits.MEANINGS)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("at", "prod"), 3, "there is no ledger at"),
        (("frobnicate",), 2, "No such command"),
        (("at", "prod", "--frobnicate"), 2, "No such option"),
        (("record",), 2, "Usage: shiplog record"),
    ],
)
def test_failures_before_there_is_a_ledger(
    nowhere: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = nowhere(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("at", "moon"), 3, "unknown-environment"),
        (("release", "show", "payments-api@prod#99"), 3, "unknown-release"),
        (("where", "sha256:" + "0" * 64), 3, "nothing-found"),
        (("where", "51db6"), 3, "nothing-found"),
        (("record", "deployment", "payments-api@prod", "--release", "99"), 3, "unknown-release"),
        (("release", "cut", "payments-api@prod", "--build", "ci/4713"), 5, "failed-build"),
        (("rollback", "payments-api@prod", "--to", "3", "--reason", "forward?"), 5, "not-a-rollback"),
        (("at", "prod", "--known-at", "position:99999"), 3, "beyond-the-head"),
        (("at", "prod#99999"), 3, "unknown-change"),
        (("at", "prod~99999"), 3, "there is no ~99999"),
        (("record", "correction", "2", "--reason", "no"), 5, "not-correctable"),
    ],
)
def test_what_the_ledger_refuses(told: Shell, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = told(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_mistyped_setting_is_a_usage_error(nowhere: Shell) -> None:
    ran = nowhere("at", "prod", SHIPLOG_SERVR="https://ledger.example")
    assert ran.code == 2
    assert "unknown setting SHIPLOG_SERVR" in ran.err


DATABASES = [
    "s3cret:foo",
    "s3cret",
    "s3cret://h/db",
    "mysql://u:s3cret@h/db",
    "postgresql://u:s3cret@h/db",
    "postgresql+psycopg2://u:s3cret@h/db",
    "postgresql+psycopg://u:s3cret@h:port/db",
    "sqlite:///ledger.db?timeout=soon",
    "sqlite://u:s3cret@h/ledger.db",
]
SERVERS = [
    "ftp://u:s3cret@h",
    "s3cret",
    "http://u:s3cret@h",
    "https://s3cret@h",
    "https://u:s3cret@h:port",
    "https://u:p/s3cret@h",
    "https://[s3cret",
    "https://h/?token=s3cret",
    "https://:8642",
]


@pytest.mark.parametrize(
    "setting",
    [
        *({"SHIPLOG_DATABASE_URL": url} for url in DATABASES),
        *({"SHIPLOG_SERVER": url} for url in SERVERS),
    ],
    ids=lambda setting: next(iter(setting.values())),
)
@pytest.mark.parametrize(
    "command", [("at", "prod"), ("verify",), ("doctor",)], ids=lambda command: command[0]
)
def test_a_url_that_cannot_be_meant_is_refused_and_not_shown(
    told: Shell, setting: dict[str, str], command: tuple[str, ...]
) -> None:
    told.environment = setting
    ran = told(*command)
    assert ran.code == (1 if command == ("doctor",) else 2)
    assert "URL is expected to be" in ran.out + ran.err or "SHIPLOG_SERVER is expected" in ran.out + ran.err
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.parametrize("key", ["ledger.pem", "digest.key"])
@pytest.mark.parametrize("harm", ["missing", "read by others"])
def test_a_key_that_cannot_be_used(shiplog: Shell, tmp_path: Path, key: str, harm: str) -> None:
    file = tmp_path / "home" / "keys" / key
    if harm == "missing":
        file.unlink()
    else:
        file.chmod(0o640)
    ran = shiplog("record", "config", "payments-api@prod", "--set", "A=1")
    assert (ran.code, ran.out) == (4, "")
    assert ("cannot be read" if harm == "missing" else f"chmod 0600 {file}") in ran.err
    assert ("restore it from the backup" in ran.err) == (harm == "missing")
    assert shiplog("doctor").code == 1


def test_a_lost_race_is_told_as_one(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(_: Database, **_notify: str) -> None:
        with translated():
            raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))

    monkeypatch.setattr(Database, "appending", taken)
    ran = told("record", "config", "payments-api@prod", "--set", "A=1")
    assert ran.code == 5
    assert "the ledger was busy with the same target; try again (conflicting-append)" in ran.err


def test_every_fault_of_a_report_is_shown_with_its_place(shiplog: Shell) -> None:
    lines = b'{"type":"build","service":"A","build":"","occurred_at":"yesterday","outcome":"x","source":{}}'
    ran = shiplog("record", "correction", "1", "--reason", "wrong", "--replacement", "-", stdin=lines)
    assert ran.code == 2
    assert "#/replacement" in ran.err


def test_an_interruption_has_its_own_code(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("api.cli.client.read", interrupt)
    assert told("at", "prod").code == 130


def test_a_bug_is_not_hidden(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("api.v1.states.state_at", fail)
    ran = told("at", "prod")
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.err
    assert "logged as" in ran.err
