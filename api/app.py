"""The WSGI application: every operation, its description, its problems."""

from importlib.metadata import version

import orjson
from flask import Flask, Response

from api import mount as mounting
from api import openapi
from api.access.limits import Limits
from api.mount import Authenticate
from api.pages import serving
from api.pages.all import PAGES
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
    freezes,
    gate,
    health,
    impact,
    layouts,
    policies,
    provenance,
    releases,
    reports,
    search,
    sessions,
    states,
    timelines,
    tokens,
    trust,
    waivers,
    webhooks,
    webhooks_again,
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
    *policies.OPERATIONS,
    *freezes.OPERATIONS,
    *waivers.OPERATIONS,
    *gate.OPERATIONS,
    *trust.OPERATIONS,
    *impact.OPERATIONS,
    *access_lists.OPERATIONS,
    *access.OPERATIONS,
    *tokens.OPERATIONS,
    *sessions.OPERATIONS,
    *who_could.OPERATIONS,
    *exchange.OPERATIONS,
    *webhooks.OPERATIONS,
    *webhooks_again.OPERATIONS,
    *events.OPERATIONS,
    *health.OPERATIONS,
)


def create_app(
    services: Services, authenticate: Authenticate, *, limits: Limits | None = None, https: bool = False
) -> Flask:
    """Return the HTTP API over *services*; *authenticate* says who is asking, *limits* how often they may.

    *https* says that people reach it by https and by nothing else.
    """
    app = Flask("shiplog", static_folder=None)
    mounting.mount(
        app,
        OPERATIONS,
        services=services,
        authenticate=authenticate,
        answers=services.answers,
        limits=limits,
        https=https,
        now=services.ledger.now,
    )
    guarded = authenticate if limits is None else limits.guarding(authenticate)
    serving.serve(app, PAGES, services=services, authenticate=guarded)
    described = describe()

    @app.get("/openapi.json")
    def openapi_document() -> Response:
        return Response(described, content_type="application/vnd.oai.openapi+json;version=3.1")

    return app


def describe() -> bytes:
    """Return the OpenAPI 3.1 document, as it is served and as it is checked in."""
    document = openapi.document(OPERATIONS, title="shiplog", version=version("shiplog"))
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
