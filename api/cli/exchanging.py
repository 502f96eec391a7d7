"""A pipeline's own token, as its platform hands it out, and the token of the ledger that it is exchanged for.

Neither is ever shown or written by what is here.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

import orjson

from api.cli import client, exits
from api.cli.client import Answer, Document, Refused
from api.cli.exits import Failure
from api.cli.over_the_wire import LOOPBACK, OverTheWire

REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - the name of a variable
"""What a job on GitHub Actions has that may ask for tokens (`permissions: id-token: write`)."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - the name of a type
FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", re.ASCII)
_OK = 200


def checked(token: str, place: str) -> str:
    """Return *token* without white space around it; a usage error for what is no signed token."""
    text = token.strip()
    if _TOKEN.fullmatch(text) is None:
        raise Failure(exits.USAGE, f"{place} holds no token: expected three parts of base64url, with dots")
    return text


def of_github(environment: Mapping[str, str], audience: str) -> str:
    """Return a token for *audience*, asked of GitHub Actions as *environment* says."""
    url, credential = environment.get(REQUEST_URL), environment.get(REQUEST_TOKEN)
    if not url or not credential:
        raise Failure(
            exits.USAGE,
            f"{REQUEST_URL} and {REQUEST_TOKEN} are not set: a job on GitHub Actions gets them by"
            " `permissions: id-token: write`; elsewhere the token comes by --from-env or --from-file",
        )
    _check_private(url, REQUEST_URL)
    place = urlsplit(url)
    query = f"{place.query}&{urlencode({'audience': audience})}".lstrip("&")
    platform = OverTheWire(f"{place.scheme}://{place.netloc}", credential)
    try:
        answer = platform.send("GET", f"{place.path}?{query}", None, client.JSON)
    finally:
        platform.close()
    return checked(_value(answer), "GitHub's answer")


def exchange(server: str, token: str, *, binding: str | None = None, scopes: Sequence[str] = ()) -> bytes:
    """Return the answer of *server* to the platform's *token*: RFC 8693, section 2.2.1.

    *binding*: which one is meant, where several fit. *scopes*: what is wanted of it; none is all.
    """
    _check_private(server, "SHIPLOG_SERVER")
    asked = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": TOKEN_TYPE}
    if binding is not None:
        asked["audience"] = binding
    if scopes:
        asked["scope"] = " ".join(scopes)
    ledger = OverTheWire(server, "")
    try:
        answer = ledger.send("POST", "/v1/token", urlencode(asked).encode(), FORM)
    finally:
        ledger.close()
    if answer.status != _OK:
        raise Refused(answer)
    return answer.body


def given(answer: bytes) -> Document:
    """Return the *answer* of an exchange, read; it has a token."""
    told = client.read(answer)
    if not isinstance(told.get("access_token"), str):
        raise Failure(exits.UNEXPECTED, "the answer has no token; is SHIPLOG_SERVER a shiplog?")
    return told


def for_job(server: str, audience: str, environment: Mapping[str, str]) -> str:
    """Return a token of *server* for the job that *environment* is of: asked of GitHub, and exchanged."""
    token: str = given(exchange(server, of_github(environment, audience)))["access_token"]
    return token


def _check_private(url: str, name: str) -> None:
    place = urlsplit(url)
    if place.scheme != "https" and (place.scheme != "http" or place.hostname not in LOOPBACK):
        raise Failure(exits.USAGE, f"{name} is not https: the token would go in clear")


def _value(answer: Answer) -> str:
    if answer.status != _OK:
        raise Failure(exits.NOT_ALLOWED, f"GitHub gives no token, and answers {answer.status}")
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        said = None
    value = said.get("value") if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""
