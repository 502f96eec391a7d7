"""The one byte string for a document, so that it can be hashed and signed.

A subset of RFC 8785 (JSON Canonicalization Scheme): members sorted by name, no
white space, UTF-8. Names are ASCII and numbers are integers within ±(2**53 - 1),
so that sorting by code point and by UTF-16 unit agree and no number has two
spellings. `tests/properties` holds this equal to an independent implementation.
"""

import json
from hashlib import sha256

from domain.digest import Digest

INTEGER_MAX = 2**53 - 1

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encode(document: object) -> bytes:
    """Return the canonical bytes of *document* (dicts, lists, tuples, strings, integers, bools, None)."""
    return _ENCODER.encode(document).encode()


def digest(document: object) -> Digest:
    """Return the SHA-256 of the canonical bytes of *document*."""
    return Digest(f"sha256:{sha256(encode(document)).hexdigest()}")
