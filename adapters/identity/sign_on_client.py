"""Authlib's OAuth 2.0 client, typed, with bounds: the one module that knows Authlib.

Of Authlib the client is used (RFC 6749, RFC 7636) and nothing that reads tokens. Every request has a bound in
time and in size, is followed nowhere, and takes nothing compressed: what is announced as small stays small.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # Authlib has no types
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]  # the same
from requests import PreparedRequest, RequestException, Response
from urllib3.exceptions import HTTPError

from adapters.identity.sign_on_answers import ANSWER_BYTES_MAX, content_of, read_object
from domain.errors import CredentialRefused, ProviderUnavailable

WAIT_SECONDS = 5.0
"""How long the provider may be silent."""
_OK = 200
_SERVER_ERROR_FROM = 500
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_BOUNDS: Mapping[str, Any] = {"timeout": WAIT_SECONDS, "allow_redirects": False, "stream": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the provider knows this server by."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str
    scopes: str
    secret_in_body: bool


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code was redeemed for."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)


def authorization_url(
    client: Client, place: str, *, state: str, nonce: str, verifier: str, fresh: bool
) -> str:
    """Return where to send a browser for a login; *fresh*: for one that happens now, whoever is logged in."""
    more = {"prompt": "login", "max_age": 0} if fresh else {}
    with _session(client) as session:
        url, _ = session.create_authorization_url(
            place, state=state, code_verifier=verifier, nonce=nonce, **more
        )
    return str(url)


def redeem(client: Client, place: str, *, code: str, verifier: str) -> Redeemed:
    """Return what *code* is worth at *place*.

    Raises `CredentialRefused` when the provider says no, `ProviderUnavailable` when it says nothing usable.
    """
    with _session(client) as session:
        session.register_compliance_hook("access_token_response", _token_answer)
        try:
            token = session.fetch_token(
                place, code=code, code_verifier=verifier, headers=dict(_HEADERS), **_BOUNDS
            )
        except AuthlibBaseError as refused:
            raise CredentialRefused(f"the provider redeems no such code: {_said(refused)}") from refused
        except (RequestException, HTTPError) as failed:
            raise ProviderUnavailable(f"the provider redeems no code: {type(failed).__name__}") from failed
    id_token, access_token = token.get("id_token"), token.get("access_token")
    if not isinstance(id_token, str):
        raise CredentialRefused("the provider gave no ID token")
    return Redeemed(id_token, access_token if isinstance(access_token, str) else None)


def get(place: str, *, bearer: str | None = None, bytes_max: int = ANSWER_BYTES_MAX) -> bytes:
    """Return what is at *place*, asked with the token *bearer* if there is one; or `ProviderUnavailable`."""
    with _Session() as session:
        try:
            asked = session.get(
                place, headers=_HEADERS, withhold_token=True, auth=_presenting(bearer), **_BOUNDS
            )
            with asked as answer:
                if answer.status_code != _OK:
                    raise ProviderUnavailable(f"{place} answers {answer.status_code}")
                return content_of(answer, bytes_max)
        except (RequestException, HTTPError) as failed:
            raise ProviderUnavailable(f"{place} does not answer: {type(failed).__name__}") from failed


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """Authlib's, which does not look where an answer leads: requests reads all of one that leads anywhere."""

    def get_redirect_target(self, resp: Response) -> None:
        """Return that it leads nowhere."""


def _session(client: Client) -> _Session:
    return _Session(
        client.id,
        client.secret,
        token_endpoint_auth_method="client_secret_post" if client.secret_in_body else _basic,
        scope=client.scopes,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
    )


def _basic(client: Any, _: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, Any, str]:
    """Present id and secret, each form-encoded (RFC 6749, section 2.3.1), which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


class _Told:
    """An answer of the token endpoint, read within bounds, as Authlib asks for it."""

    def __init__(self, answer: Response) -> None:
        self.status_code = answer.status_code
        if self.status_code >= _SERVER_ERROR_FROM:
            raise ProviderUnavailable(f"the provider redeems no code: it answers {self.status_code}")
        told = read_object(content_of(answer, ANSWER_BYTES_MAX), "token")
        if self.status_code != _OK and "error" not in told:
            raise ProviderUnavailable(f"the provider redeems no code: it answers {self.status_code}")
        self._told = {name: told[name] for name in _TAKEN & told.keys()}

    def json(self) -> dict[str, object]:
        """Return what it says of what is needed here."""
        return self._told


_TAKEN = frozenset({"id_token", "access_token", "token_type", "error"})


def _token_answer(answer: Response) -> _Told:
    with answer:
        return _Told(answer)


def _presenting(bearer: str | None) -> Callable[[PreparedRequest], PreparedRequest]:
    """Return what has a request present *bearer*, and nothing that a `.netrc` says."""

    def presenting(request: PreparedRequest) -> PreparedRequest:
        if bearer is not None:
            request.headers["Authorization"] = f"Bearer {bearer}"
        return request

    return presenting


def _said(refused: AuthlibBaseError) -> str:
    """Return the error by its name (RFC 6749, section 5.2); what it is described as is anybody's text."""
    with suppress(AttributeError):
        return repr(refused.error)[:80]
    return type(refused).__name__
