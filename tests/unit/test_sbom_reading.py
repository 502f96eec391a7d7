"""What each format says is found; what breaks its schema is tolerated where nothing must be guessed."""

import hashlib
from typing import Any

import pytest

from adapters.sbom.reader import of, read
from domain.component import Component, Coordinates, Hash, Scope
from domain.errors import MalformedValue
from domain.sbom import Completeness, Format, Sbom
from tests.unit.sboms import NAMESPACE, cyclonedx, package3, purl_of, raw, spdx2, spdx3

PURL = "pkg:PyPI/Jinja2@3.1.2"
SHA256 = hashlib.sha256(b"jinja2").hexdigest()
JINJA2 = Component(
    name="Jinja2",
    version="3.1.2",
    purl="pkg:pypi/jinja2@3.1.2",
    coordinates=Coordinates("pkg:pypi/jinja2", "3.1.2"),
    kind="library",
    licences=("BSD-3-Clause",),
    hashes=(Hash("sha256", SHA256),),
)
SAME: dict[str, dict[str, Any]] = {
    "CycloneDX": cyclonedx(
        {
            "type": "library",
            "name": "Jinja2",
            "version": "3.1.2",
            "purl": PURL,
            "licenses": [{"license": {"id": "BSD-3-Clause"}}],
            "hashes": [{"alg": "SHA-256", "content": SHA256.upper()}],
        }
    ),
    "SPDX 2": spdx2(
        {
            "name": "Jinja2",
            "versionInfo": "3.1.2",
            "primaryPackagePurpose": "LIBRARY",
            "licenseDeclared": "BSD-3-Clause",
            "licenseConcluded": "NOASSERTION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": SHA256}],
            **purl_of(PURL),
        }
    ),
    "SPDX 3": spdx3(
        {
            **package3("Jinja2", "3.1.2", PURL),
            "software_primaryPurpose": "library",
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": SHA256}],
        },
        {
            "type": "Relationship",
            "spdxId": "urn:r",
            "from": "urn:Jinja2",
            "relationshipType": "hasDeclaredLicense",
            "to": ["https://spdx.org/licenses/BSD-3-Clause"],
        },
    ),
}


def only(document: dict[str, Any]) -> Component:
    (component,) = of(document).components
    return component


@pytest.mark.parametrize("format_", SAME)
def test_one_component_is_the_same_in_every_format(format_: str) -> None:
    assert only(SAME[format_]) == JINJA2


def test_a_document_says_who_made_it_and_when() -> None:
    tools = {"components": [{"name": "syft", "version": "1.5.0"}]}
    metadata = {"timestamp": "2026-03-01T12:00:00Z", "tools": tools}
    found = of(cyclonedx(serialNumber="urn:uuid:1", metadata=metadata))
    assert (found.format, found.specification, found.serial) == (Format.CYCLONEDX, "1.6", "urn:uuid:1")
    assert (found.created, found.tools) == ("2026-03-01T12:00:00Z", ("syft 1.5.0",))
    found = of(spdx2())
    assert (found.format, found.specification, found.serial) == (Format.SPDX, "2.3", NAMESPACE)
    assert (found.created, found.tools) == ("2026-03-01T12:00:00Z", ("syft-1.5.0",))
    found = of(spdx3())
    assert (found.format, found.specification, found.serial) == (Format.SPDX, "3.0.1", NAMESPACE)
    assert (found.created, found.tools) == ("2026-03-01T12:00:00Z", ("builder 2",))


def test_tools_are_read_as_before_cyclonedx_1_5() -> None:
    found = of(
        cyclonedx(specVersion="1.4", metadata={"tools": [{"name": "a", "version": "1"}, {"name": "b"}]})
    )
    assert found.tools == ("a 1", "b")


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_of_cyclonedx_in_json_is_read(version: str) -> None:
    assert len(of(cyclonedx({"name": "a"}, specVersion=version)).components) == 1


