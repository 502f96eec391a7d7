"""The facts of one decision: all that a rule can see.

Every one is recorded, and verified where it can be: what somebody only claims is not in here. People stand
under the one name that all their identities have. Each fact carries the reference of what it was read from,
the digest of a file or the position of an event, and all of it is as of one instant and one prefix of the
ledger, so that "there was no freeze" is a statement about a known record.
"""

from collections.abc import Mapping
from typing import Any

from domain.errors import MalformedValue
from domain.policy.shape import Counts, Listing, Record, Scalar
from domain.policy.shape import check as check_shape

SCHEMA = "shiplog/facts/v1"
BYTES_MAX = 4 << 20
"""Of the canonical bytes."""

_BOOL, _INT, _TEXT, _INSTANT = Scalar.BOOL, Scalar.INT, Scalar.TEXT, Scalar.INSTANT
_TEXTS = Listing(_TEXT)

EVALUATION = Record("Evaluation", {"time": _INSTANT, "position": _INT, "head": _TEXT})
"""The only clock there is, and the prefix of the ledger that was looked at."""

PROMOTION = Record(
    "Promotion",
    {
        "id": _TEXT,
        "requester": _TEXT,
        "requested_at": _INSTANT,
        "environment": _TEXT,
        "from_environment": _TEXT,  # where it has to have run before; empty when nowhere
        "reason": _TEXT,
        "ticket": _TEXT,
        "emergency": _BOOL,
        "ref": _TEXT,
    },
)
RELEASE = Record(
    "Release",
    {
        "service": _TEXT,
        "number": _INT,
        "digest": _TEXT,
        "label": _TEXT,
        "rollback": _BOOL,  # an older release than the one that runs there
        "allowed_before": _BOOL,  # in this environment, with this configuration
        "newer_ran": _BOOL,  # a newer one has run there
        "ref": _TEXT,
    },
)
SOURCE = Record("Source", {"repository": _TEXT, "commit": _TEXT, "ref": _TEXT, "protected": _BOOL})
BUILD = Record(
    "Build",
    {
        "id": _TEXT,
        "outcome": _TEXT,  # succeeded, failed
        "identity": _TEXT,  # verified, reported, declared
        "builder": _TEXT,
        "finished_at": _INSTANT,
        "ref": _TEXT,
    },
)
COMMIT = Record("Commit", {"commit": _TEXT, "author": _TEXT, "reviewers": _TEXTS, "ref": _TEXT})
PEOPLE = Record(
    "People",
    {
        "authors": _TEXTS,  # of the change, a bot counting as whoever merged
        "unknown": _TEXTS,  # identities of authors behind whom nobody is known
        "commits": Listing(COMMIT),
    },
)
ARTIFACT = Record("Artifact", {"name": _TEXT, "digest": _TEXT})
ATTESTATION = Record(
    "Attestation",
    {
        "ref": _TEXT,
        "type": _TEXT,  # URI of the predicate
        "artifact": _TEXT,
        "issuer": _TEXT,
        "signer": _TEXT,
        "root": _TEXT,
        "verified_at": _INSTANT,
        "distrusted": _BOOL,
    },
)
PROVENANCE = Record(
    "Provenance",
    {
        "ref": _TEXT,
        "artifact": _TEXT,
        "builder": _TEXT,
        "level": _INT,  # SLSA Build, as assessed here
        "repository": _TEXT,
        "commit": _TEXT,
        "repository_agrees": _TEXT,  # uploader, signer and statement: same, differs, unknown
        "commit_agrees": _TEXT,
        "distrusted": _BOOL,
    },
)
SBOM = Record(
    "Sbom",
    {
        "ref": _TEXT,
        "artifact": _TEXT,
        "format": _TEXT,
        "components": _INT,
        "without_version": _INT,
        "licences": Counts(),
    },
)
FINDING = Record(
    "Finding",
    {
        "id": _TEXT,
        "severity": _TEXT,  # critical, high, medium, low, unknown
        "purl": _TEXT,
        "age_days": _INT,
        "exploited": _BOOL,  # in CISA's catalogue of known exploited vulnerabilities
        "vex": _TEXT,  # none, affected, not_affected, fixed, under_investigation
        "artifact": _TEXT,
        "ref": _TEXT,  # of the scan
    },
)
SCAN = Record(
    "Scan",
    {
        "ref": _TEXT,
        "artifact": _TEXT,
        "scanner": _TEXT,
        "scanned_at": _INSTANT,
    },
)
TEST_RUN = Record(
    "TestRun",
    {
        "ref": _TEXT,
        "suite": _TEXT,
        "result": _TEXT,  # passed, failed, warned
        "failed": _INT,
        "artifact": _TEXT,
        "finished_at": _INSTANT,
    },
)
LAYOUT = Record("Layout", {"ref": _TEXT, "name": _TEXT, "artifact": _TEXT, "satisfied": _BOOL})
CONFIG = Record(
    "Config",
    {
        "version": _INT,
        "digest": _TEXT,
        "author": _TEXT,
        "approved": _BOOL,
        "approved_digest": _TEXT,
        "approvers": _TEXTS,
        "ref": _TEXT,
    },
)
APPROVAL = Record(
    "Approval",
    {
        "ref": _TEXT,
        "approver": _TEXT,
        "groups": _TEXTS,
        "meaning": _TEXT,  # approved, rejected, reviewed
        "environment": _TEXT,
        "release": _TEXT,  # digest
        "policy": _TEXT,  # digest
        "inputs": _TEXT,  # digest of what was shown
        "binds": _BOOL,  # all four are what is decided now
        "fresh": _BOOL,  # whoever approved had proved who they are just before
        "method": _TEXT,  # session, local, token, ...
        "approved_at": _INSTANT,
        "expires_at": _INSTANT,
    },
)
FREEZE = Record(
    "Freeze",
    {
        "ref": _TEXT,
        "id": _TEXT,
        "name": _TEXT,
        "starts_at": _INSTANT,
        "ends_at": _INSTANT,
        "environments": _TEXTS,
        "services": _TEXTS,
    },
)
SOAK = Record(
    "Soak",
    {
        "ref": _TEXT,
        "environment": _TEXT,
        "since": _INSTANT,
        "until": _INSTANT,  # of the evaluation, while it runs
        "artifacts": _TEXTS,
        "incidents": _INT,
        "rollbacks": _INT,
    },
)
WAIVER = Record(
    "Waiver",
    {
        "ref": _TEXT,
        "id": _TEXT,
        "rule": _TEXT,
        "term": _TEXT,
        "services": _TEXTS,
        "artifact": _TEXT,
        "requester": _TEXT,
        "approvers": _TEXTS,
        "reason": _TEXT,
        "ticket": _TEXT,
        "granted_at": _INSTANT,
        "expires_at": _INSTANT,
    },
)
REVIEW = Record("Review", {"ref": _TEXT, "promotion": _TEXT, "due_at": _INSTANT, "done": _BOOL})
BREAK_GLASS = Record(
    "BreakGlass", {"requested": _BOOL, "requester": _TEXT, "reason": _TEXT, "approvers": _TEXTS, "ref": _TEXT}
)

FACTS = Record(
    "Facts",
    {
        "schema": _TEXT,
        "evaluation": EVALUATION,
        "promotion": PROMOTION,
        "release": RELEASE,
        "source": SOURCE,
        "build": BUILD,
        "people": PEOPLE,
        "artifacts": Listing(ARTIFACT),
        "attestations": Listing(ATTESTATION),
        "provenance": Listing(PROVENANCE),
        "sboms": Listing(SBOM),
        "scans": Listing(SCAN),
        "findings": Listing(FINDING),
        "tests": Listing(TEST_RUN),
        "layouts": Listing(LAYOUT),
        "config": CONFIG,
        "approvals": Listing(APPROVAL),
        "freezes": Listing(FREEZE),
        "soak": Listing(SOAK),
        "waivers": Listing(WAIVER),
        "break_glass": BREAK_GLASS,
        "reviews": Listing(REVIEW),
    },
)


def check(facts: Mapping[str, Any]) -> None:
    """Refuse *facts* unless they are of this form to the last member; raises `MalformedValue`."""
    check_shape(facts, FACTS)
    if facts["schema"] != SCHEMA:
        raise MalformedValue(f"facts.schema is {facts['schema'][:60]!r}, expected {SCHEMA}")
