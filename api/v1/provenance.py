"""Hold what is verified about an artifact against what is expected of its provenance."""

from typing import Annotated

from pydantic import Field, JsonValue

from api.fields import Input, Output
from api.operations import operation
from api.replies import Reply
from api.services import Services
from api.v1.asking import ANY_QUESTION, SCOPE, KnownQuery, head, known
from api.v1.evidence_shapes import VerificationShape
from api.v1.origin_shapes import OriginShape
from api.v1.shapes import LedgerShape, shown
from api.v1.values import ArtifactDigest, Commit, ContentDigest, Instance, Line
from domain.errors import BrokenLedger, EvidenceLost, UnknownEvent
from domain.expectations.builders import LEVEL_MAX
from domain.expectations.expected import Expectations
from domain.expectations.parameters import PARAMETERS_MAX
from domain.queries.check_provenance import Judged, Verdict, check_provenance

SEVERAL_MAX = 100
Several = Annotated[list[Line], Field(min_length=1, max_length=SEVERAL_MAX)]


class ExpectedBody(Input):
    """What is expected. All of it must hold; what is left out is not asked for."""

    source: Line | None = None
    """The repository, as `https://github.com/owner/name`; the scheme may be left out."""
    owner_id: Line | None = None
    repository_id: Line | None = None
    """The forge's numbers, which a renamed owner or repository does not inherit."""
    commit: Commit | None = None
    same_source: bool = False
    """Who handed it in, who signed it and what it says have one repository and one commit."""
    ref: Line | None = None
    branch: Line | None = None
    tag: Line | None = None
    versioned_tag: Line | None = None
    """`v13` allows every `v13.x.y`."""
    identity: Line | None = None
    issuer: Line | None = None
    root: ContentDigest | None = None
    """The trusted root, or the fingerprint of the pinned key, that verified it."""
    instance: Instance | None = None
    """The instance of Sigstore that the root is of, as it was said when it was imported."""
    builder: Line | None = None
    """Its name, with its ref or without."""
    tagged_builder: bool = False
    build_types: Several | None = None
    triggers: Several | None = None
    runner: Line | None = None
    parameters: Annotated[dict[str, JsonValue], Field(max_length=PARAMETERS_MAX)] | None = None
    """Every external parameter by its path, `workflow.ref`; one that is not named fails."""
    package: Line | None = None
    version: Line | None = None
    level: Annotated[int, Field(ge=1, le=LEVEL_MAX)] | None = None

    def expectations(self) -> Expectations:
        """Return them as the domain takes them."""
        said = self.model_dump(exclude={"root", "build_types", "triggers"})
        return Expectations(
            **said,
            root=self.root,
            build_types=None if self.build_types is None else frozenset(self.build_types),
            triggers=None if self.triggers is None else frozenset(self.triggers),
        )


class CheckShape(Output):
    """One thing that was asked for, and what was found."""

    name: str
    held: bool
    expected: str
    found: str


class JudgedShape(Output):
    """One verification of provenance, held against everything that is expected."""

    evidence: ContentDigest
    verification: VerificationShape
    held: bool
    level: int | None
    """The SLSA build level, by the table of builders."""
    origin: OriginShape | None
    """Null when it is not provenance that can be read."""
    checks: list[CheckShape]

    @classmethod
    def of(cls, judged: Judged) -> "JudgedShape":
        """Show *judged*."""
        return cls(
            evidence=judged.verification.evidence,
            verification=VerificationShape.of(judged.recorded, judged.verification),
            held=judged.checked.held,
            level=judged.checked.level,
            origin=shown(judged.checked.origin, OriginShape.of),
            checks=[
                CheckShape(name=each.name, held=each.held, expected=each.expected, found=each.found)
                for each in judged.checked.checks
            ],
        )


class ProvenanceShape(Output):
    """The verdict, and the verifications it rests on; the one that holds most comes first."""

    artifact: ArtifactDigest
    ledger: LedgerShape
    verdict: Verdict
    """`missing`: no provenance of the artifact was verified, so that nothing can be said."""
    builders: ContentDigest | None
    """Of the table that said which builder counts for which level; null when none was in force."""
    judged: list[JudgedShape]
    truncated: bool
    """Whether there are more verifications that may hold and were not looked at: ask for a source,
    an identity or a repository's number, and nobody else's count."""


@operation(
    "POST",
    "/v1/artifacts/<digest:digest>:check-provenance",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, EvidenceLost, UnknownEvent, BrokenLedger),
    tag="decide",
)
def check_artifact_provenance(
    *, digest: ArtifactDigest, body: ExpectedBody, query: KnownQuery, services: Services
) -> Reply[ProvenanceShape]:
    """Tell which expectations hold of an artifact's verified provenance. Nothing is recorded."""
    found = check_provenance(
        digest,
        body.expectations(),
        known(query),
        ledger=services.ledger,
        index=services.evidence.index,
        blobs=services.evidence.blobs,
        reader=services.evidence.reader,
        read_builders=services.evidence.read_builders,
    )
    shape = ProvenanceShape(
        artifact=digest,
        ledger=LedgerShape.of(found.prefix),
        verdict=found.verdict,
        builders=found.builders,
        judged=[JudgedShape.of(each) for each in found.judged],
        truncated=found.truncated,
    )
    return Reply(shape, head=head(found.prefix))


OPERATIONS = (check_artifact_provenance,)
