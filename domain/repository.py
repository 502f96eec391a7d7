"""Where a repository is, whichever way its address is spelled."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.names import LINE_LENGTH_MAX

_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
"""The schemes that repositories are fetched by, and the port of each that need not be said."""
_SCP = re.compile(r"[\w.-]+@([\w.-]+):([^/:].*)", re.ASCII)
"""`git@host:owner/name.git`, as Git's URLs may be written (git-clone, "Git URLs")."""
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?", re.ASCII)
_PATH = re.compile(r"[\w.~+-]+(/[\w.~+-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository by its address. Names can be given up and taken by others; see `domain.workload`."""

    host: str
    """In lower case, with its port where that is not the usual one."""
    path: str
    """To the letter: whether upper and lower case differ in it is for the host to say."""

    def __str__(self) -> str:
        """Return the address as certificates write it."""
        return f"https://{self.host}/{self.path}"


def read(text: str | None) -> Repository | None:
    """Return the repository that *text* is the address of; None for what is none, or not clearly one.

    Forgiven are the scheme, `git+`, a user, `.git`, a slash at the end, a ref or commit behind `@`, and upper
    case in the host. What may name more than it shows, `..`, `%2f`, a query, is not clear.
    """
    if text is None or len(text) > LINE_LENGTH_MAX:
        return None
    text = text.removeprefix("git+")
    if found := _SCP.fullmatch(text):
        text = f"ssh://{found[1]}/{found[2]}"
    elif "://" not in text:
        text = f"https://{text}"
    try:
        place = urlsplit(text)
        host, port = (place.hostname or "").rstrip("."), place.port
    except ValueError:
        return None
    if place.scheme not in _PORTS or place.query:
        return None
    if port not in (None, _PORTS[place.scheme]):
        host = f"{host}:{port}"
    path = place.path.partition("@")[0].strip("/").removesuffix(".git")
    unclear = not {"", ".", ".."}.isdisjoint(path.split("/"))
    if unclear or _HOST.fullmatch(host) is None or "." not in host or _PATH.fullmatch(path) is None:
        return None
    return Repository(host, path)
