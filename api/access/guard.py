"""Credentials of requests, looked at here and nowhere else.

What happens, in this order:

1. the field `Authorization` must present a bearer token (RFC 6750); whoever presents none is told so;
2. it must have the form of one of ours, with the right check at its end;
3. it is looked up: by its id, or by its SHA-256; one that nobody knows takes as long;
4. secret, end, revocation and network are held against what the ledger says by now;
5. whoever it stands for may do what the ledger says by now: nothing is remembered from before.

Why a credential is refused is for the log, which never has the credential; to whoever presents it, all
causes are one.
"""

import logging

from flask import Request

from api.access import opaque
from api.access.asking import Asking
from api.access.exchanged import ExchangedTokens
from api.access.opaque import OpaqueKind
from api.access.passing import Passing
from api.access.proxies import Address, Proxies
from api.refusals import Unauthenticated
from domain.access.access import Access
from domain.access.authority import Authority, of_token
from domain.access.fold import fold
from domain.access.token import accepted
from domain.actor import Actor, ActorKind, Method
from domain.errors import CredentialRefused
from domain.ports import LedgerReader
from domain.stream import ACCESS

_SCHEME = "bearer "
_log = logging.getLogger(__name__)


class Guard:
    """Says who asks. Safe to use from any thread."""

    def __init__(self, ledger: LedgerReader, passing: Passing, proxies: Proxies) -> None:
        """Look credentials up in *ledger* and *passing*; believe *proxies* where a request came from."""
        self._ledger = ledger
        self._exchanged = ExchangedTokens(passing)
        self._proxies = proxies

    def __call__(self, request: Request) -> Asking:
        """Return who sent *request*.

        Raises `Unauthenticated` when it does not say, `CredentialRefused` when what it says does not hold.
        """
        given = request.environ.get("HTTP_AUTHORIZATION", "")
        if given[: len(_SCHEME)].lower() != _SCHEME:  # 1
            raise Unauthenticated("this needs a credential: Authorization: Bearer TOKEN")
        address: Address | None = None
        try:
            address = self._proxies.address(request.environ)
            return self._known(given[len(_SCHEME) :], address)
        except CredentialRefused as refused:
            _log.warning("credential refused, presented from %s: %s", address, refused.why)
            raise

    def _known(self, text: str, address: Address) -> Asking:
        token = opaque.parse(text)  # 2
        if token is None:
            raise CredentialRefused("it has not the form of a token of ours, or is mistyped")
        access = self._ledger.load(ACCESS, fold) or Access()
        at = max(self._ledger.now(), access.at)
        match token.kind:
            case OpaqueKind.API:
                held = accepted(access.tokens.get(token.id), token.secret, at=at, address=address)  # 3, 4
                actor = Actor(
                    ActorKind.TOKEN,
                    held.holder.issuer,
                    held.holder.subject,
                    method=Method.TOKEN,
                    credential=held.id,
                )
                return Asking(actor, Authority((of_token(held),)))  # 5
            case OpaqueKind.EXCHANGED:
                return self._exchanged.presented(token, access, at)
