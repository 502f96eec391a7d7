"""The names of streams; each keeps its own order and its own chain of hashes."""

from domain import names
from domain.target import Target

LEDGER = "ledger"


def target_stream(target: Target) -> str:
    """Return the stream of what is configured, released and run in *target*."""
    return f"target:{target}"


def environment_stream(environment: str) -> str:
    """Return the stream of what is said about a whole environment."""
    return f"environment:{names.key(environment, 'environment')}"
