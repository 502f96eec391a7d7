"""Refusals as problem details (RFC 9457): the one table between the domain and HTTP.

A row says what a refusal is called in a URI, which status it has, its title, and
what the caller can do next; what it means is the docstring of the class. The
answer, the page under `/problems/` and the OpenAPI document are made from it.
"""

from dataclasses import dataclass
from inspect import getdoc

from pydantic import BaseModel, ConfigDict, Field

from api import refusals
from api.refusals import FieldProblem, RequestRefused
from domain import errors

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: how a class of refusal is told to a caller."""

    slug: str
    """Last step of the problem's `type`, `/problems/<slug>`; never changed once published."""
    status: int
    title: str
    remedy: str
    """What the caller can do next."""

    @property
    def uri(self) -> str:
        """The relative URI reference that is the problem's `type`; its page is served there."""
        return f"/problems/{self.slug}"


class Problem(BaseModel):
    """Problem details as RFC 9457 defines them; `errors` lists every fault found, not the first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(json_schema_extra={"format": "uri-reference"})
    title: str
    status: int = Field(ge=400, le=599)
    detail: str | None = None
    instance: str | None = None
    """Path of the request that was refused."""
    errors: list[FieldProblem] | None = None
    error: str | None = None
    """Of the token exchange alone: what RFC 6749, section 5.2, calls it."""


def kind_of(refusal: type[BaseException]) -> Kind | None:
    """Return the row of *refusal* or of its nearest ancestor; None is a bug that fails a test."""
    for ancestor in refusal.__mro__:
        if (kind := KINDS.get(ancestor)) is not None:
            return kind
    return None


def problem_of(refusal: BaseException, *, instance: str | None = None) -> Problem:
    """Return the problem that tells *refusal*; of a class without a row, only that it happened."""
    kind = kind_of(type(refusal))
    if kind is None:
        kind, detail = KINDS[refusals.Unexpected], None
    else:
        detail = str(refusal) or None
    found = refusal.errors if isinstance(refusal, RequestRefused) else ()
    return Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=instance,
        errors=list(found) or None,
        error=refusal.error if isinstance(refusal, refusals.ExchangeRefused) else None,
    )


def meaning_of(refusal: type[BaseException]) -> str:
    """Return what *refusal* means, as its docstring says."""
    return " ".join((getdoc(refusal) or "").split())


_CORRECT = "Correct what `detail` names and send the request again."
_LOOK = "Check the name for a typing error, and that the fact was reported to this ledger."
_CORRECT_ALL = "Correct every item in `errors`, then send the request again."

KINDS: dict[type[BaseException], Kind] = {
    # The ledger's own refusals, in the order of domain/errors.py.
    errors.MalformedValue: Kind("malformed-value", 422, "Malformed value", _CORRECT),
    errors.UnclearComponent: Kind(
        "unclear-component",
        422,
        "Unclear component",
        "Write a purl with one version, or a range: `pkg:pypi/jinja2@3.1.2`, `pkg:pypi/jinja2@>=3,<3.1.3`.",
    ),
    errors.ContradictoryReport: Kind("contradictory-report", 422, "Contradictory report", _CORRECT),
    errors.SecretInClear: Kind(
        "secret-in-clear",
        422,
        "Secret in clear",
        "Send the entry as a secret, so that only its keyed digest is kept; then rotate the"
        " credential, because it was sent where it should not be.",
    ),
    errors.FromTheFuture: Kind(
        "from-the-future",
        422,
        "From the future",
        "Set the reporter's clock, or report when it has happened.",
    ),
    errors.AlreadyRecorded: Kind(
        "already-recorded",
        409,
        "Already recorded otherwise",
        "Read what is recorded. If the record is wrong, send a correction; if this is another"
        " thing, give it another name.",
    ),
    errors.ConflictingAppend: Kind(
        "conflicting-append",
        409,
        "Conflicting append",
        "The ledger was busy with the same target; send the same request again.",
    ),
    errors.UnknownBuild: Kind(
        "unknown-build", 404, "Unknown build", "Report the build first, or correct its name."
    ),
    errors.FailedBuild: Kind("failed-build", 409, "Failed build", "Build again and release what succeeded."),
    errors.UnknownConfig: Kind(
        "unknown-config", 404, "Unknown configuration version", "Report the configuration first."
    ),
    errors.UnknownRelease: Kind("unknown-release", 404, "Unknown release", _LOOK),
    errors.UnknownEvent: Kind(
        "unknown-event", 404, "Unknown event", "Ask for a position from 1 up to the head."
    ),
    errors.UnknownEnvironment: Kind("unknown-environment", 404, "Unknown environment", _LOOK),
    errors.UnknownService: Kind("unknown-service", 404, "Unknown service", _LOOK),
    errors.UnknownChange: Kind("unknown-change", 404, "Unknown change", _LOOK),
    errors.NothingFound: Kind("nothing-found", 404, "Nothing found", _LOOK),
    errors.DeploymentClosed: Kind(
        "deployment-closed",
        409,
        "Deployment closed",
        "Report the new attempt as a deployment with a name of its own.",
    ),
    errors.DeploymentMismatch: Kind(
        "deployment-mismatch",
        409,
        "Deployment mismatch",
        "Report the release and slot that the deployment started with, or name another one.",
    ),
    errors.NotARollback: Kind(
        "not-a-rollback",
        409,
        "Not a rollback",
        "Choose an earlier release, or report a deployment.",
    ),
    errors.NotCorrectable: Kind(
        "not-correctable", 409, "Not correctable", "Record what is true now as a new fact."
    ),
    errors.AlreadyCorrected: Kind(
        "already-corrected", 409, "Already corrected", "Correct the latest correction instead."
    ),
    errors.CorrectionElsewhere: Kind(
        "correction-elsewhere",
        422,
        "Correction of something else",
        "Send a replacement of the same kind, about the same target.",
    ),
    errors.KnownInTheFuture: Kind(
        "known-in-the-future", 422, "Known in the future", "Ask with `known_at` up to now."
    ),
    errors.BeyondTheHead: Kind(
        "beyond-the-head",
        404,
        "Beyond the head",
        "Ask for a position up to the one in the header field `Ledger-Head`, or wait.",
    ),
    errors.AmbiguousName: Kind(
        "ambiguous-name", 422, "Ambiguous name", "Give more characters of the digest or commit."
    ),
    errors.UnreadableEvidence: Kind(
        "unreadable-evidence",
        422,
        "Unreadable evidence",
        "Send the file as its signer made it; `detail` says why it was not recognised.",
    ),
    errors.UnusableTrustRoot: Kind("unusable-trust-root", 422, "Unusable trust root", _CORRECT),
    errors.UnusableBuilders: Kind("unusable-builders", 422, "Unusable table of builders", _CORRECT),
    errors.EvidenceLost: Kind(
        "evidence-lost",
        500,
        "Evidence lost",
        "Tell whoever operates this ledger, who restores the folder of evidence from a backup.",
    ),
    errors.CredentialRefused: Kind(
        "credential-refused",
        401,
        "Credential refused",
        "Look whether it has expired, was revoked or is bound to a network; or get another one.",
    ),
    errors.ProviderUnavailable: Kind(
        "provider-unavailable",
        503,
        "Login provider unavailable",
        "Log in again after `Retry-After`; whoever operates this ledger finds the cause in its log.",
    ),
    errors.FreshLoginNeeded: Kind(
        "fresh-login-needed",
        401,
        "Fresh login needed",
        "Log in again at `/login?fresh=1&to=PATH`, PATH being where to come back to, and send the request"
        " again.",
    ),
    errors.NotPermitted: Kind(
        "not-permitted",
        403,
        "Not permitted",
        "Ask an administrator of this ledger for the grant that is missing.",
    ),
    errors.SegregatedDuties: Kind(
        "segregated-duties",
        409,
        "Duties that must be apart",
        "Give it to somebody else, or end what it clashes with first; `detail` names the rule.",
    ),
    errors.SecondPersonNeeded: Kind(
        "second-person-needed", 403, "Second person needed", "Ask another administrator to confirm it."
    ),
    errors.UnknownAccess: Kind(
        "unknown-access", 404, "Unknown access", "Look at what is in force for its number or name."
    ),
    errors.UnknownProposal: Kind(
        "unknown-proposal", 404, "Unknown proposal", "Look at the proposals that are open for its number."
    ),
    errors.ProposalClosed: Kind("proposal-closed", 409, "Proposal closed", "Propose the change again."),
    errors.NothingToChange: Kind(
        "nothing-to-change",
        409,
        "Nothing to change",
        "Nothing needs to be done, unless `detail` names a proposal.",
    ),
    errors.AccessFull: Kind(
        "access-full",
        409,
        "Access full",
        "Revoke or remove what is not needed any more; `detail` names the bound.",
    ),
    errors.MalformedPolicy: Kind(
        "malformed-policy",
        422,
        "Malformed policy",
        "Correct what `detail` names; `shiplog policy lint` finds it without a server.",
    ),
    errors.LedgerUnavailable: Kind(
        "ledger-unavailable",
        503,
        "Ledger unavailable",
        "Send the same request again, with the same Idempotency-Key, after `Retry-After`.",
    ),
    errors.NotConfirmed: Kind(
        "not-confirmed",
        503,
        "Not confirmed",
        "Tell whoever operates this ledger that its standby is behind, and send the request again later.",
    ),
    errors.BrokenLedger: Kind(
        "broken-ledger",
        500,
        "Broken ledger",
        "Do not rely on any answer. Tell whoever operates this ledger, who runs `shiplog verify`.",
    ),
    errors.KeyUnusable: Kind(
        "key-unusable",
        503,
        "Key unusable",
        "Tell whoever operates this ledger, who runs `shiplog doctor`.",
    ),
    errors.NotALedger: Kind(
        "not-a-ledger",
        503,
        "Not a ledger",
        "Tell whoever operates this ledger, who runs `shiplog init`.",
    ),
    # Refusals of HTTP, in the order of api/refusals.py.
    refusals.MalformedRequest: Kind("malformed-request", 400, "Malformed request", _CORRECT),
    refusals.MalformedJSON: Kind(
        "malformed-json",
        400,
        "Malformed JSON",
        "Send one I-JSON document in UTF-8 within the bounds that `detail` names.",
    ),
    refusals.InvalidRequest: Kind("invalid-request", 422, "Invalid request", _CORRECT_ALL),
    refusals.ForeignCursor: Kind(
        "foreign-cursor",
        422,
        "Foreign cursor",
        "Send the cursor with the parameters it was given for, or start from the first page.",
    ),
    refusals.BatchRefused: Kind(
        "batch-refused",
        422,
        "Batch refused",
        "Mend or drop the lines named in `errors` and send the batch again, or use `mode=each`.",
    ),
    refusals.KeyReused: Kind(
        "idempotency-key-reused",
        422,
        "Idempotency-Key reused",
        "Give each request a key of its own; repeat a key only with the very same request.",
    ),
    refusals.UnsupportedMediaType: Kind(
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "Send one of the media types in the header field `Accept`, without content coding.",
    ),
    refusals.TooLarge: Kind("too-large", 413, "Too large", "Send less at a time; `detail` names the bound."),
    refusals.Unauthenticated: Kind(
        "unauthenticated",
        401,
        "Unauthenticated",
        "Send `Authorization: Bearer TOKEN`; whoever administers this ledger issues tokens.",
    ),
    refusals.NotOurForm: Kind(
        "not-our-form",
        403,
        "Not a form of this ledger",
        "Open the page again and send its form. A program that uses a session repeats the session's token in"
        " `X-Shiplog-CSRF`, and says where it comes from in `Origin`.",
    ),
    refusals.LoginRefused: Kind(
        "login-refused", 403, "Login refused", "Log in again; `/login` shows what ways there are."
    ),
    refusals.ExchangeRefused: Kind(
        "exchange-refused",
        400,
        "Exchange refused",
        "Ask the pipeline's platform for a fresh token for this ledger's audience, and look at the bindings.",
    ),
    refusals.UnknownPath: Kind("unknown-path", 404, "Unknown path", "Compare the path with `/openapi.json`."),
    refusals.MethodNotOffered: Kind(
        "method-not-offered", 405, "Method not offered", "Use a method from the field `Allow`."
    ),
    refusals.PreconditionFailed: Kind(
        "precondition-failed",
        412,
        "Precondition failed",
        "Read the thing again, look at what changed, and decide on its present version.",
    ),
    refusals.PreconditionRequired: Kind(
        "precondition-required",
        428,
        "Precondition required",
        "Send If-Match with the ETag of the version you looked at.",
    ),
    refusals.TooManyRequests: Kind(
        "too-many-requests", 429, "Too many requests", "Wait as long as `Retry-After` says."
    ),
    refusals.TooManyWaiting: Kind(
        "too-many-waiting",
        503,
        "Too many waiting",
        "Ask again after `Retry-After`, from the same position: nothing is missed. Or ask without `wait`.",
    ),
    refusals.Unexpected: Kind(
        "unexpected",
        500,
        "Unexpected failure",
        "Send the request again; if it fails again, report the identifier in `detail`.",
    ),
}
