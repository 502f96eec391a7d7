"""CycloneDX 1.2 to 1.7 in JSON.

Source: the JSON schemas of each version. Their shapes grew but never changed, but for `tools`,
which was a list and became an object in 1.5; both are read.
"""

from collections.abc import Iterator

from adapters.sbom.listed import Listed, not_too_many
from adapters.sbom.said import Object, an_object, distinct, entries, licence, objects, text
from domain.component import Component, Scope
from domain.errors import MalformedValue
from domain.sbom import Completeness, Format, Sbom

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")

_COMPLETENESS = {
    "complete": Completeness.COMPLETE,
    "incomplete": Completeness.INCOMPLETE,
    "incomplete_first_party_only": Completeness.INCOMPLETE,
    "incomplete_first_party_proprietary_only": Completeness.INCOMPLETE,
    "incomplete_first_party_opensource_only": Completeness.INCOMPLETE,
    "incomplete_third_party_only": Completeness.INCOMPLETE,
    "incomplete_third_party_proprietary_only": Completeness.INCOMPLETE,
    "incomplete_third_party_opensource_only": Completeness.INCOMPLETE,
    "unknown": Completeness.UNKNOWN,
    "not_specified": Completeness.UNKNOWN,
}


def read(document: Object) -> Sbom:
    """Return what *document*, which says that it is CycloneDX, lists."""
    version = document.get("specVersion")
    if version not in VERSIONS:
        raise MalformedValue(f"CycloneDX {version!r}: expected one of {', '.join(VERSIONS)}")
    metadata = an_object(document.get("metadata"))
    about = an_object(metadata.get("component"))
    listed = Listed()
    root = _component(about, listed) if about else None
    reference = about.get("bom-ref")
    found = [*entries(document, "components"), *entries(about, "components")]
    for entry in _flat(found):
        same = isinstance(reference, str) and reference == entry.get("bom-ref")
        if not same:
            listed.add(_component(entry, listed))
    return Sbom(
        format=Format.CYCLONEDX,
        specification=version,
        serial=text(document, "serialNumber"),
        created=text(metadata, "timestamp"),
        tools=_tools(metadata.get("tools")),
        root=root,
        completeness=_completeness(document, reference),
        components=listed.components(),
        unreadable=listed.unreadable,
    )


def _flat(components: list[object]) -> list[Object]:
    """Return every component with those nested in it after it; what is no object names nothing."""
    flat: list[Object] = []
    waiting = components[::-1]
    while waiting:
        entry = an_object(waiting.pop())
        flat.append(entry)
        waiting += entries(entry, "components")[::-1]
        not_too_many(len(flat) + len(waiting))
    return flat


def _component(entry: Object, listed: Listed) -> Component | None:
    purl = text(entry, "purl")
    group, name = text(entry, "group"), text(entry, "name")
    return listed.described(
        f"{group}/{name}" if group and name else name,
        text(entry, "version"),
        (purl,) if purl else (),
        kind=text(entry, "type"),
        scope=_scope(entry.get("scope")),
        licences=distinct(_licences(entry.get("licenses"))),
        hashes=((text(each, "alg"), text(each, "content")) for each in objects(entry.get("hashes"))),
    )


def _scope(said: object) -> Scope | None:
    return next((scope for scope in Scope if scope.value == said), None)


def _licences(said: object) -> Iterator[str | None]:
    for choice in objects(said):
        yield licence(choice, "expression")
        for each in objects(choice.get("license")):
            yield licence(each, "id") or licence(each, "name")


def _tools(said: object) -> tuple[str, ...]:
    inside = an_object(said)
    each = [*objects(inside.get("components")), *objects(inside.get("services"))] if inside else objects(said)
    return distinct(" ".join(filter(None, (text(tool, "name"), text(tool, "version")))) for tool in each)


def _completeness(document: Object, reference: object) -> Completeness | None:
    """Return what the compositions that name the root say; the least of it when they differ."""
    said = {
        _COMPLETENESS.get(str(composition.get("aggregate")), Completeness.UNKNOWN)
        for composition in objects(document.get("compositions"))
        if reference is not None
        and any(
            isinstance(named := composition.get(name), list) and reference in named
            for name in ("assemblies", "dependencies")
        )
    }
    least = (Completeness.INCOMPLETE, Completeness.UNKNOWN, Completeness.COMPLETE)
    return next((each for each in least if each in said), None)
