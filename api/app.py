"""The WSGI application: every operation, its description, its problems."""

from importlib.metadata import version

import orjson
from flask import Flask, Response

from api import mount as mounting
from api import openapi
from api.mount import Authenticate
from api.services import Services
from api.v1 import (
    access,
    access_lists,
    changes,
    components,
    diffs,
    drift,
    events,
    evidence,
    exchange,
    health,
    impact,
    layouts,
    provenance,
    releases,
    reports,
    search,
    states,
    timelines,
    tokens,
    trust,
    who_could,
)

OPERATIONS = (
    *reports.OPERATIONS,
    *states.OPERATIONS,
    *timelines.OPERATIONS,
    *changes.OPERATIONS,
    *diffs.OPERATIONS,
    *drift.OPERATIONS,
    *releases.OPERATIONS,
    *search.OPERATIONS,
    *components.OPERATIONS,
    *evidence.OPERATIONS,
    *provenance.OPERATIONS,
    *layouts.OPERATIONS,
    *trust.OPERATIONS,
    *impact.OPERATIONS,
    *access_lists.OPERATIONS,
    *access.OPERATIONS,
    *tokens.OPERATIONS,
    *who_could.OPERATIONS,
    *exchange.OPERATIONS,
    *events.OPERATIONS,
    *health.OPERATIONS,
)


def create_app(services: Services, authenticate: Authenticate) -> Flask:
    """Return the HTTP API over *services*; *authenticate* says who is asking."""
    app = Flask("shiplog", static_folder=None)
    mounting.mount(app, OPERATIONS, services=services, authenticate=authenticate, answers=services.answers)
    described = describe()

    @app.get("/openapi.json")
    def openapi_document() -> Response:
        return Response(described, content_type="application/vnd.oai.openapi+json;version=3.1")

    return app


def describe() -> bytes:
    """Return the OpenAPI 3.1 document, as it is served and as it is checked in."""
    document = openapi.document(OPERATIONS, title="shiplog", version=version("shiplog"))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
