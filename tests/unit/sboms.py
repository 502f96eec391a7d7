"""SBOMs for tests, as small as the formats let them be."""

import json
from typing import Any

NAMESPACE = "https://sbom.example/payments/1"


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


def cyclonedx(*components: Any, **more: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [*components], **more}


def spdx2(*packages: Any, **more: Any) -> dict[str, Any]:
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "documentNamespace": NAMESPACE,
        "creationInfo": {"created": "2026-03-01T12:00:00Z", "creators": ["Tool: syft-1.5.0"]},
        "packages": [*packages],
        **more,
    }


def spdx3(*elements: Any, root: str | None = None, **about: Any) -> dict[str, Any]:
    created = {
        "type": "CreationInfo",
        "@id": "_:creation",
        "specVersion": "3.0.1",
        "created": "2026-03-01T12:00:00Z",
        "createdUsing": ["urn:tool"],
    }
    document = {
        "type": "SpdxDocument",
        "spdxId": NAMESPACE,
        "creationInfo": "_:creation",
        "rootElement": [root] if root else [],
        **about,
    }
    tool = {"type": "Tool", "spdxId": "urn:tool", "name": "builder 2", "creationInfo": "_:creation"}
    graph = [created, document, tool, *elements]
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}


def package3(name: str, version: str | None = None, purl: str | None = None) -> dict[str, Any]:
    said = {"software_packageVersion": version, "software_packageUrl": purl}
    given = {key: value for key, value in said.items() if value is not None}
    return {
        "type": "software_Package",
        "spdxId": f"urn:{name}",
        "creationInfo": "_:creation",
        "name": name,
        **given,
    }


def purl_of(text: str) -> dict[str, Any]:
    """Return the reference by which an SPDX 2 package gives its purl."""
    return {
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": text}
        ]
    }
