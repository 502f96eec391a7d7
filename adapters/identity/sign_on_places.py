"""URLs at the login provider, and the document in which it names them (OpenID Connect Discovery 1.0).

What the document says is believed as far as it was fetched from the issuer itself, over TLS: in clear only on
loopback. Where it would weaken the login, by another issuer or without PKCE, it is not used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain import json_text
from domain.access import url
from domain.errors import MalformedValue, ProviderUnavailable
from domain.evidence import EvidenceRefused

BYTES_MAX = 131_072
DEPTH_MAX = 6
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the provider does what."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    """None as well when it is of another host than the issuer and the page that people log in at."""
    names_itself: bool
    """Whether its answers say from whom they are (RFC 9207)."""
    secret_in_body: bool
    """Whether the client's secret is sent in the form: where the header of RFC 6749, 2.3.1, is not taken."""


def read(content: bytes, issuer: str) -> Places:
    """Return the places in the document of *issuer*; raises `ProviderUnavailable` for one not to be used."""
    try:
        document = json_text.read(content, bytes_max=BYTES_MAX, depth_max=DEPTH_MAX)
    except EvidenceRefused as wrong:
        raise ProviderUnavailable(f"the document of {issuer} cannot be read: {wrong}") from wrong
    if not isinstance(document, dict):
        raise ProviderUnavailable(f"the document of {issuer} is no object")
    if document.get("issuer") != issuer:
        raise ProviderUnavailable(f"the document of {issuer} is of {repr(document.get('issuer'))[:200]}")
    if "S256" not in _listed(document, "code_challenge_methods_supported", ["S256"]):
        raise ProviderUnavailable(f"{issuer} does not know PKCE by S256")
    if "code" not in _listed(document, "response_types_supported", ["code"]):
        raise ProviderUnavailable(f"{issuer} does not know the code flow")
    ways = _listed(document, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not {"client_secret_basic", "client_secret_post"} & set(map(str, ways)):
        raise ProviderUnavailable(f"{issuer} takes the secret of a client in no way known here")
    authorization = _url(document, "authorization_endpoint")
    hosts = {urlsplit(issuer).hostname, urlsplit(authorization).hostname}
    end_session = _optional(document, "end_session_endpoint")
    return Places(
        authorization=authorization,
        token=_url(document, "token_endpoint"),
        keys=_url(document, "jwks_uri"),
        userinfo=_optional(document, "userinfo_endpoint"),
        end_session=end_session if end_session and urlsplit(end_session).hostname in hosts else None,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body="client_secret_basic" not in ways,
    )


def _listed(document: Mapping[str, object], name: str, usual: list[object]) -> list[object]:
    """Return a list of *document*, or what it stands for when it is not there."""
    value = document.get(name, usual)
    return value if isinstance(value, list) else []


def _optional(document: Mapping[str, object], name: str) -> str | None:
    return None if document.get(name) is None else _url(document, name)


def _url(document: Mapping[str, object], name: str) -> str:
    """Return a place in *document*; unlike an issuer it may have a query."""
    value = document.get(name)
    if not isinstance(value, str) or not value.isprintable():
        raise ProviderUnavailable(f"{name} is {repr(value)[:200]}, expected an https URL")
    try:
        url.secure(value.partition("?")[0], name)
        url.secure(value.replace("?", "", 1), name)
    except MalformedValue as wrong:
        raise ProviderUnavailable(str(wrong)) from wrong
    return value
