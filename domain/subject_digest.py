"""Digests of artifacts as evidence spells them: most by SHA-256, a package of npm by SHA-512 alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from domain.errors import MalformedValue

PATTERN = r"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"
_FORM = re.compile(PATTERN[1:-1], re.ASCII)
_HEX_DIGITS = {"sha256": 64, "sha512": 128}


@dataclass(frozen=True, slots=True)
class SubjectDigest:
    """The digest of an artifact, by SHA-256 or SHA-512."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sha256:` and 64, or `sha512:` and 128 lower-case hex digits."""
        if _FORM.fullmatch(text) is None:
            raise MalformedValue(
                f"not a digest: {text[:140]!r}, expected sha256: and 64"
                " or sha512: and 128 lower-case hex digits"
            )
        return cls(*text.split(":"))

    @classmethod
    def found(cls, algorithm: str, hex_: str) -> Self | None:
        """Return the digest that somebody wrote as *algorithm* and *hex_*; None for any other algorithm."""
        folded = hex_.lower()
        if len(folded) != _HEX_DIGITS.get(algorithm) or _FORM.fullmatch(f"{algorithm}:{folded}") is None:
            return None
        return cls(algorithm, folded)

    @property
    def by_algorithm(self) -> Mapping[str, str]:
        """What `Subject.matches` compares with."""
        return {self.algorithm: self.hex}

    def __str__(self) -> str:
        """Return the canonical form."""
        return f"{self.algorithm}:{self.hex}"
