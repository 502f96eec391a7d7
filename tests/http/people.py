"""People without a login: who says `Person NAME` is taken for that person, who proved it just now."""

from flask import Request

from api import wiring
from api.access.asking import Asking
from api.access.embedded import operating
from api.mount import Authenticate
from api.services import Services
from domain.access.access import Access
from domain.access.authority import authority
from domain.access.fold import fold
from domain.stream import ACCESS
from tests.access import person
from tests.http import world as worlds

SCHEME = "Person "


def by_name(services: Services) -> Authenticate:
    """Return what asks who has a credential, and takes the word of people."""
    guarded = worlds.by_credential(services)

    def authenticate(request: Request) -> Asking:
        given = request.headers.get("Authorization", "")
        if not given.startswith(SCHEME):
            return guarded(request)
        who = person(given.removeprefix(SCHEME), auth_time=services.ledger.now())
        access = services.ledger.load(ACCESS, fold) or Access()
        return Asking(who, authority(access, who, max(services.ledger.now(), access.at)))

    return authenticate


def as_person(name: str) -> dict[str, str]:
    """Return the header with which *name* asks."""
    return {"Authorization": f"{SCHEME}{name}"}


def by_name_or_operator(services: Services) -> Authenticate:
    """Return what takes the word of people, and whoever says nothing for the operator."""
    named, operator = by_name(services), operating(wiring.OPERATOR)
    return lambda request: (named if "Authorization" in request.headers else operator)(request)
