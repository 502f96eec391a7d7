"""Which builder made it, who may say so, and the level that gives: a table that is configuration.

A builder's name in provenance is only a claim. What a certificate proves is which workflow signed, so a
name counts when it is the signer's own, or when the table lets that signer name others.
Whoever runs a certificate authority can write any workflow into a certificate, so a row counts under the
root that it names and under no other (ADR 0015).
Source: SLSA v1.2, "Verifying artifacts"; sigstore/fulcio, docs/oid-info.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.digest import Digest
from domain.expectations.uris import at_ref
from domain.provenance import Provenance
from domain.verification import CertificateSigner, Verified

LEVEL_MAX = 3
GITHUB_ACTIONS = "https://token.actions.githubusercontent.com"
GITHUB_HOSTED = "github-hosted"


class Names(StrEnum):
    """Which builders a signer may name."""

    ITSELF = "itself"
    """Only the workflow that signed."""
    OTHERS = "others"
    """Any: it calls other workflows and names the one it called."""
    PLATFORM = "platform"
    """The platform it runs on, the row's `builder`: a client signs with the caller's own workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderRow:
    """One row of the table: a signer, under one trusted root, and the level of what it builds."""

    root: Digest | None = None
    """Of the one trusted root or pinned key it counts under."""
    instance: str | None = None
    """The instance of Sigstore it counts under, whatever root that has: `public-good`."""
    signer: str
    """The workflow without its ref, or a prefix of it that ends in `*`, or a pinned key's fingerprint."""
    issuer: str | None = None
    names: Names = Names.ITSELF
    builder: str | None = None
    """The name, or a prefix of it that ends in `*`; None for whatever `names` allows."""
    version_tag: bool = True
    """Whether the signer, and the builder it names, must be at a tag like `v1.2.3`."""
    hosted: bool = True
    """Whether it must have run on the platform's own machines, by the certificate."""
    unasked: bool = False
    """Whether it counts when nobody asked for a builder by name."""
    level: int = 1


ReadBuilders = Callable[[bytes], Sequence[BuilderRow]]
"""Returns the rows of a file; raises `EvidenceRefused` for what is no table of builders."""


@dataclass(frozen=True, slots=True)
class Built:
    """The builder, as far as it is proven, and the level."""

    names: tuple[str, ...]
    """What it goes by; a platform also by how it ran, by the certificate: `…/runner/github-hosted`."""
    row: BuilderRow | None
    """The row that vouches for it; None when none does, and the name is only a claim."""

    @property
    def level(self) -> int:
        """SLSA build level: 1 for a signed claim that no row vouches for."""
        return 1 if self.row is None else self.row.level

    def is_named(self, wanted: str) -> bool:
        """Whether it is the builder *wanted*, which may leave the ref open."""
        uris = (at_ref(name).uri for name in self.names if at_ref(wanted).ref is None)
        return wanted in (*self.names, *uris)


def built_by(
    verified: Verified, said: Provenance, table: Sequence[BuilderRow], *, instance: str | None
) -> Built:
    """Return who built it: by the row of the highest level that fits, the first of equal ones.

    *instance*: which one the root of *verified* is of, when that is known.
    """
    fitting = [row for row in table if _fits(row, verified, said, instance)]
    row = max(fitting, key=lambda each: each.level, default=None)
    names = [said.builder]
    if row is not None and row.names is Names.PLATFORM and row.builder is not None:
        ran = isinstance(verified.signer, CertificateSigner) and verified.signer.runner_environment
        names += [row.builder, f"{row.builder}/{ran}"] if ran else [row.builder]
    return Built(tuple(dict.fromkeys(names)), row)


def _fits(row: BuilderRow, verified: Verified, said: Provenance, instance: str | None) -> bool:
    if row.root not in (None, verified.root) or row.instance not in (None, instance):
        return False
    signer = verified.signer
    if not isinstance(signer, CertificateSigner):
        return row.signer == str(signer.fingerprint) and _like(row.builder, said.builder)
    if row.root is None and row.instance is None:
        return False
    workflow = at_ref(signer.identity)
    return (
        _like(row.signer, workflow.uri)
        and row.issuer in (None, signer.issuer)
        and (workflow.at_version_tag or not row.version_tag)
        and (_hosted(signer) or not row.hosted)
        and _may_name(row, signer, said.builder)
    )


def _may_name(row: BuilderRow, signer: CertificateSigner, builder: str) -> bool:
    match row.names:
        case Names.ITSELF:
            return builder == signer.identity and _like(row.builder, at_ref(builder).uri)
        case Names.OTHERS:
            named = at_ref(builder)
            return _like(row.builder, named.uri) and (named.at_version_tag or not row.version_tag)
        case Names.PLATFORM:
            return builder in (row.builder, f"{row.builder}/{signer.runner_environment}")


def _hosted(signer: CertificateSigner) -> bool:
    """Certificates from before 2023 do not say, and then it is not proven."""
    return signer.runner_environment == GITHUB_HOSTED


def _like(pattern: str | None, text: str) -> bool:
    if pattern is None:
        return True
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
