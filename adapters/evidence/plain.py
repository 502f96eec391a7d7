"""Documents about artifacts that nobody needs to sign: which kind a file is, by what only that kind has.

Sources: CycloneDX 1.4 to 1.6 and SPDX 2.3 and 3.0 (what they list is read elsewhere); SARIF v2.1.0, section
3.13; OpenVEX v0.2.0, "Document"; in-toto/attestation, test-result and vulns; the JUnit XML that Ant and
Maven's Surefire write. XML is recognised by its first element and not read: no entity, no definition and no
reference in it is ever followed.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from domain.admission import Kind
from domain.errors import MalformedValue
from domain.evidence import BYTES_MAX, EvidenceRefused, Reason
from domain.predicates import SCAN_TYPES, TEST_TYPES
from domain.statement import STATEMENT_TYPES

ReadLarge = Callable[[bytes], object]
"""Returns the JSON document in many megabytes, read strictly; raises `MalformedValue` when it cannot be."""

_SBOM_SIGN = re.compile(rb'"(?:bomFormat|spdxVersion|sbom)"|https://spdx\.org/rdf/3\.0', re.ASCII)
_SPDX_3 = "https://spdx.org/rdf/3.0"
_REPORTS = dict.fromkeys(TEST_TYPES, Kind.TEST_RESULT) | dict.fromkeys(SCAN_TYPES, Kind.VULNS)
_OPENVEX = "https://openvex.dev/ns"
_XML_HEAD_BYTES = 4096
_JUNIT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]*\?>\s*)?<testsuites?[\s/>]", re.ASCII)


def kind(content: bytes, document: object, read_large: ReadLarge) -> Kind | None:
    """Return what *content* is, None for none of these; raises `EvidenceRefused` for a hostile SBOM.

    *document*: the JSON that it holds, None when that is not so, or it is too large to be read like this.
    """
    if len(content) <= BYTES_MAX and _JUNIT.match(content[:_XML_HEAD_BYTES]):
        return Kind.JUNIT
    if _SBOM_SIGN.search(content):
        try:
            found = _sbom(read_large(content))
        except MalformedValue as wrong:
            raise EvidenceRefused(Reason.MALFORMED, f"no SBOM that can be read: {wrong}") from wrong
        if found is not None:
            return found
    return _of_document(document) if isinstance(document, dict) else None


def _sbom(document: object) -> Kind | None:
    said = document if isinstance(document, dict) else {}
    if said.keys() == {"sbom"} and isinstance(said["sbom"], dict):
        said = said["sbom"]  # as a dependency graph is downloaded
    if said.get("bomFormat") == "CycloneDX":
        return Kind.CYCLONEDX
    if "spdxVersion" in said or ("@graph" in said and _SPDX_3 in str(said.get("@context"))):
        return Kind.SPDX
    return None


def _of_document(document: Mapping[str, Any]) -> Kind | None:
    if document.get("version") == "2.1.0" and isinstance(document.get("runs"), list):
        return Kind.SARIF
    if str(document.get("@context", "")).startswith(_OPENVEX) and "statements" in document:
        return Kind.OPENVEX
    if document.get("_type") in STATEMENT_TYPES:
        return _REPORTS.get(str(document.get("predicateType")))
    return None
