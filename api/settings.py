"""Everything a deployment may decide: one field, one `SHIPLOG_*` variable.

Twelve-factor, III: settings come from the environment and from nowhere else; an
unknown `SHIPLOG_` name is refused, for a mistyped setting must not silently be
the default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from api.access.proxies import Proxies
from api.s3_place import S3Place
from api.webhooks.networks import NO_NETWORKS, Networks
from domain.access import url
from domain.actor import Claim
from domain.errors import MalformedValue

PREFIX = "SHIPLOG_"
TEST_PREFIX = "SHIPLOG_TEST_"
PORT_MAX = 65535
NO_PROXIES = Proxies()
_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}", re.ASCII)
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[1-9]\d{0,4})?", re.ASCII
)
"""As browsers write the origin of a page (RFC 6454, section 6.2): lower case, and no slash behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process finds its ledger; safe on a laptop as it is."""

    home: Path
    """Folder of the embedded ledger: `ledger.db` and `keys/`. Whoever can write here owns the ledger."""
    database_url: str = ""
    """SQLAlchemy URL; empty is SQLite in `home`. Whoever controls it chooses the ledger that answers."""
    signing_key: str = ""
    """`securesystemslib` signer URI; empty is the file key in `home`. Names the key, may hold a PIN."""
    keys: Path | None = None
    """Folder of public keys (`*.pub.pem`) and `digest.key`; unset: `home`/keys. Decides what verifies."""
    blobs: Path | S3Place | None = None
    """Where evidence is, by digest; unset: `home`/blobs. What was altered there is noticed and refused."""
    server: str = ""
    """Base URL of a server to talk to instead of opening the ledger. It can answer whatever it likes."""
    token: str = field(default="", repr=False)
    """What a client sends to `server`: a token of `shiplog token issue`, or an exchanged one."""
    audience: str = ""
    """For whom a client without `token` asks its job's platform for one, to exchange it at `server`. Whoever
    sets it, and `server`, can have tokens of the job for anything that trusts its platform."""
    public_url: str = ""
    """Where people open the ledger in a browser; empty: `bind`, without TLS. Forms are taken from pages there
    alone, and whoever logs in is sent back there."""
    oidc_issuer: str = ""
    """URL of the OpenID Connect provider that people log in at; empty: they log in locally alone. It says who
    somebody is and which groups they are in: whoever controls it is anybody to this ledger."""
    oidc_client_id: str = ""
    """What the provider knows this ledger by, with `oidc_client_secret`."""
    oidc_client_secret: str = field(default="", repr=False)
    """Whoever has it can take in codes that are meant for this ledger."""
    oidc_scopes: str = "openid profile"
    """What is asked of the provider; some give groups only for a scope of their own."""
    oidc_groups: str = "groups"
    """The claim that names the groups somebody is in."""
    bind: str = "127.0.0.1:8642"
    """Where `shiplog serve` listens. Credentials go over it in clear: TLS ends at a proxy before it."""
    proxies: Proxies = NO_PROXIES
    """Networks of the proxies that are believed where requests come from. Whoever is in one of them and
    is no proxy can use a token from networks that it is not bound to."""
    workers: int = 0
    """Server processes; 0 is one for SQLite and one a core for PostgreSQL."""
    threads: int = 8
    """Requests one server process answers at a time, 1 to 64; half of them may wait for events."""
    request_seconds: int = 30
    """How long a client may take to send the body of a request, 1 to 300; a head, at most 10."""
    rate_credential: int = 2000
    """Requests a second of one credential that one server process answers; twice as many at once. More than
    it can do, so that no batch job is held up: set it to what one of your jobs may take from the others."""
    rate_address: int = 100
    """The same of one address, for requests without a credential that this process knows: logins, exchanges,
    probes, and the first request with a token. Whoever sets it high lets one address keep it busy."""

    webhook_networks: Networks = NO_NETWORKS
    """Networks of your own that webhooks may lead into; public addresses they always may. Whoever decides
    about webhooks can have requests sent to anything in there."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant."""
        if self.server and not _is_server(self.server):
            raise MalformedValue(
                "SHIPLOG_SERVER is expected to be http(s)://HOST[:PORT][/PATH], without user or query"
                " (it is not shown, for it may hold a password)"
            )
        if not (self.token.isascii() and self.token.isprintable()):
            raise MalformedValue(
                "SHIPLOG_TOKEN holds what no token does, a line break perhaps (it is not shown): take it out"
            )
        if self.public_url and not _is_origin(self.public_url):
            raise MalformedValue(
                "SHIPLOG_PUBLIC_URL is expected to be https://HOST[:PORT], without a path; http only for this"
                " machine (it is not shown, for it may hold a password)"
            )
        self._check_oidc()
        host, _, port = self.bind.rpartition(":")
        if not host or not port.isdigit() or not 0 <= int(port) <= PORT_MAX:
            raise MalformedValue(f"SHIPLOG_BIND is {self.bind!r}, expected HOST:PORT")

    def _check_oidc(self) -> None:
        together = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(together) and not (all(together) and self.public_url):
            raise MalformedValue(
                "SHIPLOG_OIDC_ISSUER, SHIPLOG_OIDC_CLIENT_ID and SHIPLOG_OIDC_CLIENT_SECRET are set together,"
                " and with SHIPLOG_PUBLIC_URL, where the provider sends people back to"
            )
        if self.oidc_issuer:
            url.secure(self.oidc_issuer, "SHIPLOG_OIDC_ISSUER")
        for name in ("client_id", "client_secret"):
            said = getattr(self, f"oidc_{name}")
            if not (said.isascii() and said.isprintable()) and said:
                raise MalformedValue(f"SHIPLOG_OIDC_{name.upper()} has what is no printable ASCII")
        if "openid" not in self.oidc_scopes.split(" "):
            raise MalformedValue(f"SHIPLOG_OIDC_SCOPES is {self.oidc_scopes!r}, expected openid among them")
        Claim(self.oidc_groups, "one")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read *environment*; raises `MalformedValue` for an unknown, empty or ill-formed name."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX)
        }
        known = {setting.name for setting in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise MalformedValue(f"unknown setting {PREFIX}{name.upper()}; known are {_listed(known)}")
            if not value:
                raise MalformedValue(f"{PREFIX}{name.upper()} is empty; set a value or unset it")
        return cls(
            home=Path(given["home"]).expanduser() if "home" in given else default_home(environment),
            database_url=given.get("database_url", ""),
            signing_key=given.get("signing_key", ""),
            keys=Path(given["keys"]).expanduser() if "keys" in given else None,
            blobs=_blobs(given["blobs"]) if "blobs" in given else None,
            server=given.get("server", ""),
            token=given.get("token", ""),
            audience=given.get("audience", ""),
            public_url=given.get("public_url", ""),
            oidc_issuer=given.get("oidc_issuer", ""),
            oidc_client_id=given.get("oidc_client_id", ""),
            oidc_client_secret=given.get("oidc_client_secret", ""),
            oidc_scopes=given.get("oidc_scopes", "openid profile"),
            oidc_groups=given.get("oidc_groups", "groups"),
            bind=given.get("bind", "127.0.0.1:8642"),
            proxies=Proxies.parse(given["proxies"]) if "proxies" in given else NO_PROXIES,
            workers=_count(given, "workers", 0, 0, 256),
            threads=_count(given, "threads", 8, 1, 64),
            request_seconds=_count(given, "request_seconds", 30, 1, 300),
            rate_credential=_count(given, "rate_credential", 2000, 1, 1_000_000),
            webhook_networks=(
                Networks.parse(given["webhook_networks"]) if "webhook_networks" in given else NO_NETWORKS
            ),
            rate_address=_count(given, "rate_address", 100, 1, 1_000_000),
        )

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def keys_folder(self) -> Path:
        """Where public keys and the digest key are."""
        return self.keys or self.home / "keys"

    @property
    def blobs_place(self) -> Path | S3Place:
        """Where evidence is kept."""
        return self.blobs or self.home / "blobs"

    @property
    def key_uri(self) -> str:
        """The signer URI of the ledger's key."""
        return self.signing_key or f"file2:{self.keys_folder / 'ledger.pem'}"

    @property
    def loopback(self) -> bool:
        """Whether `bind` can only be reached from this machine."""
        return is_loopback(self.bind.rpartition(":")[0])

    @property
    def base_url(self) -> str:
        """Where people open the ledger in a browser, without a slash at the end."""
        return self.public_url or f"http://{self.bind}"


def is_loopback(host: str) -> bool:
    """Whether *host*, as it is written in a URL, is this machine."""
    return host in ("localhost", "[::1]") or _LOOPBACK.fullmatch(host) is not None


def default_home(environment: Mapping[str, str]) -> Path:
    """Return the user's data folder for shiplog (XDG Base Directory Specification)."""
    data = environment.get("XDG_DATA_HOME")
    base = Path(data) if data else Path(environment.get("HOME", "~")).expanduser() / ".local/share"
    return base / "shiplog"


def _blobs(text: str) -> Path | S3Place:
    return S3Place.parse(text) if "://" in text else Path(text).expanduser()


def _is_server(text: str) -> bool:
    try:
        place = urlsplit(text)
        named = bool(place.hostname) and place.port != 0
    except ValueError:
        return False
    stray = place.query or place.fragment or "@" in place.netloc
    return place.scheme in ("http", "https") and named and not stray


def _is_origin(text: str) -> bool:
    found = _ORIGIN.fullmatch(text)
    return found is not None and (found["scheme"] == "https" or is_loopback(found["host"]))


def _count(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise MalformedValue(f"{PREFIX}{name.upper()} is {text!r}, expected {least} to {most}")
    return int(text)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(PREFIX + name.upper() for name in names))