ROOTED: dict[str, dict[str, Any]] = {
    "CycloneDX": cyclonedx(
        {"name": "app", "bom-ref": "app"},
        {"name": "a"},
        metadata={"component": {"name": "app", "bom-ref": "app"}},
    ),
    "SPDX 2 by list": spdx2({"name": "app", "SPDXID": "r"}, {"name": "a"}, documentDescribes=["r"]),
    "SPDX 2 by relationship": spdx2(
        {"name": "app", "SPDXID": "r"},
        {"name": "a"},
        relationships=[
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "r",
            }
        ],
    ),
    "SPDX 2 the other way": spdx2(
        {"name": "app", "SPDXID": "r"},
        {"name": "a"},
        relationships=[
            {
                "spdxElementId": "r",
                "relationshipType": "DESCRIBED_BY",
                "relatedSpdxElement": "SPDXRef-DOCUMENT",
            }
        ],
    ),
    "SPDX 3": spdx3(package3("app"), package3("a"), root="urn:app"),
    "SPDX 3 by its SBOM": spdx3(
        package3("app"),
        package3("a"),
        {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": ["urn:app"]},
        root="urn:sbom",
    ),
}


@pytest.mark.parametrize("how", ROOTED)
def test_what_the_list_is_about_is_not_in_it(how: str) -> None:
    found = of(ROOTED[how])
    assert found.root is not None
    assert found.root.name == "app"
    assert [each.name for each in found.components] == ["a"]


def test_a_document_that_describes_every_package_is_about_none() -> None:
    packages = [{"name": name, "SPDXID": name} for name in "ab"]
    found = of(spdx2(*packages, documentDescribes=["a", "b"]))
    assert found.root is None
    assert [each.name for each in found.components] == ["a", "b"]


def test_nested_components_are_listed_after_what_they_are_in() -> None:
    inner = {"name": "b", "components": [{"name": "c"}]}
    about = {"name": "app", "components": [{"name": "e"}]}
    found = of(cyclonedx({"name": "a", "components": [inner]}, {"name": "d"}, metadata={"component": about}))
    assert [each.name for each in found.components] == ["a", "b", "c", "d", "e"]


def test_without_a_purl_group_name_and_version_count() -> None:
    found = only(cyclonedx({"group": "org.example", "name": "tool box", "version": "1"}))
    assert found.coordinates == Coordinates("name:org.example/tool%20box", "1")
    assert found.purl is None


def test_a_purl_without_a_version_takes_the_one_beside_it() -> None:
    found = only(cyclonedx({"name": "a", "version": "2", "purl": "pkg:npm/a"}))
    assert found.coordinates == Coordinates("pkg:npm/a", "2")


def test_a_purl_that_cannot_be_read_is_counted_and_the_name_counts() -> None:
    found = of(cyclonedx({"name": "a", "version": "1", "purl": "pkg:${project.artifactId}"}))
    assert found.unreadable == 1
    assert found.components[0].coordinates == Coordinates("name:a", "1")


@pytest.mark.parametrize("entry", [{}, {"version": "1"}, {"name": ""}, {"name": 1.5}, "a", None, ["a"]])
def test_an_entry_that_names_nothing_is_counted(entry: object) -> None:
    found = of(cyclonedx(entry, {"name": "a"}))
    assert (len(found.components), found.unreadable) == (1, 1)


@pytest.mark.parametrize(
    "document",
    [
        {**cyclonedx(), "components": {"name": "a"}},
        {**spdx2(), "packages": "a"},
        {**spdx3(), "@graph": {}},
        cyclonedx({"name": "a", "components": "b"}),
        cyclonedx({"name": "a\0"}),
        cyclonedx({"name": "a", "purl": "pkg:generic/a%00b"}, {"name": "\0"}),
    ],
)
def test_what_would_be_guessing_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(MalformedValue):
        of(document)


def test_the_same_component_twice_is_one() -> None:
    places = [{"name": "a", "version": "1", "bom-ref": str(n), "purl": "pkg:npm/a@1"} for n in range(3)]
    assert len(of(cyclonedx(*places)).components) == 1


@pytest.mark.parametrize(
    ("entry", "inside"),
    [
        ({"scope": "excluded"}, False),
        ({"scope": "optional"}, True),
        ({"scope": "misspelled"}, True),
        ({"type": "file"}, False),
        ({"type": "file", "purl": "pkg:npm/a@1"}, True),
    ],
)
def test_what_does_not_run_and_mere_files_are_not_inside(entry: dict[str, str], inside: bool) -> None:
    found = of(cyclonedx({"name": "a", "version": "1", **entry}))
    assert bool(found.inside()) is inside
    assert len(found.components) == 1


