"""Any SBOM from bytes, or from a document that was read already."""

from adapters.sbom import cyclonedx, document, spdx2, spdx3
from adapters.sbom.said import an_object, texts
from domain.errors import MalformedValue
from domain.sbom import Sbom

_CONTEXT = "https://spdx.org/rdf/3.0"


def read(raw: bytes) -> Sbom:
    """Return what the document in *raw* lists.

    Strict about bytes, see `adapters.sbom.document`; lenient about schemas, because
    what real tools write does not keep to them. What would be guessing is refused
    with `MalformedValue`: an unknown format or version, a list that is no list.
    """
    return of(document.read(raw))


def of(content: object) -> Sbom:
    """Return what *content* lists: a document, or the predicate of an attestation, as parsed JSON."""
    said = an_object(content)
    if said.get("bomFormat") == "CycloneDX":
        return cyclonedx.read(said)
    if "spdxVersion" in said:
        return spdx2.read(said)
    if "@graph" in said and any(each.startswith(_CONTEXT) for each in texts(said.get("@context"))):
        return spdx3.read(said)
    if said.keys() == {"sbom"} and "sbom" not in an_object(said["sbom"]):
        return of(said["sbom"])  # as a dependency graph is downloaded
    raise MalformedValue(
        "no SBOM: expected CycloneDX (bomFormat), SPDX 2 (spdxVersion) or SPDX 3.0 (@context and @graph)"
    )
