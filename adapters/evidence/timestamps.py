"""RFC 3161 tokens: a timestamp authority's word that a signature existed."""

from collections.abc import Sequence
from datetime import datetime

from rfc3161_client import TimeStampResponse, VerificationError, decode_timestamp_response

from adapters.evidence.roots import Root
from domain.evidence import EvidenceRefused, Reason


def instants(root: Root, tokens: Sequence[bytes], signature: bytes) -> list[datetime]:
    """Return when *signature* was seen, by those *tokens* that an authority of *root* signed.

    Raises `EvidenceRefused` when there are tokens and the root has no authority to check them with.
    """
    if tokens and not root.timestamp_authorities:
        raise EvidenceRefused(
            Reason.BAD_TIMESTAMP, "a timestamp, and the trusted root has no authority for it"
        )
    found = (instant(root, _decoded(token), signature) for token in tokens)
    return [each for each in found if each is not None]


def instant(root: Root, token: TimeStampResponse, signature: bytes) -> datetime | None:
    """Return when *signature* was seen; None when no authority of *root* says so."""
    for authority in root.timestamp_authorities:
        try:
            authority.verifier.verify_message(token, signature)
        except (VerificationError, ValueError):
            continue
        at: datetime = token.tst_info.gen_time
        if at in authority.span:
            return at
    return None


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(token)
    except ValueError as wrong:
        raise EvidenceRefused(Reason.BAD_TIMESTAMP, "a timestamp cannot be read") from wrong
