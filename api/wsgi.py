"""The application for WSGI servers: `api.wsgi:application()` of any of them, and `shiplog serve`.

Call it in the process that serves, after a fork: connections are not shared.
"""

import gc
import os

from flask import Flask

from api import auth, wiring
from api.app import create_app
from api.mount import Authorise
from api.settings import Settings


def application(settings: Settings | None = None) -> Flask:
    """Return the HTTP API over the ledger that *settings*, or the environment, name."""
    chosen = Settings.from_environment(os.environ) if settings is None else settings
    app = create_app(wiring.wire(chosen), authoriser(chosen))
    wiring.warm()
    gc.collect()
    gc.freeze()  # modules, models and routes stay until the end: no collection walks through them again
    return app


def authoriser(settings: Settings) -> Authorise:
    """Return who may ask: whoever has the token, or anyone when none is set."""
    return auth.bearer(settings.token) if settings.token else auth.always(auth.ANYONE)
