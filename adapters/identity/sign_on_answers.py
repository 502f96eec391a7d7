"""Answers of a login provider, read within bounds: so much, for so long, and nothing that unfolds."""

import time
from collections.abc import Mapping

from requests import Response

from domain import json_text
from domain.errors import CredentialRefused, ProviderUnavailable
from domain.evidence import EvidenceRefused

ANSWER_SECONDS = 10.0
"""How long it may take to send the body of an answer, however steadily."""
ANSWER_BYTES_MAX = 65_536
DEPTH_MAX = 8
_PIECE_BYTES = 16_384


def read_object(content: bytes, what: str) -> Mapping[str, object]:
    """Return the members of the answer *content*; raises `CredentialRefused`."""
    try:
        document = json_text.read(content, bytes_max=ANSWER_BYTES_MAX, depth_max=DEPTH_MAX)
    except EvidenceRefused as wrong:
        raise CredentialRefused(f"the {what} answer cannot be read: {wrong}") from wrong
    if not isinstance(document, dict):
        raise CredentialRefused(f"the {what} answer is no object")
    return document


def content_of(answer: Response, bytes_max: int) -> bytes:
    """Return the body as it comes in, at most *bytes_max*, within `ANSWER_SECONDS`."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ProviderUnavailable("the provider sends what is compressed, which was not asked for")
    ends = time.monotonic() + ANSWER_SECONDS
    content = b""
    while piece := answer.raw.read1(_PIECE_BYTES):
        content += piece
        if len(content) > bytes_max:
            raise ProviderUnavailable(f"the provider sends more than {bytes_max} bytes")
        if time.monotonic() > ends:
            raise ProviderUnavailable(f"the provider takes more than {ANSWER_SECONDS:.0f} s to answer")
    return content
