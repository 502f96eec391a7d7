"""The login provider on the wire: its document, keys and endpoints, and a form to log in by."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.sign_on_issuer import CLIENT, SignOnIssuer

FORM = """<!doctype html><html lang="en"><title>Acme login</title><h1>Acme</h1>
<form method="post" action="/authorize?{query}">
<label>User name <input name="user" autofocus></label> <button>Log in</button></form></html>"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    provider: SignOnIssuer

    def do_GET(self) -> None:
        path = self._begun()
        match path:
            case _ if self.provider.twist.silent:
                self._send(503, b"down for maintenance")
            case "/.well-known/openid-configuration":
                self._send(200, json.dumps(self.provider.document()).encode())
            case "/jwks":
                self._send(200, self.provider.signing.jwks())
            case "/authorize":
                self._authorize(None)
            case "/userinfo":
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                told = self.provider.userinfo(token)
                self._send(401 if told is None else 200, json.dumps(told).encode())
            case "/end":
                self.provider.browsers.pop(self._cookie(), None)
                self._go(self._query().get("post_logout_redirect_uri", "/"))
            case _:
                self._send(404, b"")

    def do_POST(self) -> None:
        path = self._begun()
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.provider.twist.silent:
            self._send(503, b"down for maintenance")
        elif path == "/token":
            status, answer = self.provider.redeemed(dict(parse_qsl(sent)), self.headers.get("Authorization"))
            self._send(status, answer)
        elif path == "/authorize":
            self._authorize(parse_qs(sent)["user"][0])
        else:
            self._send(404, b"")

    def _authorize(self, user: str | None) -> None:
        asked, provider = self._query(), self.provider
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in provider.redirect_uris:
            self._send(400, b"no such client")
            return
        if user is None:
            provider.prompts.append(asked)
        known = provider.browsers.get(self._cookie())
        if user is None and known is not None and asked.get("prompt") != "login":
            self._go(provider.code_for(known[0], asked, known[1], known[2]))
        elif user is None:
            query = escape(urlsplit(self.path).query)
            self._send(200, FORM.format(query=query).encode(), ("Content-Type", "text/html"))
        else:
            cookie, sid, now = token_urlsafe(16), token_urlsafe(8), provider.now()
            provider.browsers[cookie] = (user, now, sid)
            back = provider.code_for(user, asked, now, sid)
            self._go(back, ("Set-Cookie", f"acme={cookie}; HttpOnly; Path=/"))

    def _begun(self) -> str:
        path = urlsplit(self.path).path
        self.provider.asked.append(f"{self.command} {path}")
        return path

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    def _cookie(self) -> str:
        return self.headers.get("Cookie", "").rpartition("acme=")[2].partition(";")[0]

    def _go(self, where: str, *headers: tuple[str, str]) -> None:
        self._send(303, b"", ("Location", where), *headers)

    def _send(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def serving(now: Callable[[], datetime], *, host: str = "127.0.0.1") -> Iterator[SignOnIssuer]:
    """Lend a provider on loopback, by the name *host*, with the clock *now*; nothing of it is left then."""
    provider = SignOnIssuer(now)
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    provider.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
