"""Of what origin evidence is: by who handed it in, by who signed it, and by what it says."""

from api.fields import Output
from domain.expectations.origin import Agreement, Compared, Origin
from domain.workload import Workload


class WorkloadShape(Output):
    """A run of a pipeline, as its token, a certificate or a statement tells of it; null is unknown."""

    issuer: str | None
    repository: str | None
    repository_id: str | None
    owner_id: str | None
    commit: str | None
    ref: str | None
    workflow: str | None
    workflow_digest: str | None
    run: str | None
    runner: str | None
    trigger: str | None
    environment: str | None

    @classmethod
    def of(cls, workload: Workload) -> "WorkloadShape":
        """Show *workload*."""
        return cls(
            issuer=workload.issuer,
            repository=workload.repository,
            repository_id=workload.repository_id,
            owner_id=workload.owner_id,
            commit=workload.commit,
            ref=workload.ref,
            workflow=workload.workflow,
            workflow_digest=workload.workflow_digest,
            run=workload.run,
            runner=workload.runner,
            trigger=workload.trigger,
            environment=workload.environment,
        )


class ComparedShape(Output):
    """Two by two, and all three together: `differs` if any two differ, `same` only if all are the same."""

    agreement: Agreement
    uploader_signer: Agreement
    uploader_provenance: Agreement
    signer_provenance: Agreement

    @classmethod
    def of(cls, compared: Compared) -> "ComparedShape":
        """Show *compared*."""
        return cls(
            agreement=compared.agreement,
            uploader_signer=compared.uploader_signer,
            uploader_provenance=compared.uploader_provenance,
            signer_provenance=compared.signer_provenance,
        )


class OriginShape(Output):
    """Who handed it in, who signed it, what it says, and whether these name one repository and one commit.

    Of several runs that handed it in it is the one that agrees best; of anyone else nothing is known.
    """

    uploader: WorkloadShape
    signer: WorkloadShape
    provenance: WorkloadShape
    repository: ComparedShape
    commit: ComparedShape

    @classmethod
    def of(cls, origin: Origin) -> "OriginShape":
        """Show *origin*."""
        return cls(
            uploader=WorkloadShape.of(origin.uploader),
            signer=WorkloadShape.of(origin.signer),
            provenance=WorkloadShape.of(origin.provenance),
            repository=ComparedShape.of(origin.repository),
            commit=ComparedShape.of(origin.commit),
        )
