"""SPDX 3.0 in JSON-LD, read as plain JSON: a flat `@graph` of elements that name each other.

Source: SPDX specification 3.0.1, the Core and Software profiles. No JSON-LD is expanded, so what the
context would rename is not understood; the serialization the specification prescribes needs none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from adapters.sbom.listed import Listed, not_too_many
from adapters.sbom.said import Object, an_object, distinct, entries, licence, objects, text, texts
from domain.component import Component
from domain.errors import MalformedValue
from domain.sbom import Completeness, Format, Sbom

_LICENCE_LIST = "https://spdx.org/licenses/"
_DEPENDS = frozenset({"contains", "dependsOn"})
_COMPLETENESS = {
    "complete": Completeness.COMPLETE,
    "incomplete": Completeness.INCOMPLETE,
    "noAssertion": Completeness.UNKNOWN,
}


def read(document: Object) -> Sbom:
    """Return what *document*, a `@graph` in the context of SPDX 3.0, lists."""
    graph = [an_object(each) for each in entries(document, "@graph")]
    elements = {name: each for each in graph if (name := _id(each)) is not None}
    by_type: dict[str, list[Object]] = defaultdict(list)
    for each in graph:
        by_type[str(each.get("type", each.get("@type")))].append(each)
    packages = by_type["software_Package"]
    not_too_many(len(packages))
    about = next(iter(by_type["SpdxDocument"]), {})
    creation = _resolved(about.get("creationInfo"), elements)
    version = text(creation, "specVersion") or ""
    if not version.startswith("3.0"):
        raise MalformedValue(f"SPDX {version!r}: expected 3.0, said by the creation of an SpdxDocument")
    relationships = by_type["Relationship"] + by_type["LifecycleScopedRelationship"]
    root_id = _root_id(about, elements)
    licences = _licences(relationships, elements)
    listed = Listed()
    root = None
    for package in packages:
        made = _component(package, licences.get(_id(package) or "", ()), elements, listed)
        if root_id is not None and _id(package) == root_id:
            root = made
        else:
            listed.add(made)
    return Sbom(
        format=Format.SPDX,
        specification=version,
        serial=_id(about),
        created=text(creation, "created"),
        tools=distinct(
            text(_resolved(tool, elements), "name") for tool in _listed(creation.get("createdUsing"))
        ),
        root=root,
        completeness=_completeness(relationships, root_id),
        components=listed.components(),
        unreadable=listed.unreadable,
    )


def _id(element: Object) -> str | None:
    return text(element, "spdxId") or text(element, "@id")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _resolved(value: object, elements: Mapping[str, Object]) -> Object:
    """Return the object that *value* is, or names."""
    return elements.get(value, {}) if isinstance(value, str) else an_object(value)


def _root_id(about: Object, elements: Mapping[str, Object]) -> str | None:
    """Return the id of the one package that the document, or the one SBOM in it, is about."""
    roots = [*texts(about.get("rootElement"))]
    sboms = [elements[name] for name in roots if _is(elements, name, "software_Sbom")]
    roots += [name for each in sboms for name in texts(each.get("rootElement"))]
    packages = {name for name in roots if _is(elements, name, "software_Package")}
    return packages.pop() if len(packages) == 1 else None


def _is(elements: Mapping[str, Object], name: str, kind: str) -> bool:
    element = elements.get(name, {})
    return kind in (element.get("type"), element.get("@type"))


def _licences(
    relationships: Iterable[Object], elements: Mapping[str, Object]
) -> Mapping[str, tuple[str, ...]]:
    """Return, for each id, the licences declared or concluded."""
    found: dict[str, list[str | None]] = defaultdict(list)
    for each in relationships:
        origin = each.get("from")
        if isinstance(origin, str) and each.get("relationshipType") in (
            "hasDeclaredLicense",
            "hasConcludedLicense",
        ):
            found[origin] += [_licence(name, elements) for name in texts(each.get("to"))]
    return {name: distinct(each) for name, each in found.items()}


def _licence(name: str, elements: Mapping[str, Object]) -> str | None:
    element = elements.get(name, {})
    said = licence(element, "simplelicensing_licenseExpression")
    if said is None and name.startswith(_LICENCE_LIST):
        said = name.removeprefix(_LICENCE_LIST)
    return said or licence(element, "name")


def _component(
    package: Object, licences: tuple[str, ...], elements: Mapping[str, Object], listed: Listed
) -> Component | None:
    kind = text(package, "software_primaryPurpose")
    verified = [_resolved(each, elements) for each in _listed(package.get("verifiedUsing"))]
    return listed.described(
        text(package, "name"),
        text(package, "software_packageVersion"),
        [*_purls(package)],
        kind=kind.lower() if kind else None,
        licences=licences,
        hashes=((text(each, "algorithm"), text(each, "hashValue")) for each in verified),
    )


def _purls(package: Object) -> Iterator[str]:
    said = text(package, "software_packageUrl")
    if said:
        yield said
    for each in objects(package.get("externalIdentifier")):
        if each.get("externalIdentifierType") == "packageUrl" and (also := text(each, "identifier")):
            yield also


def _completeness(relationships: Iterable[Object], root_id: str | None) -> Completeness | None:
    said = {
        _COMPLETENESS.get(str(each.get("completeness")))
        for each in relationships
        if root_id is not None and each.get("from") == root_id and each.get("relationshipType") in _DEPENDS
    }
    least = (Completeness.INCOMPLETE, Completeness.UNKNOWN, Completeness.COMPLETE)
    return next((each for each in least if each in said), None)
