"""What a signature of ours covers: the pre-authentication encoding of DSSE v1.0.2."""

from hashlib import sha256

PAYLOAD_TYPE = b"application/vnd.in-toto+json"
"""Media type of an in-toto Statement, which every payload is."""


def pae(payload: bytes) -> bytes:
    """Return the bytes that are signed for *payload*."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE, len(payload), payload)


def digest(payload: bytes) -> bytes:
    """Return the SHA-256 of what is signed: the event's name in every chain and proof."""
    return sha256(pae(payload)).digest()
