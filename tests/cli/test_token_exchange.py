"""A pipeline gets a token of the ledger for its platform's own: issuer, platform and ledger on loopback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from stat import S_IMODE
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from api.access import exchange as server_side
from api.cli import exchanging
from api.cli.exits import Failure
from api.settings import Settings
from tests.cli.running import Ran, Shell
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.bootstrap import PAYMENTS, vouched
from tests.http.world import World
from tests.issuer import AUDIENCE, Issuer, published
from tests.journeys.test_who_may_do_what import listening

JOB = "the credential of a job"
BUILD = (
    *("record", "build", "payments-api", "--build", "ci/1", "--commit", "9f2c" * 10),
    *("--repository", "https://git.example/pay", "--outcome", "failed"),
)


@dataclass
class Stage:
    """A shell in a job, a platform that signs tokens for it, and a ledger that takes them."""

    shell: Shell
    operator: World
    issuer: str
    token: Callable[..., str]
    given: list[str] = field(default_factory=list)
    """Tokens that the platform gave."""
    answer: tuple[int, bytes] | None = None
    """What the platform answers instead of a token."""

    def exchange(self, *words: str, stdin: bytes = b"", **environment: str) -> Ran:
        return self.shell("token", "exchange", *words, stdin=stdin, **environment)


@pytest.fixture
def stage(nowhere: Shell, empty_home: Path, tmp_path: Path) -> Iterator[Stage]:
    issuer = Issuer()
    numbers = iter(range(1000))
    with (
        published(issuer) as issuer.url,
        worlds.copied(Settings(home=empty_home), tmp_path / "ledger") as operator,
    ):
        bootstrap.agreed(
            operator,
            issuer={
                "url": issuer.url,
                "platform": "github",
                "audience": AUDIENCE,
                "algorithms": ["ES256"],
                "jwks_url": f"{issuer.url}/jwks",
            },
        )
        bootstrap.agreed(operator, binding={**PAYMENTS, "issuer": issuer.url})
        at = operator.clock.at
        with (
            worlds.opened(operator.settings, at=at, guarded=worlds.by_credential) as server,
            listening(server.client.application) as port,
        ):
            nowhere.environment = {"SHIPLOG_SERVER": f"http://127.0.0.1:{port}"}

            def token(**said: str) -> str:
                return vouched(issuer, server.clock.at, f"j-{next(numbers)}", **said)  # type: ignore[arg-type]  # claims are texts

            yield Stage(nowhere, operator, issuer.url, token)


@contextmanager
def on_github(stage: Stage) -> Iterator[None]:
    """Have the job ask for tokens as on GitHub Actions."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            allowed = self.headers["Authorization"] == f"Bearer {JOB}" and asked["api-version"] == ["2.0"]
            status, content = stage.answer or (200 if allowed else 401, b"")
            if stage.answer is None:
                stage.given.append(stage.token(aud=asked["audience"][0]))
                content = orjson.dumps({"count": 1, "value": stage.given[-1]})
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as platform:
        serving = threading.Thread(target=platform.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{platform.server_port}/idtoken?api-version=2.0"
        job = {exchanging.REQUEST_URL: url, exchanging.REQUEST_TOKEN: JOB}
        stage.shell.environment = {**stage.shell.environment, **job}
        try:
            yield
        finally:
            platform.shutdown()
            serving.join()


def test_the_words_are_those_that_the_server_takes() -> None:
    assert exchanging.GRANT_TYPE == server_side.GRANT_TYPE
    assert exchanging.TOKEN_TYPE in server_side.TOKEN_TYPES


def test_a_job_on_github_asks_and_exchanges_in_one_line(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with on_github(stage):
        ran = stage.exchange("--audience", AUDIENCE, "--to", str(file))
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert "good for 300 s: read report:build report:deployment" in ran.err
    assert S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text().strip()
    assert token.startswith("shx_")
    stage.shell.done(*BUILD, SHIPLOG_TOKEN=token)
    for secret in (token, JOB, *stage.given):
        assert secret not in ran.out + ran.err


def test_a_job_on_gitlab_has_it_in_a_variable(stage: Stage) -> None:
    ran = stage.exchange("--from-env", "LEDGER_ID_TOKEN", "--to", "-", LEDGER_ID_TOKEN=stage.token())
    assert ran.code == 0, ran.err
    assert ran.out.startswith("shx_")
    assert len(ran.out.splitlines()) == 1
    stage.shell.done(*BUILD, SHIPLOG_TOKEN=ran.out.strip())


def test_it_may_come_in_a_file_or_on_stdin_and_be_narrowed(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "platform"
    file.write_text(f"{stage.token()}\n")
    told = stage.exchange("--from-file", str(file), "--scope", "report:build", "-o", "json").json
    assert (told["scope"], told["expires_in"]) == ("report:build", 300)
    asked = ("--from-file", "-", "--binding", "payments-ci", "-o", "json")
    assert stage.exchange(*asked, stdin=stage.token().encode()).json["expires_in"] == 300
    asked = ("--from-file", "-", "--binding", "another", "-o", "json")
    ran = stage.exchange(*asked, stdin=stage.token().encode())
    assert (ran.code, ran.out) == (4, "")
    assert "audience names no binding" in ran.err


def test_each_is_taken_once(stage: Stage) -> None:
    token = stage.token()
    asked = ("--from-env", "T", "--to", "-")
    assert stage.exchange(*asked, T=token).code == 0
    again = stage.exchange(*asked, T=token)
    assert (again.code, again.out) == (4, "")
    assert token not in again.err


def test_what_was_in_the_file_is_replaced_and_not_followed(stage: Stage, tmp_path: Path) -> None:
    other, file = tmp_path / "other", tmp_path / "token"
    other.write_text("not to be touched")
    file.symlink_to(other)
    asked = ("--from-env", "T", "--to")
    assert stage.exchange(*asked, str(file), T=stage.token()).code == 0
    assert other.read_text() == "not to be touched"
    assert not file.is_symlink()
    file.chmod(0o644)
    assert stage.exchange(*asked, str(file), T=stage.token()).code == 0
    assert S_IMODE(file.stat().st_mode) == 0o600
    nowhere = stage.exchange(*asked, str(tmp_path / "missing" / "token"), T=stage.token())
    assert nowhere.code == 2
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".token")] == []


def test_a_job_that_says_for_whom_needs_no_line_at_all(stage: Stage) -> None:
    with on_github(stage):
        stage.shell.done(*BUILD, SHIPLOG_AUDIENCE=AUDIENCE)
        again = stage.shell.done(*BUILD, SHIPLOG_AUDIENCE=AUDIENCE)
        assert ("it was there already" in again.err, len(stage.given)) == (True, 2)
        (told,) = stage.operator.answer("who", name="payments-api/ci/1")["events"]
        assert (told["actor"]["kind"], told["actor"]["issuer"]) == ("workload", stage.issuer)
        assert stage.shell(*BUILD, SHIPLOG_AUDIENCE="https://another.example").code == 4
        token = stage.exchange("--from-env", "T", "--to", "-", T=stage.token()).out.strip()
        stage.shell.done(*BUILD, SHIPLOG_AUDIENCE=AUDIENCE, SHIPLOG_TOKEN=token)
        assert len(stage.given) == 3, "who has a token asks for none"
    stage.shell.environment |= {exchanging.REQUEST_URL: "", exchanging.REQUEST_TOKEN: ""}
    ran = stage.shell(*BUILD, SHIPLOG_AUDIENCE=AUDIENCE)
    assert (ran.code, ran.out) == (2, "")
    assert "id-token: write" in ran.err


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ((401, b""), 4, "GitHub gives no token, and answers 401"),
        ((200, b"<html>"), 2, "GitHub's answer holds no token"),
        ((200, b'{"value": 7}'), 2, "GitHub's answer holds no token"),
        ((200, b'["value"]'), 2, "GitHub's answer holds no token"),
        ((200, b'{"value": "a b"}'), 2, "GitHub's answer holds no token"),
    ],
)
def test_a_platform_that_gives_none(stage: Stage, answer: tuple[int, bytes], code: int, said: str) -> None:
    stage.answer = answer
    with on_github(stage):
        ran = stage.exchange("--audience", AUDIENCE, "--to", "-")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "nowhere to put it": (("--from-env", "T"), "say where the token goes"),
    "two places to put it": (("--from-env", "T", "--to", "-", "-o", "json"), "say where the token goes"),
    "no token": (("--to", "-"), "say where the token is"),
    "two tokens": (("--from-env", "T", "--from-file", "-", "--to", "-"), "not from both"),
    "a variable that is not set": (("--from-env", "NO", "--to", "-"), "variable NO holds no token"),
    "what is no token": (("--from-file", "-", "--to", "-"), "stdin holds no token"),
    "no platform to ask": (("--audience", AUDIENCE, "--to", "-"), "id-token: write"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant(nowhere: Shell, words: tuple[str, ...], said: str) -> None:
    nowhere.environment = {"SHIPLOG_SERVER": "http://127.0.0.1:9", "T": "a.b.c"}
    ran = nowhere("token", "exchange", *words, stdin=b"hunter 2")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "hunter" not in ran.err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "SHIPLOG_SERVER is not set"),
        ({"SHIPLOG_SERVER": "http://ledger.example"}, "SHIPLOG_SERVER is not https"),
        (
            {
                "SHIPLOG_SERVER": "https://ledger.example",
                exchanging.REQUEST_URL: "http://github.example/idtoken",
                exchanging.REQUEST_TOKEN: JOB,
            },
            f"{exchanging.REQUEST_URL} is not https",
        ),
        (
            {
                "SHIPLOG_SERVER": "https://ledger.example",
                exchanging.REQUEST_URL: "file://localhost/etc/hostname",
                exchanging.REQUEST_TOKEN: JOB,
            },
            f"{exchanging.REQUEST_URL} is not https",
        ),
    ],
)
def test_no_token_goes_in_clear_or_nowhere(nowhere: Shell, environment: dict[str, str], said: str) -> None:
    where = ("--audience", AUDIENCE) if exchanging.REQUEST_URL in environment else ("--from-env", "T")
    nowhere.environment = {**environment, "T": "a.b.c"}
    ran = nowhere("token", "exchange", *where, "--to", "-")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_an_answer_without_a_token_is_none_of_ours() -> None:
    with pytest.raises(Failure, match="is SHIPLOG_SERVER a shiplog"):
        exchanging.given(b"{}")
