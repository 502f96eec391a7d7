"""Sets of public keys (RFC 7517), and which of them may verify what."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from domain import json_text
from domain.errors import CredentialRefused
from domain.evidence import EvidenceRefused

BYTES_MAX = 262_144
KEYS_MAX = 100
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
"""A larger one takes the verifier's time, not the forger's."""

Key = RSAKey | ECKey | OKPKey
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_KINDS: Mapping[tuple[object, object], tuple[str, type[Key]]] = {
    ("RSA", None): ("RS256", RSAKey),
    ("EC", "P-256"): ("ES256", ECKey),
    ("OKP", "Ed25519"): ("EdDSA", OKPKey),
}
_PARTS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}


class Jwks:
    """The keys of one issuer, each good for one algorithm."""

    def __init__(self, keys: Mapping[tuple[str, str | None], Key]) -> None:
        """Hold *keys*, by algorithm and `kid`."""
        self._keys = keys

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)

    def find(self, algorithm: str, kid: str | None) -> Key | None:
        """Return the key for *algorithm* named *kid*; without a name, the only one there is for it."""
        if kid is not None:
            return self._keys.get((algorithm, kid))
        fitting = [key for (name, _), key in self._keys.items() if name == algorithm]
        return fitting[0] if len(fitting) == 1 else None


def read(content: bytes) -> Jwks:
    """Return the keys in *content* that are for signatures of a kind known here; others are left out.

    Raises `CredentialRefused` for what is no key set, is too large, holds a private key, or one name twice.
    """
    try:
        document = json_text.read(content, bytes_max=BYTES_MAX, depth_max=5)
    except EvidenceRefused as wrong:
        raise CredentialRefused(f"the key set cannot be read: {wrong}") from wrong
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= KEYS_MAX:
        raise CredentialRefused(f"not a key set of 1 to {KEYS_MAX} keys")
    keys: dict[tuple[str, str | None], Key] = {}
    for each in listed:
        if not isinstance(each, dict):
            raise CredentialRefused("a key of the set is no object")
        found = _key(each)
        if found is None:
            continue
        place, key = found
        if place in keys:
            raise CredentialRefused(f"the key set has two keys for {place[0]} named {str(place[1])[:80]!r}")
        keys[place] = key
    return Jwks(keys)


def _key(told: Mapping[str, object]) -> tuple[tuple[str, str | None], Key] | None:
    if _PRIVATE & told.keys():
        raise CredentialRefused("the key set holds a private or a shared key")
    kind = _KINDS.get((told.get("kty"), told.get("crv")))
    if kind is None or told.get("use", "sig") != "sig":
        return None
    algorithm, make = kind
    if told.get("alg", algorithm) != algorithm or "verify" not in _list(told.get("key_ops", ["verify"])):
        return None
    kid = told.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise CredentialRefused("a key of the set has a name that is no text")
    try:
        _check_size(told)
        key = make.import_key({name: _text(told[name]) for name in _PARTS[_text(told["kty"])]})
    except (JoseError, KeyError, ValueError, TypeError) as wrong:
        raise CredentialRefused(f"a key of the set cannot be used: {wrong!r}"[:200]) from wrong
    return (algorithm, kid), key


def _check_size(told: Mapping[str, object]) -> None:
    if told["kty"] != "RSA":
        return
    modulus = _text(told["n"])
    bits = int.from_bytes(urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()
    if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX:
        raise CredentialRefused(
            f"a key of the set has {bits} bits, expected {RSA_BITS_MIN} to {RSA_BITS_MAX}"
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]} is no text")
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
