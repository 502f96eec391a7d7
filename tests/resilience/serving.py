"""`shiplog serve` in a process group of its own, to be killed and started again."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.settings import Settings
from tests import credentials

CONSOLE = Path(sys.executable).with_name("shiplog")
READY = "listening on http://"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


class Served:
    """One server: at most one process group at a time."""

    def __init__(self, settings: Settings, **more: str) -> None:
        """Serve the ledger of *settings*; *more* are settings by the names of their variables."""
        self._environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "SHIPLOG_HOME": str(settings.home),
            **({"SHIPLOG_DATABASE_URL": settings.database_url} if settings.database_url else {}),
            "SHIPLOG_THREADS": "8",
            "SHIPLOG_WORKERS": "1",
            **more,
        }
        self._process: subprocess.Popen[str] | None = None
        self.said: list[str] = []
        """Every line of stderr, of every process."""
        self.address = ""
        """HOST:PORT, once it listens."""

    def start(self) -> str:
        """Start it; return its address once it listens."""
        assert self._process is None, "one at a time"
        self._process = subprocess.Popen(  # noqa: S603 - our own console script
            [CONSOLE, "serve", "--bind", "127.0.0.1:0"],
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stderr is not None
        ready = threading.Event()
        self.address = ""
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr, ready))
        self._listener.start()
        assert ready.wait(START_SECONDS_MAX), self.said
        assert self.address, self.said[-20:]
        return self.address

    def kill(self) -> None:
        """Kill every process of it, as `kill -9` does; returns when the first is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it gracefully, if it runs; what it was answering is answered."""
        if self._process is not None:
            self._end(signal.SIGTERM)

    @property
    def worker(self) -> int:
        """The process that answers."""
        assert self._process is not None
        (worker,) = children(self._process.pid)
        return worker

    @property
    def resident_kib(self) -> int:
        """How much memory all its processes have, each counted whole (proc(5), VmRSS)."""
        assert self._process is not None
        first = self._process.pid
        return sum(_resident_kib(each) for each in (first, *children(first)))

    def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        assert process is not None
        if by is signal.SIGKILL:
            os.killpg(process.pid, by)
        else:
            process.send_signal(by)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            self._listener.join(STOP_SECONDS_MAX)  # until the last of the group has let go of the pipe
            assert not self._listener.is_alive()

    def _listen(self, stderr: IO[str], ready: threading.Event) -> None:
        with stderr:
            for line in stderr:
                self.said.append(line.rstrip())
                if line.startswith(READY):
                    self.address = line.removeprefix(READY).strip()
                    ready.set()
        ready.set()  # it ended: whoever waits sees that there is no address


def children(process: int) -> list[int]:
    """Return the processes that *process* started (proc(5))."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _resident_kib(process: int) -> int:
    told = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in told if line.startswith("VmRSS:")).split()[1])


@contextmanager
def served(settings: Settings, **more: str) -> Iterator[Served]:
    """Lend a server that listens, and lets `credentials.TOKEN` in; it is gone afterwards."""
    credentials.issue_in(settings)
    server = Served(settings, **more)
    try:
        server.start()
        yield server
    finally:
        server.stop()
