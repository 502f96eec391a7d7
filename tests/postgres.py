"""A real PostgreSQL for the tests: the one that is named, or a throw-away cluster of our own.

`SHIPLOG_TEST_POSTGRES` names a server by SQLAlchemy URL; its role must be allowed to create
databases. Without it the server binaries are looked for and a cluster is made in a temporary
folder, with durability off: the tests crash processes, never the machine. Each xdist worker has
its own, which needs no lock and lets a test kill what it likes.
"""

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text

_SECONDS_TO_START = 60
_STARTS_AT_MOST = 3  # a free port may be taken by someone else before the server has bound it
_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to test against on this machine."""


@dataclass
class Server:
    """A running server, and a place to ask for empty databases."""

    url: URL
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend an empty database by URL, and drop it afterwards whoever is still connected."""
        name = f"shiplog_test_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with _engine(self.url).connect() as connection:
            connection.execute(text(statement))


@contextmanager
def server(options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Lend a running PostgreSQL 15 or later; raises `NoPostgres` with what is missing.

    *options* are settings of a cluster of our own; the one that is named keeps its own.
    """
    named = os.environ.get("SHIPLOG_TEST_POSTGRES")
    if named:
        yield Server(make_url(named))
        return
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="shiplog-postgres-"))
    try:
        with _cluster(programs, folder, {**_OPTIONS, **(options or {})}) as url:
            yield Server(url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _engine(url: URL) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def binaries() -> Path:
    """Return the folder of the newest server there is; raises `NoPostgres`."""
    on_path = shutil.which("pg_ctl")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise NoPostgres("no PostgreSQL: install a server (15 or later), or name one in SHIPLOG_TEST_POSTGRES")


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


@contextmanager
def _cluster(programs: Path, folder: Path, settings: Mapping[str, str]) -> Iterator[URL]:
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        _as(user, [str(programs / program), "-D", str(data), *arguments], folder)

    run(
        "initdb",
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
    )
    for attempt in range(1, _STARTS_AT_MOST + 1):
        port = _free_port()
        options = {**settings, "port": str(port), "unix_socket_directories": str(folder)}
        flags = " ".join(f"-c {name}={value}" for name, value in options.items())
        try:
            run("pg_ctl", "start", "-w", f"-t{_SECONDS_TO_START}", f"-l{log}", f"-o{flags}")
            break
        except subprocess.CalledProcessError as failure:
            if attempt == _STARTS_AT_MOST:
                said = log.read_text(errors="replace") if log.exists() else failure.output
                raise RuntimeError(f"PostgreSQL did not start: {said}") from failure
    try:
        yield URL.create("postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres")
    finally:
        run("pg_ctl", "stop", "-w", "-mimmediate")


def _unprivileged() -> pwd.struct_passwd | None:
    """Name whom to run the server as, because it refuses to run as root; None for ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _as(user: pwd.struct_passwd | None, command: list[str], folder: Path) -> None:
    subprocess.run(  # noqa: S603 - the programs found above, with arguments made here
        command,
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
