"""What `shiplog doctor` looks at in settings that can be read, and are not safe all the same."""

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from api.cli.found import Finding, Level
from api.settings import Settings, is_loopback

_WRITABLE_BY_OTHERS = 0o022
_ENCRYPTED = frozenset(("require", "verify-ca", "verify-full"))
_FILE_KEYS = ("file2:", "file:")
"""How a signer URI names a file."""


def found(settings: Settings) -> Iterator[Finding]:
    """Check what was set for a ledger on this machine."""
    if settings.token:
        yield Finding(
            Level.WARN,
            "token",
            "SHIPLOG_TOKEN is set and SHIPLOG_SERVER is not: nobody asks for it here, and whoever reads this"
            " environment has it",
            "unset it, or set SHIPLOG_SERVER",
        )
    yield from _key(settings)
    yield from _database(settings)


def transport(settings: Settings) -> Iterator[Finding]:
    """Check that a token does not go over a network in clear."""
    place = urlsplit(settings.server)
    host = f"[{place.hostname}]" if ":" in (place.hostname or "") else place.hostname or ""
    if place.scheme == "http" and not is_loopback(host):
        yield Finding(Level.WARN, "transport", f"{settings.server} is not encrypted", "use https")


def _key(settings: Settings) -> Iterator[Finding]:
    """Check who could put another key in place of the one in a file, whatever the file's own mode is."""
    if not settings.key_uri.startswith(_FILE_KEYS):
        return
    folder = Path(settings.key_uri.partition(":")[2].partition("?")[0]).parent
    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & _WRITABLE_BY_OTHERS:
        yield Finding(
            Level.FAIL,
            "keys",
            f"others may write in {folder}, and put another signing key there",
            f"chmod 0700 {folder}",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    """Check that the record does not go over a network in clear."""
    if settings.url.startswith("sqlite"):
        return
    place = urlsplit(settings.url)
    said = parse_qs(place.query)
    hosts = [*said.get("host", []), *([place.hostname] if place.hostname else [])]
    away = [each for each in hosts if not each.startswith("/") and not is_loopback(each.partition(":")[0])]
    if away and _ENCRYPTED.isdisjoint(said.get("sslmode", [])):
        yield Finding(
            Level.WARN,
            "database",
            f"the connection to {away[0]} need not be encrypted",
            "add sslmode=verify-full to SHIPLOG_DATABASE_URL",
        )
