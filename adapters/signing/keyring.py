"""The public keys of a ledger: all that verification needs."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.signing import keys
from domain.errors import BrokenLedger, KeyUnusable
from domain.event import SealedEvent
from domain.proof import dsse

PUBLIC_SUFFIX = ".pub.pem"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class Keyring:
    """Implements `domain.ports.Verifier`. Retired keys stay in it for what they signed."""

    def __init__(self, public_keys: Mapping[str, ec.EllipticCurvePublicKey]) -> None:
        """Trust *public_keys*, by key id, and no others."""
        self._keys = dict(public_keys)

    @classmethod
    def in_folder(cls, folder: Path) -> "Keyring":
        """Trust every `*.pub.pem` in *folder*; raises `KeyUnusable` when there is none."""
        found = [keys.read_public(path) for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}"))]
        if not found:
            raise KeyUnusable(
                f"no public key (*{PUBLIC_SUFFIX}) in {folder}; restore it, or name another folder"
            )
        return cls({keys.key_id(key): key for key in found})

    def verify(self, sealed: SealedEvent) -> None:
        """See `domain.ports.Verifier`."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise BrokenLedger(
                f"the event at position {sealed.position} is signed with a key this ledger does"
                f" not have: {sealed.key_id}"
            )
        signed = dsse.pae(sealed.payload)
        if sha256(signed).digest() != sealed.digest:
            raise BrokenLedger(f"the event at position {sealed.position} does not match its digest")
        try:
            key.verify(sealed.signature, signed, _ALGORITHM)
        except InvalidSignature as wrong:
            raise BrokenLedger(
                f"the signature of the event at position {sealed.position} is not valid"
            ) from wrong
