"""A run of a pipeline, in one shape, whether a token or a certificate says it.

"Who is talking to the ledger now" and "who signed this then" are two statements. In these words they can be
compared: does the pipeline that hands in provenance run in the repository, and at the commit, that it is of?
"""

from dataclasses import dataclass, fields
from typing import Self

from domain.verification import CertificateSigner

IDENTIFYING = ("source_repository_id", "source_repository_owner_id", "source_repository_digest")
"""What must agree between whoever hands in evidence and whoever signed it: names may have changed hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Names as in sigstore/fulcio, docs/oid-info.md, .9 to .24; None is what was not said."""

    build_signer_uri: str | None = None
    build_signer_digest: str | None = None
    runner_environment: str | None = None
    source_repository_uri: str | None = None
    source_repository_digest: str | None = None
    source_repository_ref: str | None = None
    source_repository_id: str | None = None
    source_repository_owner_uri: str | None = None
    source_repository_owner_id: str | None = None
    build_config_uri: str | None = None
    build_config_digest: str | None = None
    build_trigger: str | None = None
    run_invocation_uri: str | None = None
    source_repository_visibility: str | None = None
    deployment_environment: str | None = None
    token_subject: str | None = None

    @classmethod
    def of(cls, signer: CertificateSigner) -> Self:
        """Return the run that a certificate was made for."""
        return cls(**{field.name: getattr(signer, field.name) for field in fields(cls)})

    def differences(self, other: Self) -> tuple[str, ...]:
        """Return which of `IDENTIFYING` the two do not agree about; what one does not say is no agreement."""
        return tuple(
            name
            for name in IDENTIFYING
            if getattr(self, name) is None or getattr(self, name) != getattr(other, name)
        )
