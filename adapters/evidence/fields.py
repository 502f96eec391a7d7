"""Strict reading of protobuf JSON: known fields only, one spelling of bytes and of numbers.

sigstore-python's own models take base64 with junk in it, a second (snake_case) name for every field and, of
two fields of one name, the last; so one signed piece would have many readings.
Source: protobuf.dev, "ProtoJSON Format"; RFC 4648, section 3.5 (canonical encoding).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

from domain.evidence import EvidenceRefused, Reason

_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)
_NUMBER_MAX = 2**63 - 1
_SHOWN_MAX = 40


class Fields:
    """One object of a document, read field by field. A field that is null is not there."""

    def __init__(self, value: object, what: str, known: Sequence[str] | None) -> None:
        """Check that *value* is an object and has no field but the *known* ones (None: any)."""
        if not isinstance(value, dict):
            raise EvidenceRefused(Reason.MALFORMED, f"{what} is no object")
        if known is not None and not value.keys() <= set(known):
            strange = next(name for name in value if name not in known)
            raise EvidenceRefused(
                Reason.UNKNOWN_FIELD, f"{what} has an unknown field {strange[:_SHOWN_MAX]!r}"
            )
        self.value: dict[str, Any] = value
        self._what = what

    def has(self, name: str) -> bool:
        """Say whether the field is there."""
        return self.value.get(name) is not None

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.value.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "no text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text; None when it is not there or empty."""
        return (self.text(name) or None) if self.has(name) else None

    def bytes(self, name: str, *, url_safe: bool = False) -> bytes:
        """Return what a base64 text stands for; it must be there and not empty."""
        found = decoded(self.text(name), f"{self._what}.{name}", url_safe=url_safe)
        if not found:
            raise self._wrong(name, "empty")
        return found

    def number(self, name: str) -> int:
        """Return an unsigned number, written as a JSON number or as text."""
        value = self.value.get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _NUMBER_MAX:
            raise self._wrong(name, "no number from 0 to 2**63 - 1")
        return value

    def child(self, name: str, known: Sequence[str] | None) -> "Fields":
        """Return an object that must be there."""
        return Fields(self.value.get(name), f"{self._what}.{name}", known)

    def list(self, name: str, *, count_max: int) -> Sequence[object]:
        """Return a list, empty when it is not there, of at most *count_max*."""
        value = self.value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(name, "no list")
        if len(value) > count_max:
            raise EvidenceRefused(
                Reason.TOO_MANY, f"{self._what}.{name} has {len(value)}, at most {count_max}"
            )
        return value

    def _wrong(self, name: str, why: str) -> EvidenceRefused:
        return EvidenceRefused(Reason.MALFORMED, f"{self._what}.{name} is {why}")


def decoded(text: str, what: str, *, url_safe: bool = False) -> bytes:
    """Return what the canonical base64 *text* stands for; with *url_safe*, either alphabet, but one."""
    altchars = b"-_" if url_safe and ("-" in text or "_" in text) else None
    try:
        found = base64.b64decode(text.encode("ascii"), altchars=altchars, validate=True)
    except (binascii.Error, UnicodeEncodeError) as wrong:
        raise EvidenceRefused(Reason.BAD_BASE64, f"{what} is not base64") from wrong
    if base64.b64encode(found, altchars=altchars).decode() != text:
        raise EvidenceRefused(Reason.BAD_BASE64, f"{what} is base64, but not in its canonical spelling")
    return found
