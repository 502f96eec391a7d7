"""What verifies tokens of workloads, loaded with the first of them: it takes as long to load as a command."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from domain.access.issuer import TrustedIssuer
from domain.digest import Digest

if TYPE_CHECKING:
    from adapters.identity.tokens import Vouched, WorkloadTokens


class WorkloadsWhenNeeded:
    """Implements `api.access.workloads.WorkloadVerifier`."""

    def __init__(self, read_file: Callable[[Digest], bytes], monotonic: Callable[[], float]) -> None:
        """Fetch keys by URL, counting seconds by *monotonic*; *read_file* returns a recorded file of them."""
        self._read_file = read_file
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._loaded: WorkloadTokens | None = None

    def verify(self, text: str, trusted: Callable[[str], TrustedIssuer | None], *, at: datetime) -> "Vouched":
        """See `WorkloadTokens.verify`."""
        return self._tokens().verify(text, trusted, at=at)

    def check_keys(self, content: bytes) -> None:
        """Refuse what is no set of public keys that a token could be verified with: `MalformedValue`."""
        from adapters.identity.keys import check_keys  # noqa: PLC0415 - see above

        check_keys(content)

    def _tokens(self) -> "WorkloadTokens":
        with self._lock:
            if self._loaded is None:
                from adapters.identity.fetched import FetchedKeys  # noqa: PLC0415 - see above
                from adapters.identity.keys import IssuerKeys  # noqa: PLC0415 - see above
                from adapters.identity.tokens import WorkloadTokens  # noqa: PLC0415 - see above

                keys = IssuerKeys(FetchedKeys(self._monotonic), self._read_file)
                self._loaded = WorkloadTokens(keys)
            return self._loaded


def warm() -> None:
    """Load it now: for whoever answers many requests."""
    from adapters.identity import tokens  # noqa: F401, PLC0415 - see above
