"""What a new ledger trusts: Sigstore's public instance, and the builders in the table of this program.

Both are recorded like anything that is trusted later, and neither is put back once somebody said otherwise.
"""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from api import wiring
from api.services import Services
from api.settings import Settings
from domain.commands.import_builders import ImportBuilders, import_builders
from domain.commands.import_trust_root import ImportTrustRoot, import_trust_root
from domain.digest import Digest
from domain.queries.trust_at import trust_at
from domain.trust import Trust
from domain.trust_root import PUBLIC_GOOD, RootKind


def give(settings: Settings, *, root: bool, now: wiring.Now) -> list[str]:
    """Record what the ledger lacks of it and return what that was; with *root* also Sigstore's root.

    Asks no network: that root is the one that the installed sigstore package carries, if there is one.
    """
    services = wiring.wire(settings, now=now)
    try:
        known = trust_at(None, ledger=services.ledger, index=services.evidence.index).trust
        made = _builders(services, now) if known.builders is None else []
        return made + (_root(services, now, known) if root else [])
    finally:
        services.close()


def _builders(services: Services, now: wiring.Now) -> list[str]:
    content = (files("policies") / "builders" / "default.json").read_bytes()
    command = ImportBuilders(
        occurred_at=now(), actor=wiring.OPERATOR, content=content, source="shipped with shiplog"
    )
    evidence = services.evidence
    import_builders(command, ledger=services.ledger, blobs=evidence.blobs, read=evidence.read_builders)
    return [f"table of builders {Digest.of(content)}"]


def _root(services: Services, now: wiring.Now, known: Trust) -> list[str]:
    content = _embedded()
    if content is None or Digest.of(content) in known.roots:
        return []
    command = ImportTrustRoot(
        occurred_at=now(),
        actor=wiring.OPERATOR,
        kind=RootKind.SIGSTORE,
        content=content,
        name="sigstore production",
        source="shipped with the sigstore package",
        instance=PUBLIC_GOOD,
    )
    evidence = services.evidence
    import_trust_root(command, ledger=services.ledger, blobs=evidence.blobs, reader=evidence.reader)
    return [f"trusted root {Digest.of(content)}, of Sigstore's public instance"]


def _embedded() -> bytes | None:
    """Return the root of Sigstore's public instance; the other one in the package is for rehearsals."""
    package = find_spec("sigstore")
    folders = (package.submodule_search_locations or ()) if package is not None else ()
    found = [
        path for folder in folders for path in Path(folder).glob("_store/*sigstore.dev/trusted_root.json")
    ]
    return found[0].read_bytes() if found else None
