"""A ledger that is served on 127.0.0.1, and a login provider on localhost: two sites to a browser."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from api.settings import Settings
from tests import sign_on_server
from tests.builders import NOON, Clock, Seconds
from tests.http import bootstrap
from tests.http import world as worlds
from tests.http.sign_on import settings_for
from tests.http.world import World
from tests.sign_on_issuer import SignOnIssuer


@dataclass
class Places:
    """What is open while a test runs."""

    url: str
    world: World
    provider: SignOnIssuer
    seconds: Seconds

    def agreed(self, **change: Any) -> None:
        """Have the operator change access, which the server learns of a moment later."""
        with worlds.opened(self.world.settings, at=self.world.clock.at) as operated:
            bootstrap.agreed(operated, **change)
            self.world.clock.at = operated.clock.at
        self.seconds.advance(1)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name it is called by
        """Say nothing."""


@contextmanager
def open_places(template: Settings, home: Path) -> Iterator[Places]:
    """Lend both, with one clock; nothing of them is left afterwards."""
    shutil.copytree(template.home, home)
    late = _Late()
    server = make_server("127.0.0.1", 0, late, threaded=True, request_handler=_Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    with sign_on_server.serving(Clock(NOON), host="localhost") as provider:
        settings = settings_for(provider, home, url)
        seconds = Seconds()
        with worlds.opened(settings, guarded=worlds.by_credential, monotonic=seconds) as world:
            provider.now = world.clock
            late.app = world.client.application
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield Places(url, world, provider, seconds)
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


class _Late:
    """An application that is made when its address is known."""

    app: Callable[..., Iterable[bytes]]

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)
