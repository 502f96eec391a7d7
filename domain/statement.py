"""in-toto Statements: what a signer says about which artifacts.

Source: in-toto attestation framework, spec/v1/statement.md and spec/v0.1.0/README.md. Read by us, because
libraries differ: real evidence has v0.1 and v1 predicates in v0.1 statements, subjects without a name, and
npm's have a sha512 digest alone. Fields we do not know are ignored, as the specification says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from domain import json_text
from domain.evidence import SUBJECTS_MAX, EvidenceRefused, Reason

STATEMENT_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
STRONG = frozenset({"sha256", "sha384", "sha512"})
"""Algorithms one of which must agree; sha1, md5 and git's own digests never suffice."""
_TEXT_MAX = 4096


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing a statement is about: a name, if it has one, and digests by algorithm."""

    name: str | None
    digests: tuple[tuple[str, str], ...]

    def matches(self, artifact: Mapping[str, str]) -> bool:
        """Say whether this is the artifact of these digests (hex, computed by us, by algorithm).

        Every algorithm both know must agree, and one of them must be strong: a digest that contradicts
        another would let two readers find two artifacts.
        """
        common = [(said, artifact[name]) for name, said in self.digests if name in artifact]
        strong = any(name in STRONG for name, _ in self.digests if name in artifact)
        return strong and all(said.lower() == ours.lower() for said, ours in common)


@dataclass(frozen=True, slots=True)
class Statement:
    """A Statement whose form was checked. What the predicate says is the signer's claim."""

    type: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    predicate: Mapping[str, Any] = field(hash=False)
    """Read-only at this level; never changed by us below it."""

    def about(self, artifact: Mapping[str, str]) -> tuple[Subject, ...]:
        """Return the subjects that are the artifact of these digests (see `Subject.matches`)."""
        return matching(self.subjects, artifact)


def matching(subjects: Sequence[Subject], artifact: Mapping[str, str]) -> tuple[Subject, ...]:
    """Return those of *subjects* that are the artifact of these digests (see `Subject.matches`)."""
    return tuple(each for each in subjects if each.matches(artifact))


def parse(payload: bytes) -> Statement:
    """Return the Statement in *payload*; raises `EvidenceRefused`."""
    return of_document(json_text.read(payload))


def of_document(document: object) -> Statement:
    """Return the Statement that *document*, read strictly, is; raises `EvidenceRefused`."""
    if not isinstance(document, dict):
        raise _wrong("the payload is no JSON object")
    kind = document.get("_type")
    if kind not in STATEMENT_TYPES:
        raise _wrong(f"_type is {str(kind)[:80]!r}, expected {STATEMENT_TYPES[0]} or v0.1")
    predicate = document.get("predicate")
    if not isinstance(predicate, dict | None):
        raise _wrong("the predicate is no JSON object")
    return Statement(
        type=kind,
        predicate_type=_text(document.get("predicateType"), "predicateType"),
        subjects=_subjects(document.get("subject")),
        predicate=MappingProxyType(predicate or {}),
    )


def _subjects(listed: object) -> tuple[Subject, ...]:
    if not isinstance(listed, list) or not listed:
        raise _wrong("subject is no list of at least one")
    if len(listed) > SUBJECTS_MAX:
        raise EvidenceRefused(Reason.TOO_MANY, f"{len(listed)} subjects, at most {SUBJECTS_MAX}")
    return tuple(map(_subject, listed))


def _subject(said: object) -> Subject:
    if not isinstance(said, dict):
        raise _wrong("a subject is no JSON object")
    name, digests = said.get("name"), said.get("digest")
    if not isinstance(name, str | None):
        raise _wrong("a subject's name is no text")
    if not isinstance(digests, dict) or not digests:
        raise _wrong("a subject has no digest")
    return Subject(name, tuple((algorithm, _text(hex_, "a digest")) for algorithm, hex_ in digests.items()))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
        raise _wrong(f"{what} is no text of 1 to {_TEXT_MAX} characters")
    return value


def _wrong(words: str) -> EvidenceRefused:
    return EvidenceRefused(Reason.NOT_A_STATEMENT, words)
