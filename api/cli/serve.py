"""`shiplog serve`: the HTTP API under gunicorn, stopped gracefully."""

import logging
import os
from dataclasses import replace
from typing import Any

import click

from api.access.given import given
from api.cli import client, parameters
from api.cli.lazy import CONTEXT
from api.settings import Settings

GRACEFUL_SECONDS = 30
"""How long requests that are being answered may take after SIGTERM."""
TIMEOUT_SECONDS = 120
"""A worker that has not been heard of for so long is replaced."""
LINE_BYTES_MAX = 4094
"""Of a request's first line: a path of 400 characters a part, or a query with a cursor, is within it."""
FIELDS_MAX = 64
FIELD_BYTES_MAX = 8190
"""Of each header field: a platform's token, and the cookies of other programs on the same host."""
EPILOG = """\b
It answers those who have a credential: see `shiplog token issue` and `shiplog access`. Put a server
that speaks TLS before it for anything but this machine, and name its network in SHIPLOG_PROXIES.

\b
Example:
  shiplog token issue ci --scope report:build --scope report:deployment --service payments-api
  shiplog serve
"""


@click.command("serve", context_settings=CONTEXT, epilog=EPILOG)
@click.option(
    "--bind",
    type=parameters.LINE,
    metavar="HOST:PORT",
    help="Where to listen; port 0 is any free one. [default: SHIPLOG_BIND]",
)
def serve(bind: str | None) -> None:
    """Serve the HTTP API until SIGTERM or SIGINT; what is being answered then still is."""
    settings = client.local_settings("serve")
    if bind is not None:
        settings = replace(settings, bind=bind)
    _check_ledger(settings)
    _run(settings)


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings; what the environment could change is fixed here."""
    from api import wsgi  # noqa: PLC0415 - loads the whole ledger
    from api.cli import bounded_worker  # noqa: PLC0415 - only a server needs gunicorn

    return {
        "bind": settings.bind,
        "workers": workers(settings),
        "threads": settings.threads,
        "worker_class": bounded_worker.waiting(settings.request_seconds, wsgi.stopping),
        "timeout": TIMEOUT_SECONDS,
        "graceful_timeout": GRACEFUL_SECONDS,
        "limit_request_line": LINE_BYTES_MAX,
        "limit_request_fields": FIELDS_MAX,
        "limit_request_field_size": FIELD_BYTES_MAX,
        "preload_app": False,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "control_socket_disable": True,
        "forwarded_allow_ips": str(settings.proxies),
        "proc_name": "shiplog",
        "when_ready": _say_where,
        "worker_exit": _stop_telling,
    }


def workers(settings: Settings) -> int:
    """Return how many processes serve: SQLite has one writer, and one process queues for it fairly."""
    if settings.workers:
        return settings.workers
    return 1 if settings.url.startswith("sqlite") else os.cpu_count() or 1


def _check_ledger(settings: Settings) -> None:
    """Open the ledger once before any process is made, so that a refusal is told once and clearly."""
    from api import wiring  # noqa: PLC0415 - loads the whole ledger

    services = wiring.wire(settings)
    try:
        if given(services.ledger).nothing:
            click.echo("nobody may ask or report yet: shiplog token issue makes a token", err=True)
    finally:
        services.close()


def _run(settings: Settings) -> None:
    # Only a server needs gunicorn, and it has no types.
    import gunicorn.http.wsgi  # type: ignore[import-untyped]  # noqa: PLC0415 - see above
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    from api import wsgi  # noqa: PLC0415 - loads the whole ledger
    from api.cli import server_log  # noqa: PLC0415 - only a server needs it

    # Two writers who want the same place are told so by a 409. psycopg also warns of the statements that it
    # had sent ahead in its pipeline and that failed with the first, on a stderr where nobody can act on it.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    gunicorn.http.wsgi.SERVER = "shiplog"  # the field `Server` names the product, not what serves it

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        """gunicorn, set by our settings and by nothing else."""

        def load_config(self) -> None:
            """Apply our settings."""
            for name, value in options(settings).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            """Open the ledger in the process that serves it."""
            server_log.begin()
            app = wsgi.application(settings)
            wsgi.telling(app)
            return app

    Server().run()


def _say_where(arbiter: Any) -> None:
    for listener in arbiter.LISTENERS:
        click.echo(f"listening on {listener}", err=True)


def _stop_telling(_arbiter: Any, worker: Any) -> None:
    from api import wsgi  # noqa: PLC0415 - loads the whole ledger

    if (app := getattr(worker, "wsgi", None)) is not None:  # there is none when the ledger cannot be opened
        wsgi.stopped(app)
