"""A world whose people log in at a provider, and browsers that go there and come back."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.people.sign_on import CALLBACK
from api.settings import Settings
from tests import sign_on_server
from tests.builders import NOON, Clock, Seconds
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.world import World
from tests.sign_on_issuer import CLIENT, SECRET, SignOnIssuer

OURS = "https://ledger.example"
BEGIN = "/login/sso"
SESSION, UNDER_WAY = "__Host-shiplog", "__Host-shiplog-login"


def settings_for(provider: SignOnIssuer, home: Path, url: str = OURS) -> Settings:
    """Return the settings of a server whose people log in at *provider*."""
    provider.redirect_uris = {url + CALLBACK}
    return Settings(
        home=home,
        public_url=url,
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
    )


SENTENCE = "the login did not establish who you are; its cause is in this server's log"


@dataclass
class Browser:
    """Somebody's browser, with its own cookies here and at the provider."""

    world: World
    provider: SignOnIssuer
    seconds: Seconds
    """By which the server counts how long it has known what."""
    client: FlaskClient = field(init=False)
    acme: str = ""
    """The provider's cookie."""

    def __post_init__(self) -> None:
        self.client = self.world.client.application.test_client()

    def another(self) -> "Browser":
        """Return somebody else's."""
        return Browser(self.world, self.provider, self.seconds)

    def agreed(self, **change: Any) -> None:
        """Have the operator change access, which the server learns of a moment later."""
        with worlds.opened(self.world.settings, at=self.world.clock.at) as operated:
            bootstrap.agreed(operated, **change)
            self.world.clock.at = operated.clock.at
        self.seconds.advance(1)

    def log_in(self, user: str, **query: str) -> TestResponse:
        """Log in as *user*, all the way."""
        return self.bring(self.go(self.begin(**query), user))

    def begin(self, **query: str) -> str:
        """Begin a login here; return where it leads."""
        begun = self.client.get(BEGIN, query_string=query)
        assert begun.status_code == 303, begun.text
        return begun.headers["Location"]

    def go(self, url: str, user: str | None = None) -> str:
        """Go to the provider, log in there as *user*, or as whoever is; return where it leads back to."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
        try:
            form = None if user is None else urlencode({"user": user})
            known = {"Cookie": f"acme={self.acme}"} if self.acme else {}
            connection.request("POST" if form else "GET", f"{parts.path}?{parts.query}", form, known)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if (cookie := answer.getheader("Set-Cookie")) is not None:
            self.acme = cookie.partition("acme=")[2].partition(";")[0]
        where = answer.getheader("Location")
        assert where is not None, f"{answer.status}: the provider asks who it is"
        return where

    def bring(self, url: str) -> TestResponse:
        """Come back with the provider's answer."""
        parts = urlsplit(url)
        return self.client.get(f"{parts.path}?{parts.query}")

    def page(self) -> TestResponse:
        """Look who one is."""
        return self.client.get("/session", headers={"Accept": "text/html"})

    @property
    def cookie(self) -> str | None:
        """The session's cookie."""
        found = self.client.get_cookie(SESSION)
        return None if found is None else found.value


@contextmanager
def browsing(template: Settings, home: Path) -> Iterator[Browser]:
    """Lend a browser, and a ledger as a server opens it; people log in at a provider with the same clock."""
    shutil.copytree(template.home, home)
    seconds = Seconds()
    with (
        sign_on_server.serving(Clock(NOON)) as provider,
        worlds.opened(settings_for(provider, home), guarded=worlds.by_credential, monotonic=seconds) as world,
    ):
        provider.now = world.clock
        yield Browser(world, provider, seconds)
