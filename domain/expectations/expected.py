"""What somebody expects of an artifact's provenance. What is None is not asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """All that is asked for must hold."""

    source: str | None = None
    """The repository, as `https://github.com/owner/name`; the scheme may be left out."""
    owner_id: str | None = None
    repository_id: str | None = None
    """The forge's numbers, which a renamed or re-registered owner or repository does not inherit."""
    commit: str | None = None
    same_source: bool = False
    """Whether who handed it in, who signed it and what it says must have one repository and one commit."""
    ref: str | None = None
    branch: str | None = None
    tag: str | None = None
    versioned_tag: str | None = None
    """`v13` allows every `v13.x.y`, `v13.2` every `v13.2.y`."""
    identity: str | None = None
    issuer: str | None = None
    """Of the certificate, to the letter."""
    root: Digest | None = None
    """The trusted root, or the fingerprint of the pinned key, that verified it."""
    instance: str | None = None
    """The instance of Sigstore that the root is of: `public-good`, `github`, or a name of your own."""
    builder: str | None = None
    """Its name, with its ref or without."""
    tagged_builder: bool = False
    """Whether the builder must be at a tag like `v1.2.3`."""
    build_types: frozenset[str] | None = None
    triggers: frozenset[str] | None = None
    runner: str | None = None
    """`github-hosted`, say."""
    parameters: Mapping[str, Any] | None = field(default=None, hash=False)
    """Every external parameter by the path of its value (`parameters.flattened`):
    `{"workflow.ref": "refs/tags/v1"}`. One that is not named here fails, whatever it is: what nobody
    looked at may change what was built."""
    package: str | None = None
    """Its name with the namespace, `@acme/payments`, or with its type, `pkg:npm/@acme/payments`."""
    version: str | None = None
    """Of the package that the subject's package URL names."""
    level: int | None = None
    """The SLSA build level it must have at the least."""
