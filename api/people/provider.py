"""The port to where people log in; its words are those of OpenID Connect."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from domain.digest import Digest


class LoggedIn(Protocol):
    """What the provider says of whoever logged in; all of it was signed for this login, and is bounded."""

    @property
    def subject(self) -> str:
        """By what the provider tells them from everybody else."""
        ...

    @property
    def name(self) -> str | None:
        """What they are called."""
        ...

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups they are in, in order, none of them twice."""
        ...

    @property
    def auth_time(self) -> datetime | None:
        """When they proved who they are."""
        ...

    @property
    def acr(self) -> str | None:
        """What that proof is worth."""
        ...

    @property
    def amr(self) -> tuple[str, ...] | None:
        """By what it was given, in order."""
        ...

    @property
    def sid(self) -> str | None:
        """What the provider calls its session with them."""
        ...


class LoggedOut(Protocol):
    """What the provider says has ended: one session, or all of somebody's."""

    @property
    def subject(self) -> str | None:
        """Whose."""
        ...

    @property
    def sid(self) -> str | None:
        """Which."""
        ...

    @property
    def once(self) -> Digest:
        """What may be said only once."""
        ...

    @property
    def expires_at(self) -> datetime:
        """When it may not be said any more."""
        ...


class Provider(Protocol):
    """One OpenID Connect provider. Safe to use from any thread.

    What it answers is bounded in time and size. Raises `ProviderUnavailable` when it does not answer, or not
    as a provider does; `CredentialRefused` when what it says does not hold.
    """

    @property
    def issuer(self) -> str:
        """Its URL: who vouches for the subject."""
        ...

    def authorization_url(self, *, state: str, nonce: str, verifier: str, fresh: bool) -> str:
        """Return where to send a browser; *fresh*: whoever is logged in there has to prove it again."""
        ...

    def check_sender(self, issuer: str | None) -> None:
        """Refuse an answer that another *issuer* sent, or nobody says who, where the provider says so."""
        ...

    def redeem(self, *, code: str, nonce: str, verifier: str, now: Callable[[], datetime]) -> LoggedIn:
        """Return who logged in, for the *code* that came back; *now* says what time it is by then.

        Raises `MalformedValue` when it says more of them than is read.
        """
        ...

    def logged_out(self, text: str, *, at: datetime) -> LoggedOut:
        """Return what the logout token *text* says has ended."""
        ...

    def farewell(self) -> tuple[str, Mapping[str, str]] | None:
        """Return where to send a browser whose session ended here, with which parameters; None: nowhere."""
        ...
