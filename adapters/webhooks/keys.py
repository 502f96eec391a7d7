"""The keys that webhooks are signed with: a pair of its own for each, made from one secret of the ledger.

With one pair for all, whatever one receiver was told could be shown to another, and would verify there.
"""

import hmac
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEPT_MAX = 256
"""Pairs that are remembered; there are at most 100 webhooks, with two keys each."""


class WebhookKeys:
    """Implements `api.webhooks.ports.Keys` with Ed25519 (RFC 8032)."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        """Make the pairs from *secret*, 32 random bytes, which is asked for when the first one is needed."""
        self._secret = secret
        self._pair = lru_cache(maxsize=KEPT_MAX)(self._made)

    def sign(self, webhook: str, key: int, content: bytes) -> bytes:
        """Return the signature of *content* by key number *key* of *webhook*; raises `KeyUnusable`."""
        return self._pair(webhook, key).sign(content)

    def public(self, webhook: str, key: int) -> bytes:
        """Return the 32 bytes of the public key; raises `KeyUnusable`."""
        return self._pair(webhook, key).public_key().public_bytes_raw()

    def _made(self, webhook: str, key: int) -> Ed25519PrivateKey:
        seed = hmac.digest(self._secret(), f"ed25519/{webhook}/{key}".encode(), "sha256")
        return Ed25519PrivateKey.from_private_bytes(seed)
