"""The names of streams; each keeps its own order and its own chain of hashes."""

from domain import names
from domain.digest import Digest
from domain.target import Target

LEDGER = "ledger"
TRUST = "trust"
"""What is trusted to vouch for evidence, and who is not."""
ACCESS = "access"
"""Who may do what: grants, issuers, bindings, links between identities, and tokens."""

POLICY = "policy"
"""Which policy decides where, what is frozen, and what is waived."""


def target_stream(target: Target) -> str:
    """Return the stream of what is configured, released and run in *target*."""
    return f"target:{target}"


def environment_stream(environment: str) -> str:
    """Return the stream of what is said about a whole environment."""
    return f"environment:{names.key(environment, 'environment')}"


def evidence_stream(file: Digest) -> str:
    """Return the stream of what is known of one file of evidence."""
    return f"evidence:{file.hex}"
