"""The threads that tell webhooks while a server runs: one looks what is due, a few tell."""

import logging
import threading
import time

from api.cli.crew import Crew
from api.webhooks.courier import TURN_EVENTS_MAX, Courier
from domain.errors import LedgerError

LOOK_SECONDS = 1.0
"""Between two looks at what is due."""
THREADS = 4
"""As many slow receivers as hold up the others, for one turn."""
AFTER_TROUBLE_SECONDS = 30.0
"""Until it is tried again when the database or the keys cannot be had."""

_log = logging.getLogger(__name__)


class Rounds:
    """Looks and tells until it is stopped."""

    def __init__(
        self, courier: Courier, *, threads: int = THREADS, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Have *courier* tell; nothing is started yet."""
        self._courier = courier
        self._threads = threads
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._in_hand: dict[str, float] = {}
        """Webhooks that are with a thread, or left alone for a while: until when."""
        self._crew: Crew[str] | None = None
        self._looking: threading.Thread | None = None

    def start(self) -> None:
        """Begin; what was recorded while nobody told is told now."""
        self._crew = Crew(self._tell, threads=self._threads)
        self._looking = threading.Thread(target=self._look, daemon=True, name="webhooks")
        self._looking.start()

    def end(self) -> None:
        """Begin with nothing more; what is being sent still is."""
        self._stopping.set()

    def stop(self) -> None:
        """Return when what is being sent was answered, or its time was up; begin with nothing more."""
        self.end()
        if self._looking is not None and self._crew is not None:
            self._looking.join()
            self._crew.shutdown(wait=True)

    def _look(self) -> None:
        assert self._crew is not None, "it was started"
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._look_seconds
            try:
                for name in self._courier.due():
                    if self._takes(name):
                        self._crew.hand(name)
            except LedgerError as trouble:
                wait = AFTER_TROUBLE_SECONDS
                _log.warning("webhooks are not looked at for %d seconds: %s", wait, trouble)
            except Exception:
                wait = AFTER_TROUBLE_SECONDS
                _log.exception("webhooks are not looked at for %d seconds", wait)

    def _takes(self, name: str) -> bool:
        """Whether *name* is with no thread; it is, from now on."""
        with self._lock:
            if self._in_hand.get(name, 0.0) > time.monotonic():
                return False
            self._in_hand[name] = float("inf")
            return True

    def _tell(self, name: str) -> None:
        alone, more = 0.0, False
        try:
            if not self._stopping.is_set():
                told = self._courier.tell(name, stopped=self._stopping.is_set)
                more = told >= TURN_EVENTS_MAX and not self._stopping.is_set()
        except LedgerError as trouble:
            alone = time.monotonic() + AFTER_TROUBLE_SECONDS
            _log.warning("webhook %s is left alone for %d seconds: %s", name, AFTER_TROUBLE_SECONDS, trouble)
        except Exception:
            alone = time.monotonic() + AFTER_TROUBLE_SECONDS
            raise
        finally:
            self._give_back(name, alone, more=more)

    def _give_back(self, name: str, alone: float, *, more: bool) -> None:
        """Let *name* be looked at again; if there is *more*, it is told when the others had their turn."""
        if more and self._crew is not None:
            self._crew.hand(name)
            return
        with self._lock:
            if alone:
                self._in_hand[name] = alone
            else:
                del self._in_hand[name]
