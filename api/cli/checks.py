"""What `shiplog doctor` looks at, each check on its own."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from api.cli import (
    access_checks,
    client,
    clock,
    evidence_checks,
    setting_checks,
    standing_checks,
    webhook_checks,
)
from api.cli.exits import Failure
from api.cli.found import Finding, Level
from api.settings import Settings
from domain import instant
from domain.errors import LedgerError

NETWORK_FILE_SYSTEMS = frozenset(
    (
        *("9p", "afs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"),
        *("glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"),
    )
)
"""Where SQLite's locks and shared memory cannot be relied on (sqlite.org, "How To Corrupt", 2.1)."""
MOUNTS = Path("/proc/mounts")
_MOUNT_FIELDS = 3
_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022
_AHEAD = timedelta(seconds=1)


def local(settings: Settings) -> Iterator[Finding]:
    """Check a ledger on this machine."""
    yield home(settings.home)
    yield from keys(settings)
    if settings.url.startswith("sqlite"):
        yield from sqlite(Path(settings.url.partition("///")[2]))
    yield from ledger(settings)
    yield from access_checks.reach(settings)
    yield from setting_checks.found(settings)
    yield from webhook_checks.networks(settings)


def remote(settings: Settings) -> Iterator[Finding]:
    """Check a server that is talked to."""
    yield from setting_checks.transport(settings)
    try:
        with client.connected() as api:
            api.get("readyz")
            yield Finding(Level.OK, "server", f"{settings.server} is ready")
            who = api.ask("v1", "access", "mine")
            yield Finding(Level.OK, "token", f"accepted, of {who['actor']['subject']}")
    except Failure as failure:
        yield Finding(Level.FAIL, "server", str(failure), "check SHIPLOG_SERVER and SHIPLOG_TOKEN")


def home(folder: Path) -> Finding:
    """Check who may write where the ledger is: they own it."""
    if not folder.is_dir():
        return Finding(Level.FAIL, "home", f"there is no folder {folder}", "run `shiplog init`")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _WRITABLE_BY_OTHERS:
        return Finding(Level.FAIL, "home", f"others may write in {folder}", f"chmod 0700 {folder}")
    if mode & _OTHERS:
        return Finding(Level.WARN, "home", f"others may look into {folder}", f"chmod 0700 {folder}")
    return Finding(Level.OK, "home", str(folder))


def keys(settings: Settings) -> Iterator[Finding]:
    """Check that the keys are there, and that secret ones are nobody else's to read."""
    folder = settings.keys_folder
    secret = ["digest.key"] if settings.signing_key else ["ledger.pem", "digest.key"]
    for name in secret:
        path = folder / name
        if not path.is_file():
            yield Finding(
                Level.FAIL, "keys", f"there is no {path}", "run `shiplog init`, or restore the backup"
            )
        elif stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            yield Finding(Level.FAIL, "keys", f"others may read {path}", f"chmod 0600 {path}")
        else:
            yield Finding(Level.OK, "keys", str(path))
    if not any(folder.glob("*.pub.pem")):
        yield Finding(Level.FAIL, "keys", f"no public key in {folder}", "run `shiplog init`")


def sqlite(path: Path) -> Iterator[Finding]:
    """Check the file, where it lies, and how it is journalled."""
    kind = file_system(path.parent, MOUNTS)
    if kind is None:
        yield Finding(Level.WARN, "file system", "cannot be told here", "keep SQLite on a local disk")
    elif kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            Level.FAIL,
            "file system",
            f"{path} is on {kind}, over a network",
            "use a local disk, or PostgreSQL",
        )
    else:
        yield Finding(Level.OK, "file system", f"{kind}, on this machine")
    if not path.is_file():
        yield Finding(Level.FAIL, "sqlite", f"there is no {path}", "run `shiplog init`")
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as wrong:
        yield Finding(Level.FAIL, "sqlite", f"{path}: {wrong}", "restore a backup and run `shiplog verify`")
        return
    if sound != "ok":
        yield Finding(Level.FAIL, "sqlite", f"{path}: {sound}", "restore a backup and run `shiplog verify`")
    elif journal != "wal":
        yield Finding(
            Level.WARN, "sqlite", f"journal_mode is {journal}, expected wal", "record something once"
        )
    else:
        yield Finding(Level.OK, "sqlite", f"{sqlite3.sqlite_version}, write-ahead log, sound")


def file_system(folder: Path, mounts: Path) -> str | None:
    """Return the type of the file system that *folder* is on; None where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    here = folder.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        fields = line.split()
        if len(fields) < _MOUNT_FIELDS:
            continue
        place = Path(fields[1].replace("\\040", " "))
        if here.is_relative_to(place) and (best is None or len(place.parts) >= best[0]):
            best = len(place.parts), fields[2]
    return None if best is None else best[1]


def ledger(settings: Settings) -> Iterator[Finding]:
    """Open the ledger as every command does, and compare its clock with ours."""
    from api import wiring  # noqa: PLC0415 - loads the whole ledger

    try:
        services = wiring.wire(settings, now=clock.now)
    except LedgerError as refusal:
        yield Finding(Level.FAIL, "ledger", str(refusal), "run `shiplog init`, or do what it says")
        return
    try:
        prefix = services.ledger.prefix(None)
        kept = list(evidence_checks.found(settings.blobs_place, services, prefix))
        given = [access_checks.found(services), *standing_checks.found(services)]
        given += webhook_checks.found(services)
    except LedgerError as refusal:
        yield Finding(Level.FAIL, "ledger", str(refusal))
        return
    finally:
        services.close()
    yield Finding(Level.OK, "ledger", f"{prefix.position} events, the schema is current")
    ahead = prefix.recorded_at - clock.now()
    if ahead > _AHEAD:
        yield Finding(
            Level.FAIL,
            "clock",
            f"the last event was recorded at {instant.text(prefix.recorded_at)}, {ahead} from now",
            "set this machine's clock by NTP before anything is recorded",
        )
    else:
        yield Finding(Level.OK, "clock", "not before the last event")
    yield from kept
    yield from given
