"""PostgreSQL clusters of a test's own, to be killed, brought back, copied and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text

from tests import postgres
from tests.resilience.serving import children

START_SECONDS_MAX = 60
STATE_SECONDS_MAX = 60
LOOK_SECONDS = 0.05
"""Between two looks at a state that nobody tells us of."""
STANDBY = "standby"
_OPTIONS = {
    "fsync": "off",  # processes die here, the machine never does
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "synchronous_commit": "remote_apply",
    "wal_retrieve_retry_interval": "100ms",
    "unix_socket_directories": "''",  # whose lock files outlive a kill
}


class Cluster:
    """One cluster, running or not, at one port."""

    def __init__(self, binaries: Path, folder: Path, name: str, user: pwd.struct_passwd | None) -> None:
        """Keep it in *folder*, run by *user*; nothing is made yet."""
        self._binaries, self._folder, self._user = binaries, folder, user
        self._name = name
        self._data = folder / name
        self._port = postgres._free_port()
        self.running = False

    @property
    def url(self) -> URL:
        """Its first database."""
        return URL.create(
            "postgresql+psycopg", "postgres", host="127.0.0.1", port=self._port, database="postgres"
        )

    def make(self) -> None:
        """Make an empty one."""
        self._run(
            "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"
        )

    def copy(self, primary: "Cluster") -> None:
        """Make a standby of *primary*, which runs."""
        source = f"host=127.0.0.1 port={primary._port} user=postgres"
        self._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-d", source)

    def start(self) -> None:
        """Start it; return when it takes connections."""
        options = {**_OPTIONS, "port": self._port}
        flags = " ".join(f"-c {name}={value}" for name, value in options.items())
        log = self._folder / f"{self._name}.log"
        arguments = ("start", "-w", f"-t{START_SECONDS_MAX}", f"-l{log}")
        # A standby goes by the name of its cluster.
        self._run("pg_ctl", *arguments, f"-o{flags} -c cluster_name={self._name}")
        self.running = True

    def stop(self, mode: str) -> None:
        """Stop it: `fast`, or `immediate`."""
        self._run("pg_ctl", "stop", "-w", f"-m{mode}")
        self.running = False

    def kill(self) -> None:
        """Kill every process of it at once, as when the machine is lost."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        processes = (first, *children(first))
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for process in processes:
            _wait_for(partial(_dead, process), f"{process} died")
        # After the loss of a machine its number is nobody's; here it may be one that nobody has buried.
        (self._data / "postmaster.pid").unlink()
        self.running = False

    def promote(self) -> None:
        """Make a standby the primary; return when it takes writes."""
        self._run("pg_ctl", "promote", "-w", f"-t{START_SECONDS_MAX}")

    def ask(self, query: str) -> Any:
        """Return the first value that *query* gives, in a transaction of its own."""
        with postgres._engine(self.url).connect() as connection:
            found = connection.execute(text(query))
            return found.scalar() if found.returns_rows else None

    def wait_until(self, condition: str) -> None:
        """Wait until *condition* holds in it."""
        _wait_for(lambda: bool(self.ask(f"SELECT {condition}")), condition)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self._data), *arguments]
        try:
            postgres._as(self._user, command, self._folder)
        except subprocess.CalledProcessError as failure:
            log = self._folder / f"{self._name}.log"
            said = log.read_text(errors="replace")[-4000:] if log.exists() else ""
            raise RuntimeError(f"{program} failed: {said}") from failure


def _wait_for(state: Callable[[], bool], name: str) -> None:
    never = threading.Event()
    for _ in range(int(STATE_SECONDS_MAX / LOOK_SECONDS)):
        if state():
            return
        never.wait(LOOK_SECONDS)
    raise AssertionError(f"it never came that {name}")


def _dead(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Lend one that runs; raises `postgres.NoPostgres` with what is missing."""
    with _several("only") as (one,):
        yield one


@contextmanager
def replicated() -> Iterator[tuple[Cluster, Cluster]]:
    """Lend a primary that commits nothing before its standby has applied it, and that standby."""
    with _several("primary", STANDBY) as (primary, standby):
        standby.copy(primary)
        standby.start()
        primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        primary.ask("SELECT pg_reload_conf()")
        primary.wait_until("EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
        yield primary, standby


@contextmanager
def _several(first: str, *others: str) -> Iterator[tuple[Cluster, ...]]:
    binaries, user = postgres.binaries(), postgres._unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="shiplog-postgres-"))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    made = tuple(Cluster(binaries, folder, name, user) for name in (first, *others))
    try:
        made[0].make()
        made[0].start()
        yield made
    finally:
        for each in made:
            if each.running:
                each.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
