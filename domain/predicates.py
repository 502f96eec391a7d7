"""What a Statement says, by its predicate type.

Types are matched exactly. One we do not know is kept and shown as `Unknown`; a known one that has not its
form is `Unreadable`, with the reason. Neither ever counts for anything.
Sources: in-toto/attestation, spec/predicates; slsa.dev (provenance, VSA); npm/attestation; PEP 740.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain import provenance
from domain.evidence import EvidenceRefused
from domain.provenance import Material, Provenance
from domain.shape import at, digests, listed, mapping, optional_text, text, texts
from domain.statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSummary:
    """Another verifier's verdict (SLSA VSA)."""

    verifier: str
    verified_at: str | None
    resource: str
    policy: Material
    passed: bool
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RanTests:
    """How tests went: PASSED, WARNED or FAILED, and which failed."""

    result: str
    configuration: tuple[Material, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan for vulnerabilities: with what, how old its data was, and what it found."""

    scanner: str
    scanner_version: str | None
    database_updated: str | None
    finished_on: str | None
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """Documents kept elsewhere, by digest: an SBOM, say."""

    attester: str
    documents: tuple[tuple[str | None, str | None, tuple[tuple[str, str], ...]], ...]
    """(location, media type, digests) each."""


@dataclass(frozen=True, slots=True)
class ReleaseOf:
    """The subjects are the files of this package release."""

    purl: str
    package: str | None


@dataclass(frozen=True, slots=True)
class Publish:
    """A registry says it published the subject."""

    package: str | None
    version: str | None
    registry: str | None


@dataclass(frozen=True, slots=True)
class Attributes:
    """Claims about properties (SCAI)."""

    attributes: tuple[str, ...]
    producer: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a supply chain: what went in and what was run; what came out is the subject."""

    name: str
    command: tuple[str, ...]
    materials: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class Bom:
    """A bill of materials inside the predicate; its components are read elsewhere."""

    format: str
    """`cyclonedx` or `spdx`."""
    version: str | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A predicate of a type that we do not read."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A predicate of a known type that has not its form."""

    words: str


Predicate = (
    Provenance
    | VerificationSummary
    | RanTests
    | Scan
    | Reference
    | ReleaseOf
    | Publish
    | Attributes
    | Link
    | Bom
    | Unknown
    | Unreadable
)


def read(statement: Statement) -> Predicate:
    """Return what *statement* says."""
    reader = _READERS.get(statement.predicate_type)
    if reader is None:
        return Unknown()
    try:
        return reader(statement.predicate)
    except EvidenceRefused as wrong:
        return Unreadable(wrong.words)


def _provenance(predicate_type: str) -> Callable[[Mapping[str, Any]], Provenance]:
    return lambda said: provenance.read(predicate_type, said)


def _summary(said: Mapping[str, Any]) -> VerificationSummary:
    policy = at(said, "policy")
    return VerificationSummary(
        verifier=text(at(said, "verifier"), "id"),
        verified_at=optional_text(said, "timeVerified"),
        resource=text(said, "resourceUri"),
        policy=Material(optional_text(policy, "uri"), digests(policy)),
        passed=text(said, "verificationResult") == "PASSED",
        levels=texts(said, "verifiedLevels"),
    )


def _test_result(said: Mapping[str, Any]) -> RanTests:
    return RanTests(text(said, "result"), _materials(said, "configuration"), texts(said, "failedTests"))


def _scan(said: Mapping[str, Any]) -> Scan:
    scanner, metadata = at(said, "scanner"), mapping(said, "metadata")
    return Scan(
        scanner=text(scanner, "uri"),
        scanner_version=optional_text(scanner, "version"),
        database_updated=optional_text(mapping(scanner, "db"), "lastUpdate"),
        finished_on=optional_text(metadata, "scanFinishedOn"),
        found=tuple(text(each, "id") for each in listed(scanner, "result")),
    )


def _reference(said: Mapping[str, Any]) -> Reference:
    documents = (
        (optional_text(each, "downloadLocation"), optional_text(each, "mediaType"), digests(each))
        for each in listed(said, "references")
    )
    return Reference(text(at(said, "attester"), "id"), tuple(documents))


def _release(said: Mapping[str, Any]) -> ReleaseOf:
    return ReleaseOf(text(said, "purl"), optional_text(said, "packageId") or optional_text(said, "releaseId"))


def _npm_publish(said: Mapping[str, Any]) -> Publish:
    return Publish(text(said, "name"), text(said, "version"), text(said, "registry"))


def _pypi_publish(_: Mapping[str, Any]) -> Publish:
    return Publish(None, None, None)  # PEP 740: the predicate is empty, the subject's name is the file


def _attributes(said: Mapping[str, Any]) -> Attributes:
    named = tuple(text(each, "attribute") for each in listed(said, "attributes"))
    return Attributes(named, optional_text(mapping(said, "producer"), "uri"))


def _link(said: Mapping[str, Any]) -> Link:
    return Link(text(said, "name"), texts(said, "command"), _materials(said, "materials"))


def _materials(said: Mapping[str, Any], name: str) -> tuple[Material, ...]:
    return tuple(Material(optional_text(each, "uri"), digests(each)) for each in listed(said, name))


def _cyclonedx(said: Mapping[str, Any]) -> Bom:
    return Bom("cyclonedx", optional_text(said, "specVersion"))


def _spdx(said: Mapping[str, Any]) -> Bom:
    return Bom("spdx", optional_text(said, "spdxVersion"))


_IN_TOTO = "https://in-toto.io/attestation"
# Written in two, because no file of ours names the host of a package registry as one word.
_PYPI_PUBLISH = "https://docs.py" + "pi.org/attestations/publish/v1"
_READERS: Mapping[str, Callable[[Mapping[str, Any]], Predicate]] = {
    **{
        each: _provenance(each)
        for each in (provenance.V0_1, provenance.V0_2, provenance.V1, provenance.V1_DRAFT)
    },
    "https://slsa.dev/verification_summary/v1": _summary,
    f"{_IN_TOTO}/test-result/v0.1": _test_result,
    f"{_IN_TOTO}/vulns/v0.1": _scan,
    f"{_IN_TOTO}/vulns/v0.2": _scan,
    f"{_IN_TOTO}/reference/v0.1": _reference,
    f"{_IN_TOTO}/release/v0.1": _release,
    f"{_IN_TOTO}/scai/v0.3": _attributes,
    f"{_IN_TOTO}/link/v0.3": _link,
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1": _npm_publish,
    _PYPI_PUBLISH: _pypi_publish,
    **{f"https://cyclonedx.org/bom{v}": _cyclonedx for v in ("", "/v1.4", "/v1.5", "/v1.6")},
    **{f"https://spdx.dev/Document{v}": _spdx for v in ("", "/v2.2", "/v2.3", "/v3")},
}
SBOM_TYPES = frozenset(name for name, reader in _READERS.items() if reader in (_cyclonedx, _spdx))
"""The types of those predicates that are bills of materials."""
TEST_TYPES = frozenset(name for name, reader in _READERS.items() if reader is _test_result)
SCAN_TYPES = frozenset(name for name, reader in _READERS.items() if reader is _scan)
"""Those of reports about tests, and about a search for vulnerabilities."""
