"""Hold what was done to make an artifact against an in-toto layout."""

from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known
from api.v1.shapes import LedgerShape, shown
from api.v1.values import ContentDigest
from domain.errors import BrokenLedger, EvidenceLost, NothingFound, UnknownEvent
from domain.evidence import STEPS_MAX, EvidenceRefused, Reason
from domain.queries.check_layout import LayoutAsked, LayoutChecked, LayoutVerdict, check_layout
from domain.supply_chain import LayoutJudged, StepJudged

Owners = Annotated[list[ContentDigest], Field(max_length=STEPS_MAX, default_factory=list)]


class LayoutBody(Input):
    """Which layout, by the digest of its file; `at`: when it must not have expired, default now."""

    layout: ContentDigest
    owners: Owners
    """Fingerprints of keys all of which must have signed it; without any, one that is trusted for it."""
    at: Instant | None = None


class LinkShape(Output):
    """A link that counts: the file it is in, what was signed in it, and the fingerprint of who did."""

    evidence: ContentDigest
    signed: ContentDigest
    key: ContentDigest


class StepShape(Output):
    """One step of the layout. It is done when there are no `failures`."""

    name: str
    threshold: int
    """How many keys have to say the same."""
    links: list[LinkShape]
    command_as_expected: bool
    failures: list[str]

    @classmethod
    def of(cls, step: StepJudged) -> "StepShape":
        """Show *step*."""
        return cls(
            name=step.name,
            threshold=step.threshold,
            links=[LinkShape(evidence=each.file, signed=each.signed, key=each.by) for each in step.links],
            command_as_expected=step.command_as_expected,
            failures=list(step.failures),
        )


class ProductShape(Output):
    """Something that the last step left."""

    name: str
    digest: dict[str, str]


class LayoutRefusedShape(Output):
    """Why the layout itself does not count, whatever was done."""

    reason: Reason
    words: str

    @classmethod
    def of(cls, refused: EvidenceRefused) -> "LayoutRefusedShape":
        """Show *refused*."""
        return cls(reason=refused.reason, words=refused.words)


class LayoutCheckedShape(Output):
    """Whether the artifact was made as the layout says, step by step.

    `undecided`: nobody is trusted to sign layouts, nobody who may says that a step was done, or something
    that was handed in was not looked at (`truncated`, `lost`) and might speak against it.
    """

    artifact: ContentDigest
    layout: ContentDigest
    at: Instant
    ledger: LedgerShape
    verdict: LayoutVerdict
    refused: LayoutRefusedShape | None
    owners: list[ContentDigest]
    """Fingerprints of the keys that signed the layout; empty when it is refused."""
    expires: Instant | None
    steps: list[StepShape]
    products: list[ProductShape]
    files: int
    """How many files that were handed in for the artifact were looked at."""
    lost: list[ContentDigest]
    truncated: bool


@operation(
    "POST",
    "/v1/artifacts/<digest:digest>:check-layout",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, NothingFound, EvidenceLost, UnknownEvent, BrokenLedger),
    tag="decide",
)
def check_artifact_layout(
    *, digest: ContentDigest, body: LayoutBody, query: KnownQuery, services: Services
) -> Reply[LayoutCheckedShape]:
    """Tell whether an artifact was made as an in-toto layout says, by the links that were handed in for it.

    The layout and the links are evidence that was admitted; the layout counts when keys signed it that
    were imported to sign layouts. No command of it is run, and nothing is recorded.
    """
    asked = LayoutAsked(layout=body.layout, owners=tuple(body.owners), at=body.at)
    found = check_layout(
        digest,
        asked,
        known(query),
        ledger=services.ledger,
        index=services.evidence.index,
        blobs=services.evidence.blobs,
        layouts=services.evidence.layouts,
    )
    return Reply(_shape(digest, asked, found), head=head(found.prefix))


def _shape(artifact: ContentDigest, asked: LayoutAsked, found: LayoutChecked) -> LayoutCheckedShape:
    judged: LayoutJudged | None = found.judged
    return LayoutCheckedShape(
        artifact=artifact,
        layout=asked.layout,
        at=found.at,
        ledger=LedgerShape.of(found.prefix),
        verdict=found.verdict,
        refused=shown(found.refused, LayoutRefusedShape.of),
        owners=list(judged.owners) if judged else [],
        expires=judged.expires if judged else None,
        steps=[StepShape.of(each) for each in judged.steps] if judged else [],
        products=[ProductShape(name=name, digest=dict(left)) for name, left in judged.products]
        if judged
        else [],
        files=found.files,
        lost=list(found.lost),
        truncated=found.truncated,
    )


OPERATIONS = (check_artifact_layout,)
