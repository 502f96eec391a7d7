"""What an engine found out; the verifier adds what was read."""

from dataclasses import dataclass

from domain.digest import Digest
from domain.evidence import Identity
from domain.verification import Engine, LogPlace, Signer, TrustedTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Cryptographic facts about one piece."""

    engine: Engine
    identity: Identity
    root: Digest
    log_root: Digest | None = None
    signer: Signer
    times: tuple[TrustedTime, ...]
    log: LogPlace | None
    digest: tuple[str, str] | None = None
    """(algorithm, hex) of the file that was signed, when no envelope was."""
