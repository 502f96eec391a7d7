"""Content digests: how the ledger names bytes it does not keep."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from domain.errors import MalformedValue

_FORM = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest, written as OCI descriptors write it.

    Source: OCI image-spec v1.1, "Digests". Upper-case hex is refused rather
    than folded, so that one content has exactly one spelling in the ledger.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse anything but the canonical form."""
        if _FORM.fullmatch(self.text) is None:
            raise MalformedValue(
                f"not a digest: {self.text[:80]!r}, expected sha256: and 64 lower-case hex digits"
            )

    def __hash__(self) -> int:
        """Hash the text alone: keys are looked up by the hundred thousand."""
        return hash(self.text)

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Digest *content*."""
        return cls(f"sha256:{sha256(content).hexdigest()}")

    @property
    def hex(self) -> str:
        """The 64 hex digits alone, as in-toto digest sets write them."""
        return self.text[7:]

    def __str__(self) -> str:
        """Return the canonical form."""
        return self.text
