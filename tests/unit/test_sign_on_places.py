"""What a login provider says about itself: used when it is its own word and makes the login no weaker."""

import json
from typing import Any

import pytest

from adapters.identity import sign_on_places
from adapters.identity.sign_on_places import BYTES_MAX, Places, read
from domain.errors import ProviderUnavailable

ISSUER = "https://sso.example/realms/acme"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize?p=policy",
    "token_endpoint": "https://api.sso.example:8443/token",
    "jwks_uri": f"{ISSUER}/keys",
}


def told(**changes: Any) -> Places:
    said = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    return read(json.dumps(said).encode(), ISSUER)


def test_a_small_document_is_enough() -> None:
    assert told() == Places(
        authorization="https://login.example/authorize?p=policy",
        token="https://api.sso.example:8443/token",  # noqa: S106 - a URL
        keys=f"{ISSUER}/keys",
        userinfo=None,
        end_session=None,
        names_itself=False,
        secret_in_body=False,
    )


def test_what_else_it_may_say() -> None:
    more = told(
        userinfo_endpoint=f"{ISSUER}/me",
        end_session_endpoint="https://login.example/end",
        authorization_response_iss_parameter_supported=True,
        code_challenge_methods_supported=["plain", "S256"],
        response_types_supported=["code", "id_token"],
        token_endpoint_auth_methods_supported=["client_secret_post", "private_key_jwt"],
    )
    assert (more.userinfo, more.end_session) == (f"{ISSUER}/me", "https://login.example/end")
    assert more.names_itself
    assert more.secret_in_body


@pytest.mark.parametrize("said", ["true", 1, None, False])
def test_it_names_itself_when_it_says_so(said: object) -> None:
    assert not told(authorization_response_iss_parameter_supported=said).names_itself


def test_people_are_led_to_no_other_host_to_log_out() -> None:
    assert told(end_session_endpoint="https://evil.example/end").end_session is None


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"issuer": f"{ISSUER}/"}, "is of 'https://sso.example/realms/acme/'"),
        ({"issuer": "https://SSO.example/realms/acme"}, "is of"),
        ({"issuer": None}, "is of None"),
        ({"issuer": [ISSUER]}, "is of"),
        ({"code_challenge_methods_supported": ["plain"]}, "does not know PKCE"),
        ({"code_challenge_methods_supported": []}, "does not know PKCE"),
        ({"code_challenge_methods_supported": "S256"}, "does not know PKCE"),
        ({"response_types_supported": ["id_token"]}, "does not know the code flow"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "in no way known here"),
        ({"token_endpoint_auth_methods_supported": ["none"]}, "in no way known here"),
        ({"authorization_endpoint": None}, "authorization_endpoint is None"),
        ({"authorization_endpoint": "http://login.example/"}, "expected an https URL"),
        ({"authorization_endpoint": "https://a@login.example/"}, "expected an https URL"),
        ({"authorization_endpoint": "https://login.example/#a"}, "expected an https URL"),
        ({"authorization_endpoint": "https://login.example/?a?b"}, "expected an https URL"),
        ({"authorization_endpoint": "https://login.example/?a\r\nb"}, "expected an https URL"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "expected an https URL"),
        ({"authorization_endpoint": "//login.example/"}, "expected an https URL"),
        ({"token_endpoint": 7}, "token_endpoint is 7"),
        ({"token_endpoint": "file:///etc/passwd"}, "expected an https URL"),
        ({"token_endpoint": "https://sso.example/" + "a" * 600}, "too long"),
        ({"jwks_uri": "http://sso.example/keys"}, "expected an https URL"),
        ({"userinfo_endpoint": "ftp://sso.example/me"}, "expected an https URL"),
    ],
    ids=str,
)
def test_what_is_not_used(changes: dict[str, Any], cause: str) -> None:
    with pytest.raises(ProviderUnavailable) as refused:
        told(**changes)
    assert cause in refused.value.why
    assert str(refused.value) == "the login provider cannot be reached just now: try again in a minute"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<html>", b"[]", b'{"issuer": "a", "issuer": "b"}', b"\xff"),
        *(b'{"a":' * 9 + b"1" + b"}" * 9, json.dumps({**DOCUMENT, "more": "x" * BYTES_MAX}).encode()),
    ],
    ids=["nothing", "a page", "a list", "twice", "no text", "deep", "large"],
)
def test_what_cannot_be_read(content: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        read(content, ISSUER)


def test_it_is_where_the_specification_says() -> None:
    assert sign_on_places.WELL_KNOWN == "/.well-known/openid-configuration"
