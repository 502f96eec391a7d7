"""The application for WSGI servers: `api.wsgi:application()` of any of them, and `shiplog serve`.

Call it in the process that serves, after a fork: connections are not shared.
"""

import gc
import os

from flask import Flask

from api import wiring
from api.access.guard import Guard
from api.access.limits import Limits
from api.app import create_app
from api.settings import Settings
from api.webhooks.rounds import Rounds

_STOPPING = "shiplog.stopping"
_ROUNDS = "shiplog.rounds"


def application(settings: Settings | None = None) -> Flask:
    """Return the HTTP API over the ledger that *settings*, or the environment, name."""
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    services = wiring.wire(chosen)
    limits = Limits(chosen.proxies, credential=chosen.rate_credential, address=chosen.rate_address)
    guard = Guard(services.ledger, services.passing, chosen.proxies, services.people.visitors)
    noted = services.token_uses.noting(guard, chosen.proxies)
    app = create_app(services, noted, limits=limits, https=chosen.base_url.startswith("https://"))
    app.extensions[_STOPPING] = services.waiting.end
    app.extensions[_ROUNDS] = Rounds(wiring.courier(services))
    wiring.warm()
    gc.collect()
    gc.freeze()  # modules, models and routes stay until the end: no collection walks through them again
    return app


def stopping(app: Flask) -> None:
    """Let everybody go who waits in *app* for events: the process is to end, and would wait for them."""
    app.extensions[_STOPPING]()
    app.extensions[_ROUNDS].end()


def telling(app: Flask) -> None:
    """Begin to tell webhooks; whatever else serves *app* need not, for one server of a ledger is enough."""
    app.extensions[_ROUNDS].start()


def stopped(app: Flask) -> None:
    """Return when no webhook of *app* is being told any more: within the time that a receiver has."""
    app.extensions[_ROUNDS].stop()
