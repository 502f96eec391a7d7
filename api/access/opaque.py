"""Tokens of ours: `shl_ID_SECRET_CHECK`, found by scanners, told from typing errors, and kept nowhere.

`shl` stands before API tokens, `shx` before those that a workload's own token was exchanged for. The secret
has 256 random bits, so its SHA-256 is all that has to be known to recognise it, and no slow hash is needed.
The check is a CRC-32 of what is in front of it: a mistyped or cut token is told without looking it up.
"""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from zlib import crc32

from domain.digest import Digest

ID_LENGTH = 12
SECRET_LENGTH = 43
"""Of 62 letters and digits: 256 bits."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_LENGTH = 6
_FORM = re.compile(
    rf"(shl|shx)_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})_([0-9A-Za-z]{{{_CHECK_LENGTH}}})",
    re.ASCII,
)


class OpaqueKind(StrEnum):
    """What stands in front."""

    API = "shl"
    EXCHANGED = "shx"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A token that has the form of one of ours."""

    kind: OpaqueKind
    id: str
    """Public: it may be shown, logged and recorded."""
    secret: Digest
    """SHA-256 of the whole token."""


def generate(kind: OpaqueKind) -> tuple[str, Opaque]:
    """Return a new token in clear, to be shown once, and what is kept of it."""
    id_ = "".join(secrets.choice(_LETTERS) for _ in range(ID_LENGTH))
    return renewed(kind, id_)


def renewed(kind: OpaqueKind, id_: str) -> tuple[str, Opaque]:
    """Return a token with another secret under the id of an older one."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(SECRET_LENGTH))
    front = f"{kind}_{id_}_{secret}"
    text = f"{front}_{_check(front)}"
    return text, Opaque(kind, id_, Digest.of(text.encode()))


def parse(text: str) -> Opaque | None:
    """Return what *text* is when it can be a token of ours."""
    found = _FORM.fullmatch(text)
    if found is None or _check(text.rpartition("_")[0]) != found[4]:
        return None
    return Opaque(OpaqueKind(found[1]), found[2], Digest.of(text.encode()))


def _check(front: str) -> str:
    number, letters = crc32(front.encode()), ""
    for _ in range(_CHECK_LENGTH):
        number, place = divmod(number, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters
