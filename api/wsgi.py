"""The application for WSGI servers: `api.wsgi:application()` of any of them, and `shiplog serve`.

Call it in the process that serves, after a fork: connections are not shared.
"""

import gc
import os

from flask import Flask

from api import wiring
from api.access.guard import Guard
from api.app import create_app
from api.settings import Settings


def application(settings: Settings | None = None) -> Flask:
    """Return the HTTP API over the ledger that *settings*, or the environment, name."""
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    services = wiring.wire(chosen)
    app = create_app(services, Guard(services.ledger, services.passing, chosen.proxies))
    wiring.warm()
    gc.collect()
    gc.freeze()  # modules, models and routes stay until the end: no collection walks through them again
    return app
