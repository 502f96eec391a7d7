"""Requests to a login provider: bounded in time and size, followed nowhere, and asked as nobody else."""

import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from adapters.identity import sign_on_answers, sign_on_client
from adapters.identity.sign_on_answers import ANSWER_BYTES_MAX
from adapters.identity.sign_on_client import Client, get, redeem
from domain.errors import CredentialRefused, ProviderUnavailable

Answering = Callable[[BaseHTTPRequestHandler], None]
CLIENT = Client(id="shiplog", secret="s", redirect_uri="https://x/", scopes="openid", secret_in_body=False)  # noqa: S106 - made up
GOOD = b'{"id_token": "t", "access_token": "a", "token_type": "Bearer"}'


@contextmanager
def serving(answering: Answering) -> Iterator[str]:
    """Serve on loopback what *answering* writes; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answering(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answering(self)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(content: bytes, status: int = 200, **headers: str) -> Answering:
    def answering(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answering


def chunked(handler: BaseHTTPRequestHandler) -> None:
    handler.protocol_version = "HTTP/1.1"
    answer(b'5\r\n{"id_\r\n10\r\ntoken": "t"     \r\n1\r\n}\r\n0\r\n\r\n', Transfer_Encoding="chunked")(
        handler
    )
    handler.close_connection = True


def asked(url: str) -> object:
    return redeem(CLIENT, url, code="c", verifier="v")


@pytest.mark.parametrize("asking", [get, asked])
@pytest.mark.parametrize(
    ("answering", "cause"),
    [
        (answer(GOOD, 503), "answers 503"),
        (answer(GOOD, 404), "answers 404"),
        (answer(GOOD, 302, Location="/"), "answers 302"),
        (answer(GOOD, Content_Encoding="gzip"), "compressed"),
        (answer(b"x" * (ANSWER_BYTES_MAX + 1)), "more than 65536 bytes"),
        (answer(GOOD, Content_Length="99"), "ProtocolError"),
    ],
    ids=["down", "missing", "moved", "compressed", "large", "cut"],
)
def test_what_is_no_answer(asking: Callable[[str], object], answering: Answering, cause: str) -> None:
    with serving(answering) as url, pytest.raises(ProviderUnavailable) as refused:
        asking(url)
    assert cause in refused.value.why


def test_nothing_is_followed() -> None:
    with serving(answer(GOOD)) as other, serving(answer(b"", 302, Location=other)) as url:
        with pytest.raises(ProviderUnavailable) as refused:
            get(url)
        assert "answers 302" in refused.value.why
        with pytest.raises(CredentialRefused):
            asked(url)


@pytest.mark.parametrize("asking", [get, asked])
@pytest.mark.parametrize("status", [200, 302, 400, 503])
def test_no_more_is_read_than_is_wanted(asking: Callable[[str], object], status: int) -> None:
    sent: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        answer(b"", status, Location="/")(handler)
        with suppress(OSError):
            while len(sent) < 64:
                handler.wfile.write(b"x" * 1_000_000)
                sent.append(1_000_000)

    with serving(endless) as url, pytest.raises((ProviderUnavailable, CredentialRefused)):
        asking(url)
    assert len(sent) < 32, "what the sockets hold is read by nobody"


def test_nobody_is_there() -> None:
    with serving(answer(b"")) as url:
        pass
    for asking in (get, asked):
        with pytest.raises(ProviderUnavailable) as refused:
            asking(url)
        assert "ConnectionError" in refused.value.why


def test_an_answer_in_pieces() -> None:
    with serving(chunked) as url:
        assert get(url) == b'{"id_token": "t"     }'


def test_whoever_sends_steadily_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_on_answers, "ANSWER_SECONDS", 0.0)
    with serving(answer(b"{}")) as url, pytest.raises(ProviderUnavailable) as refused:
        get(url)
    assert "takes more than" in refused.value.why


def test_whoever_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()
    monkeypatch.setitem(sign_on_client._BOUNDS, "timeout", 0.05)

    def silent(_: BaseHTTPRequestHandler) -> None:
        heard.wait(20)

    with serving(silent) as url:
        for asking in (get, asked):
            with pytest.raises(ProviderUnavailable) as refused:
                asking(url)
            assert "Timeout" in refused.value.why
        heard.set()


def test_the_secrets_of_a_netrc_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[str | None] = []

    def answering(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers.get("Authorization"))
        answer(b"{}")(handler)

    with serving(answering) as url:
        get(url)
        get(url, bearer="t")
    assert sent == [None, "Bearer t"]


def test_id_and_secret_are_form_encoded_each_before_they_are_joined() -> None:
    """RFC 6749, section 2.3.1: or else a colon in the id ends it, and what is not Latin-1 fails."""
    sent: list[str] = []

    def answering(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Authorization"])
        answer(GOOD)(handler)

    with serving(answering) as url:
        redeem(replace(CLIENT, id="a:b", secret="p+q %\N{EURO SIGN}"), url, code="c", verifier="v")  # noqa: S106 - made up
    assert b64decode(sent[0].removeprefix("Basic ")) == b"a%3Ab:p%2Bq+%25%E2%82%AC"


def test_what_authlib_makes_of_an_answer_is_ours() -> None:
    """It would have counted how long the token is good, by a clock of its own, and failed on a number."""
    with serving(answer(b'{"id_token": "t", "expires_in": "soon", "expires_at": [], "state": 7}')) as url:
        assert redeem(CLIENT, url, code="c", verifier="v").access_token is None
