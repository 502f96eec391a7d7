"""SPDX 2.2 and 2.3 in JSON.

Source: SPDX specification 2.3, clauses 6 (document), 7 (package) and 11 (relationships).
"""

from collections.abc import Iterator

from adapters.sbom.listed import Listed, not_too_many
from adapters.sbom.said import Object, an_object, distinct, entries, licence, objects, text, texts
from domain.component import Component
from domain.errors import MalformedValue
from domain.sbom import Format, Sbom

VERSIONS = ("SPDX-2.2", "SPDX-2.3")

_DOCUMENT = "SPDXRef-DOCUMENT"
_NOTHING = frozenset({"NOASSERTION", "NONE"})


def read(document: Object) -> Sbom:
    """Return what *document*, which says that it is SPDX 2, lists."""
    version = document.get("spdxVersion")
    if version not in VERSIONS:
        raise MalformedValue(f"{version!r}: expected one of {', '.join(VERSIONS)}")
    creation = an_object(document.get("creationInfo"))
    packages = [an_object(each) for each in entries(document, "packages")]
    not_too_many(len(packages))
    root_id = _root_id(document, packages)
    listed = Listed()
    root = None
    for package in packages:
        made = _component(package, listed)
        if root_id is not None and package.get("SPDXID") == root_id:
            root = made
        else:
            listed.add(made)
    return Sbom(
        format=Format.SPDX,
        specification=version.removeprefix("SPDX-"),
        serial=text(document, "documentNamespace"),
        created=text(creation, "created"),
        tools=distinct(
            said[len("Tool:") :].strip()
            for said in texts(creation.get("creators"))
            if said.startswith("Tool:")
        ),
        root=root,
        completeness=None,
        components=listed.components(),
        unreadable=listed.unreadable,
    )


def _root_id(document: Object, packages: list[Object]) -> str | None:
    """Return the id of the one package the document describes.

    Some tools describe every package; then none of them is what the list is about.
    """
    described = set(_described(document))
    known = [str(name) for each in packages if (name := each.get("SPDXID")) in described]
    return known[0] if len(known) == 1 else None


def _described(document: Object) -> Iterator[str]:
    itself = text(document, "SPDXID") or _DOCUMENT
    yield from texts(document.get("documentDescribes"))
    for relationship in objects(document.get("relationships")):
        match relationship:
            case {
                "relationshipType": "DESCRIBES",
                "spdxElementId": str(one),
                "relatedSpdxElement": str(other),
            }:
                pass
            case {
                "relationshipType": "DESCRIBED_BY",
                "spdxElementId": str(other),
                "relatedSpdxElement": str(one),
            }:
                pass
            case _:
                continue
        if one == itself:
            yield other


def _component(package: Object, listed: Listed) -> Component | None:
    concluded, declared = licence(package, "licenseConcluded"), licence(package, "licenseDeclared")
    version = text(package, "versionInfo")
    kind = text(package, "primaryPackagePurpose")
    return listed.described(
        text(package, "name"),
        None if version in _NOTHING else version,
        [*_purls(package)],
        kind=kind.lower() if kind else None,
        licences=distinct(each for each in (declared, concluded) if each not in _NOTHING),
        hashes=(
            (text(each, "algorithm"), text(each, "checksumValue"))
            for each in objects(package.get("checksums"))
        ),
    )


def _purls(package: Object) -> Iterator[str]:
    for reference in objects(package.get("externalRefs")):
        # Some tools write the type as the address of its definition.
        if str(reference.get("referenceType")).rpartition("/")[2] == "purl":
            said = text(reference, "referenceLocator")
            if said:
                yield said
