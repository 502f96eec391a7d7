"""The port to what verifies tokens of workloads; its words are those of OpenID Connect."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from domain.access.issuer import TrustedIssuer
from domain.actor import Claim
from domain.digest import Digest


class Vouched(Protocol):
    """What an issuer says of whoever presented its token; the signature, audience and times were checked."""

    @property
    def issuer(self) -> TrustedIssuer:
        """Who says it."""
        ...

    @property
    def subject(self) -> str:
        """`sub`, which is recorded and decides nothing."""
        ...

    @property
    def claims(self) -> Mapping[str, object]:
        """All that is claimed, those inside objects under their paths: what bindings are held against."""
        ...

    @property
    def recorded(self) -> tuple[Claim, ...]:
        """What of it is recorded."""
        ...

    @property
    def expires_at(self) -> datetime:
        """When the token ends."""
        ...

    @property
    def once(self) -> Digest:
        """What may be presented only once."""
        ...

    @property
    def credential(self) -> Digest:
        """SHA-256 of the token."""
        ...


class WorkloadVerifier(Protocol):
    """Verifies tokens of the issuers that are listened to. Safe to use from any thread."""

    def verify(self, text: str, trusted: Callable[[str], TrustedIssuer | None], *, at: datetime) -> Vouched:
        """Return what the token *text* vouches for at *at*; *trusted* returns the issuer of a URL.

        Raises `CredentialRefused`, and `LedgerUnavailable` when the issuer's keys cannot be had.
        """
        ...

    def check_keys(self, content: bytes) -> None:
        """Refuse what is no set of public keys that a token could be verified with: `MalformedValue`."""
        ...