def test_a_component_excluded_in_one_place_and_required_in_another_is_inside() -> None:
    both = [{"name": "a", "scope": scope} for scope in ("excluded", "required")]
    assert [each.scope for each in of(cyclonedx(*both)).components] == [Scope.EXCLUDED, Scope.REQUIRED]
    assert of(cyclonedx(*both)).inside() == {Coordinates("name:a", "")}


@pytest.mark.parametrize(
    ("aggregates", "said"),
    [
        ([], None),
        (["complete"], Completeness.COMPLETE),
        (["complete", "incomplete_third_party_only"], Completeness.INCOMPLETE),
        (["complete", "not_specified"], Completeness.UNKNOWN),
        (["something new"], Completeness.UNKNOWN),
    ],
)
def test_compositions_say_whether_the_list_is_complete(
    aggregates: list[str], said: Completeness | None
) -> None:
    compositions = [{"aggregate": each, "dependencies": ["app"]} for each in aggregates]
    others = [{"aggregate": "incomplete", "assemblies": ["elsewhere"]}]
    metadata = {"component": {"name": "app", "bom-ref": "app"}}
    assert of(cyclonedx(metadata=metadata, compositions=compositions + others)).completeness is said


def test_spdx_3_says_so_of_its_relationships() -> None:
    depends = {
        "type": "Relationship",
        "from": "urn:app",
        "to": ["urn:a"],
        "relationshipType": "dependsOn",
        "completeness": "complete",
    }
    found = of(spdx3(package3("app"), package3("a"), depends, root="urn:app"))
    assert found.completeness is Completeness.COMPLETE


def test_a_licence_text_in_place_of_its_name_is_cut() -> None:
    (licence,) = only(cyclonedx({"name": "a", "licenses": [{"license": {"name": "x" * 5000}}]})).licences
    assert len(licence) == 512
    assert licence.endswith("x…")


def test_licences_are_ids_names_and_expressions() -> None:
    said = [
        {"license": {"id": "MIT", "name": "The MIT"}},
        {"license": {"name": "Own"}},
        {"expression": "MIT OR ISC"},
    ]
    assert only(cyclonedx({"name": "a", "licenses": said})).licences == ("MIT", "Own", "MIT OR ISC")


def test_an_sbom_as_a_dependency_graph_is_downloaded_is_unwrapped() -> None:
    assert of({"sbom": spdx2({"name": "a"})}) == of(spdx2({"name": "a"}))


def test_no_version_is_asserted() -> None:
    assert only(spdx2({"name": "a", "versionInfo": "NOASSERTION"})).version is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pkg:PyPI/Jinja2_x@1", "pkg:pypi/jinja2-x@1"),
        ("pkg:nuget/Newtonsoft.Json@1", "pkg:nuget/newtonsoft.json@1"),
        ("pkg:deb/Debian/openssl@1?b=2&arch=amd64", "pkg:deb/debian/openssl@1?arch=amd64&b=2"),
        ("pkg:npm/@angular/core@1", "pkg:npm/%40angular/core@1"),
        ("pkg:golang/a.example/b@v1#sub/path", "pkg:golang/a.example/b@v1"),
    ],
)
def test_two_spellings_of_a_purl_are_found_alike(one: str, other: str) -> None:
    found = [only(cyclonedx({"name": "a", "purl": each})).coordinates for each in (one, other)]
    assert found[0] == found[1]


def test_the_same_list_is_the_same_set_whatever_else_differs() -> None:
    entries = [{"name": name, "version": "1"} for name in "ab"]
    first = cyclonedx(*entries, serialNumber="urn:uuid:1", metadata={"component": {"name": "app"}})
    again = cyclonedx(*entries[::-1], serialNumber="urn:uuid:2", metadata={"component": {"name": "app2"}})
    assert of(first).inside() == of(again).inside()


def test_bytes_and_document_are_read_alike() -> None:
    found: Sbom = read(raw(SAME["CycloneDX"]))
    assert found == of(SAME["CycloneDX"])
