"""Any SBOM from bytes, or from a document that was read already."""

from adapters.sbom import cyclonedx, document, spdx2, spdx3
from adapters.sbom.said import Object, an_object, texts
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
    said = _bare(content)
    if said.get("bomFormat") == "CycloneDX":
        return cyclonedx.read(said)
    if "spdxVersion" in said:
        return spdx2.read(said)
    if _is_spdx3(said):
        return spdx3.read(said)
    raise MalformedValue(
        "no SBOM: expected CycloneDX (bomFormat), SPDX 2 (spdxVersion) or SPDX 3.0 (@context and @graph)"
    )


def is_sbom(content: object) -> bool:
    """Say whether *content*, as parsed JSON, means to be an SBOM of a family that is read here."""
    said = _bare(content)
    return said.get("bomFormat") == "CycloneDX" or "spdxVersion" in said or _is_spdx3(said)


def _bare(content: object) -> Object:
    """Return the document, taken out of what a dependency graph is downloaded in."""
    said = an_object(content)
    return an_object(said["sbom"]) if said.keys() == {"sbom"} else said


def _is_spdx3(said: Object) -> bool:
    return "@graph" in said and any(each.startswith(_CONTEXT) for each in texts(said.get("@context")))
