"""Exit codes: one meaning each, the same in every command, so that a pipeline can act on the number."""

from collections.abc import Mapping, Sequence

from domain import errors
from domain.errors import LedgerError

DONE = 0
UNEXPECTED = 1
USAGE = 2
NOT_FOUND = 3
NOT_ALLOWED = 4
CONFLICT = 5
PENDING = 8
DENY = 10
DIFFERENCE = 11
BROKEN = 12
UNVERIFIED = 13
UNDECIDED = 14
UNAVAILABLE = 69
INTERRUPTED = 130

MEANINGS: Mapping[int, str] = {
    DONE: "done, or allowed",
    UNEXPECTED: "something failed that should not have",
    USAGE: "usage: the command, a setting or what was sent is malformed",
    NOT_FOUND: "not found: nothing goes by that name, or there is no ledger yet",
    NOT_ALLOWED: "not authenticated, not allowed, or a key cannot be used",
    CONFLICT: "conflict: the ledger says otherwise, or was busy with the same target (try again)",
    PENDING: "pending: an approval is missing, or time",
    DENY: "denied by the gate",
    DIFFERENCE: "a difference was found (diff --exit-code, drift, rebuild)",
    BROKEN: "the ledger is not what was signed: altered or damaged",
    UNVERIFIED: "a signature or provenance did not verify",
    UNDECIDED: "cannot decide: evidence or a policy is missing",
    UNAVAILABLE: "the server or the database does not answer",
    INTERRUPTED: "interrupted",
}

BY_STATUS: Mapping[int, int] = {
    400: USAGE,
    401: NOT_ALLOWED,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    409: CONFLICT,
    412: CONFLICT,
    413: USAGE,
    415: USAGE,
    422: USAGE,
    428: CONFLICT,
    429: UNAVAILABLE,
    502: UNAVAILABLE,
    503: UNAVAILABLE,
    504: UNAVAILABLE,
}
"""What is not listed is unexpected."""

BY_PROBLEM: Mapping[str, int] = {
    "broken-ledger": BROKEN,
    "evidence-lost": BROKEN,
    "exchange-refused": NOT_ALLOWED,
    "key-unusable": NOT_ALLOWED,
    "not-a-ledger": NOT_FOUND,
}
"""Problems that mean more to a caller than their status says."""

CONFLICTS = frozenset(
    (
        "access-full",
        "already-corrected",
        "already-recorded",
        "conflicting-append",
        "deployment-closed",
        "deployment-mismatch",
        "failed-build",
        "not-a-rollback",
        "not-correctable",
        "nothing-to-change",
        "proposal-closed",
        "segregated-duties",
    )
)
"""Problems of a line in a batch, which come without a status, that are conflicts."""

FORBIDDEN = frozenset(("not-permitted",))
"""Problems of a line that say who reports may not report it."""

BY_REFUSAL: Mapping[type[LedgerError], int] = {
    errors.BrokenLedger: BROKEN,
    errors.KeyUnusable: NOT_ALLOWED,
    errors.LedgerUnavailable: UNAVAILABLE,
    errors.MalformedPolicy: USAGE,
    errors.MalformedValue: USAGE,
    errors.NotALedger: NOT_FOUND,
}
"""Refusals that can be met before there is a request."""


class Failure(Exception):
    """The command ends here: what went wrong, in a line, and the code that says so to a program."""

    def __init__(self, code: int, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.details = tuple(details)
        """Every single fault, each with its place."""


def of_problem(status: int, slug: str = "") -> int:
    """Return the exit code for a problem document."""
    return BY_PROBLEM.get(slug, BY_STATUS.get(status, UNEXPECTED))


def of_refusal(refusal: LedgerError) -> int:
    """Return the exit code for a refusal raised in this process, outside any request."""
    return BY_REFUSAL.get(type(refusal), UNEXPECTED)
