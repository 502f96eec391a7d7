"""On what a benchmark ran: as much as tells whether two reports can be compared."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version

from tests import postgres

GIB = 2**30


def facts() -> dict[str, str]:
    """Return what to say of this machine, by what it is."""
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.0f} GiB",
        "system": f"{platform.system()} on {platform.machine()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _postgres(),
        "SQLAlchemy": version("sqlalchemy"),
    }


def _postgres() -> str:
    """Return the version of the server that the benchmarks start."""
    try:
        program = postgres.binaries() / "postgres"
    except postgres.NoPostgres:
        return "none"
    said = subprocess.run([str(program), "--version"], check=True, capture_output=True, text=True)  # noqa: S603 - found by us
    return said.stdout.split()[2]
