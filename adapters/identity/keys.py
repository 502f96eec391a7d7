"""Where the keys of an issuer are: at its URL, or in a file that was recorded, for closed networks."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from adapters.identity import jwks
from adapters.identity.fetched import FetchedKeys
from adapters.identity.jwks import Jwks, Key
from domain.access.issuer import TrustedIssuer
from domain.digest import Digest
from domain.errors import CredentialRefused, MalformedValue

FILES_MAX = 100
"""How many files are kept read; there are as many issuers."""


class IssuerKeys:
    """Implements `adapters.identity.tokens.Keys`. Safe to use from any thread."""

    def __init__(self, fetched: FetchedKeys, read_file: Callable[[Digest], bytes]) -> None:
        """Ask *fetched* by URL; *read_file* returns a recorded file by its digest."""
        self._fetched = fetched
        self._read_file = read_file
        self._files: OrderedDict[Digest, Jwks] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, issuer: TrustedIssuer, algorithm: str, kid: str | None) -> Key | None:
        """Return the key of *issuer* for *algorithm* named *kid*, or None; raises `LedgerUnavailable`."""
        if issuer.jwks_url is not None:
            return self._fetched.find(issuer.jwks_url, algorithm, kid)
        assert issuer.jwks is not None, "an issuer has one or the other"
        return self._file(issuer.jwks).find(algorithm, kid)

    def _file(self, digest: Digest) -> Jwks:
        with self._lock:
            known = self._files.get(digest)
        if known is None:
            known = jwks.read(self._read_file(digest))
            with self._lock:
                self._files[digest] = known
                while len(self._files) > FILES_MAX:
                    self._files.popitem(last=False)
        return known


def check_keys(content: bytes) -> None:
    """Refuse what is no set of public keys that a token could be verified with; raises `MalformedValue`."""
    try:
        usable = len(jwks.read(content))
    except CredentialRefused as wrong:
        raise MalformedValue(wrong.why) from wrong
    if not usable:
        raise MalformedValue("the key set has no key for RS256, ES256 or EdDSA")
