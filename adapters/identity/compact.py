"""Signed tokens in compact form, read strictly before anything about them is believed (RFC 7515, RFC 7519).

A token says by itself how it wants to be verified, which is how verifiers are fooled. Here it may only
name an algorithm and a key; whatever would bring keys along, or must be understood, is refused.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass

from domain import json_text
from domain.errors import CredentialRefused
from domain.evidence import EvidenceRefused

TOKEN_LENGTH_MAX = 16_384
DEPTH_MAX = 8
MEMBERS_MAX = 200

_SEGMENTS = 3
_HEADER_NAMES = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
"""The last two name a certificate that we do not look at; Azure and some others send them."""
_KID = re.compile(r"[A-Za-z0-9._~+/=:@|-]{1,256}", re.ASCII)
_TYPES = frozenset({"JWT", "at+jwt", "logout+jwt"})


@dataclass(frozen=True, slots=True)
class Compact:
    """A token, read and not verified."""

    text: str
    signed: bytes
    """What the signature is over."""
    signature: bytes
    algorithm: str
    kid: str | None
    type: str | None
    claims: Mapping[str, object]

    def said(self, name: str) -> str:
        """Return a claim that must be a text; raises `CredentialRefused`."""
        value = self.claims.get(name)
        if not isinstance(value, str) or not value:
            raise CredentialRefused(f"{name} is {_shown(value)}, expected a text")
        return value


def read(text: str) -> Compact:
    """Return what the token *text* says; raises `CredentialRefused`."""
    if len(text) > TOKEN_LENGTH_MAX:
        raise CredentialRefused(f"a token of {len(text)} characters, at most {TOKEN_LENGTH_MAX}")
    segments = text.split(".")
    if len(segments) != _SEGMENTS:
        raise CredentialRefused(f"a token of {len(segments)} parts, expected {_SEGMENTS}")
    header = _object(segments[0], "header")
    if unknown := header.keys() - _HEADER_NAMES:
        raise CredentialRefused(f"the header has {sorted(unknown)[0][:40]!r}, which nothing here follows")
    algorithm, kid, kind = (header.get(name) for name in ("alg", "kid", "typ"))
    if not isinstance(algorithm, str):
        raise CredentialRefused(f"alg is {_shown(algorithm)}, expected the name of an algorithm")
    if kid is not None and not (isinstance(kid, str) and _KID.fullmatch(kid)):
        raise CredentialRefused(f"kid is {_shown(kid)}, expected the plain name of a key")
    if kind is not None and not (isinstance(kind, str) and kind in _TYPES):
        raise CredentialRefused(f"typ is {_shown(kind)}, expected one of {', '.join(sorted(_TYPES))}")
    claims = _object(segments[1], "claims")
    signature = _bytes(segments[2], "signature")
    return Compact(text, text.rpartition(".")[0].encode(), signature, algorithm, kid, kind, claims)


def _object(segment: str, what: str) -> Mapping[str, object]:
    try:
        document = json_text.read(_bytes(segment, what), bytes_max=TOKEN_LENGTH_MAX, depth_max=DEPTH_MAX)
    except EvidenceRefused as wrong:
        raise CredentialRefused(f"the {what} of the token cannot be read: {wrong}") from wrong
    if not isinstance(document, dict):
        raise CredentialRefused(f"the {what} of the token is no object")
    if len(document) > MEMBERS_MAX:
        raise CredentialRefused(f"the {what} of the token has {len(document)} members, at most {MEMBERS_MAX}")
    return document


def _bytes(segment: str, what: str) -> bytes:
    """Decode base64url without padding, in its one spelling (RFC 7515, section 2 and appendix C)."""
    try:
        content = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (Error, ValueError) as wrong:
        raise CredentialRefused(f"the {what} of the token is not base64url") from wrong
    if _spelt(content) != segment:
        raise CredentialRefused(f"the {what} of the token is not base64url in its one spelling")
    return content


def _spelt(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _shown(value: object) -> str:
    return repr(value)[:60]
