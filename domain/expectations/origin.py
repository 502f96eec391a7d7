"""Whether who handed evidence in, who signed it and what it says have one origin: a repository, and a commit.

A token says who talks to the ledger now, a certificate who signed then, and the statement what its signer
claims. Who hands in somebody else's attestation has a token of another origin than its certificate.

Numbers are compared where both sides have one, for a name can be given up and taken by somebody else
(ADR 0025). What is not known on one side is unknown, and never the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from domain import repository
from domain.workload import Workload

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


class Agreement(StrEnum):
    """What comparing two or three of them gave."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """At least one does not say, or not in a way that can be compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two by two."""

    uploader_signer: Agreement
    uploader_provenance: Agreement
    signer_provenance: Agreement

    @property
    def agreement(self) -> Agreement:
        """All three together: the worst of it, where to differ is worse than not to be known."""
        found = {self.uploader_signer, self.uploader_provenance, self.signer_provenance}
        return next(
            (each for each in (Agreement.DIFFERS, Agreement.UNKNOWN) if each in found), Agreement.SAME
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who handed it in, who signed it and what it says, and whether they agree."""

    uploader: Workload
    signer: Workload
    provenance: Workload
    repository: Compared
    commit: Compared

    def told(self, what: Literal["repository", "commit"]) -> str:
        """Return *what* each of them says, in words."""
        sides = {"uploader": self.uploader, "signer": self.signer, "provenance": self.provenance}
        return ", ".join(f"{side} {_told(each, what)}" for side, each in sides.items())


def origin(uploaders: Sequence[Workload], signer: Workload, said: Workload) -> Origin:
    """Compare them; of several who handed it in, the one that agrees best, of equal ones the first.

    That others have handed in the same file as well says nothing against the run that signed it.
    """
    stated = _with_number(said, signer)
    each = [_compared(uploader, signer, stated) for uploader in uploaders or (Workload(),)]
    return min(each, key=_worse)


def same_repository(one: Workload, other: Workload) -> Agreement:
    """Compare the repositories of two.

    Numbers and names mean something at one host only. Two issuers that use one name for a repository may
    mean two: whoever runs an issuer can have it say any name.
    """
    ours, theirs = repository.read(one.repository), repository.read(other.repository)
    if ours is None or theirs is None:
        return Agreement.UNKNOWN
    if ours.host != theirs.host:
        return Agreement.DIFFERS
    by_number = None not in (one.repository_id, other.repository_id)
    same = one.repository_id == other.repository_id if by_number else ours == theirs
    if not same:
        return Agreement.DIFFERS
    vouched = {one.issuer, other.issuer} - {None}
    return Agreement.SAME if len(vouched) == 1 else Agreement.UNKNOWN


def same_commit(one: Workload, other: Workload) -> Agreement:
    """Compare the commits of two; one by SHA-1 and one by SHA-256 cannot be compared."""
    ours, theirs = one.commit, other.commit
    if ours is None or theirs is None or len(ours) != len(theirs):
        return Agreement.UNKNOWN
    if _COMMIT.fullmatch(ours) is None or _COMMIT.fullmatch(theirs) is None:
        return Agreement.UNKNOWN
    return Agreement.SAME if ours == theirs else Agreement.DIFFERS


def _compared(uploader: Workload, signer: Workload, stated: Workload) -> Origin:
    repositories, commits = (
        Compared(ask(uploader, signer), ask(uploader, stated), ask(signer, stated))
        for ask in (same_repository, same_commit)
    )
    return Origin(
        uploader=uploader, signer=signer, provenance=stated, repository=repositories, commit=commits
    )


def _with_number(said: Workload, signer: Workload) -> Workload:
    """Return what is said with the number that the certificate has for the very name it says.

    Both are of one moment, so that the name meant that number, whoever has the name by now.
    """
    ours, theirs = repository.read(said.repository), repository.read(signer.repository)
    if said.repository_id is None and ours is not None and ours == theirs:
        return replace(said, repository_id=signer.repository_id)
    return said


def _told(side: Workload, what: Literal["repository", "commit"]) -> str:
    if what == "commit":
        return side.commit or "unknown"
    number = f" ({side.repository_id})" if side.repository_id else ""
    return f"{side.repository}{number}" if side.repository else "unknown"


def _worse(found: Origin) -> tuple[int, int]:
    both = (found.repository.agreement, found.commit.agreement)
    return both.count(Agreement.DIFFERS), both.count(Agreement.UNKNOWN)
