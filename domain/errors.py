"""Refusals: one class for each thing a caller can do next.

A refusal is raised before anything is recorded. Its message is a lower-case
fragment that names the thing, what was got and what was expected; it is safe to
show to anyone who may see the request.
"""


class LedgerError(Exception):
    """The ledger refused; nothing was recorded."""


class MalformedValue(LedgerError):
    """A value is not in the one form the ledger accepts for it."""


class UnclearComponent(MalformedValue):
    """The text names no component, or not clearly which of its versions; no guess is made."""


class ContradictoryReport(LedgerError):
    """A report is well-formed, but its parts do not fit together."""


class SecretInClear(LedgerError):
    """Something that is kept in clear looks like a credential; leave it out, or send it as a secret."""


class FromTheFuture(LedgerError):
    """A report claims an instant later than the ledger's clock plus the allowed skew."""


class AlreadyRecorded(LedgerError):
    """The same thing is in the ledger already, with different content."""


class ConflictingAppend(LedgerError):
    """Another writer extended the stream first; read again and retry."""


class UnknownBuild(LedgerError):
    """No build of that name is recorded for the service."""


class FailedBuild(LedgerError):
    """A failed build never becomes a release."""


class UnknownConfig(LedgerError):
    """The target has no such configuration version."""


class UnknownRelease(LedgerError):
    """The target has no release of that number."""


class UnknownEvent(LedgerError):
    """The ledger holds no event at that position."""


class UnknownEnvironment(LedgerError):
    """Nothing was ever reported about that environment."""


class UnknownService(LedgerError):
    """Nothing was ever reported about that service."""


class UnknownChange(LedgerError):
    """The environment has no change of that number."""


class NothingFound(LedgerError):
    """Nothing the ledger knows goes by that digest, commit or name."""


class DeploymentClosed(LedgerError):
    """The deployment has already ended; a new attempt needs a new name."""


class DeploymentMismatch(LedgerError):
    """The end of a deployment names another release or slot than its start."""


class NotARollback(LedgerError):
    """A rollback runs an earlier release than the one running; this one is not earlier."""


class NotCorrectable(LedgerError):
    """That event is immutable; record a new fact instead of correcting it."""


class AlreadyCorrected(LedgerError):
    """That event was corrected before; correct what replaced it instead."""


class CorrectionElsewhere(LedgerError):
    """A correction must be of the same kind and about the same target as what it replaces."""


class KnownInTheFuture(LedgerError):
    """What will be known at a later instant cannot be asked yet."""


class BeyondTheHead(LedgerError):
    """The position asked about has not been recorded yet."""


class AmbiguousName(LedgerError):
    """A shortened digest or commit fits more than one thing; give more of it."""


class UnreadableEvidence(LedgerError):
    """What was sent is no evidence of any form that is known here."""


class UnusableTrustRoot(LedgerError):
    """What was sent is no trusted root of Sigstore and no public key that could vouch for evidence."""


class UnusableBuilders(LedgerError):
    """What was sent is no table that says which builder counts for which level."""


class EvidenceLost(LedgerError):
    """The ledger names this file of evidence, and the blob store does not have it."""


class CredentialRefused(LedgerError):
    """The credential is unknown, has expired, was revoked, or came from where it may not be used.

    To the caller all of these are one, so that nobody learns which tokens exist; `why` is for the log.
    """

    def __init__(self, why: str) -> None:
        super().__init__("the credential is not accepted")
        self.why = why


class ProviderUnavailable(LedgerError):
    """Where people log in does not answer just now, or not as a login provider does; nobody is logged in.

    `why` is for the log, with what it answered.
    """

    def __init__(self, why: str) -> None:
        super().__init__("the login provider cannot be reached just now: try again in a minute")
        self.why = why


class FreshLoginNeeded(LedgerError):
    """Whoever asks is logged in for too long for what answers for itself: it needs a login of just now."""


class NotPermitted(LedgerError):
    """Whoever asks may not do that, or not to this service or in this environment."""


class SegregatedDuties(LedgerError):
    """One person would hold duties that must be kept apart, counting all of their identities."""


class SecondPersonNeeded(LedgerError):
    """Somebody else has to confirm it: under no identity can a person confirm what they proposed."""


class UnknownAccess(LedgerError):
    """No such grant, issuer, binding, link or token is in force."""


class UnknownProposal(LedgerError):
    """No change of access was proposed under that number."""


class ProposalClosed(LedgerError):
    """The proposal was settled before, or nobody confirmed it in time."""


class NothingToChange(LedgerError):
    """The change would bring about what holds already, or is proposed already."""


class AccessFull(LedgerError):
    """There are as many grants, tokens, proposals, freezes or waivers as there may be; remove some first."""


class LedgerUnavailable(LedgerError):
    """The database cannot be reached or is busy; nothing is known to be recorded, so retry."""


class NotConfirmed(LedgerUnavailable):
    """The primary has recorded it and its standby has not said so: it may yet be lost."""


class BrokenLedger(LedgerError):
    """What is stored is not what was signed: the ledger was altered or damaged."""


class KeyUnusable(LedgerError):
    """The signing or verification key is missing, unreadable, unsafe or of the wrong kind."""


class NotALedger(LedgerError):
    """There is no ledger there yet, or what is there is not one; run `shiplog init`."""


class MalformedPolicy(LedgerError):
    """A policy set or a rule does not say what it must, or it could be understood in two ways."""
