"""Policies in force, loaded from the files that were kept, and remembered by what they are."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from domain.digest import Digest
from domain.errors import MalformedPolicy
from domain.policy.engine import LoadedSet, PolicyEngine
from domain.policy.proposal import Active
from domain.ports import Blobs

REMEMBERED_MAX = 32


class LoadedPolicies:
    """Loads each policy once. Safe to use from any thread."""

    def __init__(self, engine: Callable[[], PolicyEngine], blobs: Blobs) -> None:
        """Load from *blobs* with what *engine* returns."""
        self._engine = engine
        self._blobs = blobs
        self._known: OrderedDict[Digest, LoadedSet] = OrderedDict()
        self._lock = Lock()

    def __call__(self, active: Active) -> LoadedSet:
        """Return the policy *active*, exactly as it was approved.

        Raises `MalformedPolicy` when it cannot be loaded, or comes out as another one, as under another
        version of the engine; `EvidenceLost`, `BrokenLedger` and `LedgerUnavailable` when its files cannot
        be had.
        """
        wanted = active.policy.digest
        with self._lock:
            if wanted in self._known:
                self._known.move_to_end(wanted)
                return self._known[wanted]
        files = {file.name: self._blobs.get(file.digest) for file in active.policy.files}
        loaded = self._engine().load(files, active.policy.set)
        if loaded.digest != wanted:
            raise MalformedPolicy(
                f"policy {active.policy.number} was approved as {wanted} and loads as {loaded.digest}:"
                " this version understands it otherwise, propose it again"
            )
        with self._lock:
            self._known[wanted] = loaded
            while len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
        return loaded
