"""A signer whose word does not count from an instant on, whether that is recorded or only asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.digest import Digest
from domain.verification import CertificateSigner, Signer, TrustedTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """The identity of certificates, with its issuer if it has several; or the fingerprint of a key."""

    identity: str | None = None
    issuer: str | None = None
    """Who vouched for the identity; None is whoever did."""
    key: Digest | None = None
    """Of a key or a certificate."""
    since: datetime

    def concerns(self, signer: Signer, times: Sequence[TrustedTime]) -> bool:
        """Say whether what *signer* signed, as of the trusted *times*, does not count.

        The earliest time proves that the signature existed; one without any may be from any time.
        """
        return self.names(signer) and not any(each.instant < self.since for each in times)

    def names(self, signer: Signer) -> bool:
        """Say whether *signer* is meant, whenever it signed."""
        if self.key is not None:
            return signer.fingerprint == self.key
        same = isinstance(signer, CertificateSigner) and signer.identity == self.identity
        return same and self.issuer in (None, getattr(signer, "issuer", None))
