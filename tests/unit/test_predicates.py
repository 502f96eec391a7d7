"""What a statement says, by its type: read exactly, or kept as unknown, or unreadable with the reason."""

from types import MappingProxyType
from typing import Any

import pytest

from domain import predicates, provenance
from domain.predicates import (
    Attributes,
    Bom,
    Link,
    Predicate,
    Publish,
    RanTests,
    Reference,
    ReleaseOf,
    Scan,
    Unknown,
    Unreadable,
    VerificationSummary,
)
from domain.provenance import Material, Provenance
from domain.statement import Statement

IN_TOTO = "https://in-toto.io/attestation"
DIGEST = {"sha256": "a" * 64}
PAIRS = (("sha256", "a" * 64),)


def read(predicate_type: str, predicate: dict[str, Any]) -> Predicate:
    kind = "https://in-toto.io/Statement/v1"
    return predicates.read(Statement(kind, predicate_type, (), MappingProxyType(predicate)))


V1: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {"workflow": {"ref": "refs/heads/main"}},
        "internalParameters": {"github": {"repository_id": "41"}},
        "resolvedDependencies": [
            {"uri": "git+https://github.com/acme/app", "digest": {"gitCommit": "b" * 40}}
        ],
    },
    "runDetails": {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "metadata": {"invocationId": "run-7", "startedOn": "2026-03-01T12:00:00Z"},
    },
}


@pytest.mark.parametrize("predicate_type", [provenance.V1, provenance.V1_DRAFT])
def test_provenance_of_the_first_version(predicate_type: str) -> None:
    assert read(predicate_type, V1) == Provenance(
        builder="https://github.com/actions/runner/github-hosted",
        build_type="https://actions.github.io/buildtypes/workflow/v1",
        parameters={"workflow": {"ref": "refs/heads/main"}},
        noted={"github": {"repository_id": "41"}},
        source=None,
        entry_point=None,
        materials=(Material("git+https://github.com/acme/app", (("gitCommit", "b" * 40),)),),
        invocation="run-7",
        started_on="2026-03-01T12:00:00Z",
        finished_on=None,
    )


def test_provenance_without_parameters_says_nothing_about_them() -> None:
    silent = {**V1, "buildDefinition": {"buildType": "t"}}
    found = read(provenance.V1, silent)
    assert isinstance(found, Provenance)
    assert (found.parameters, found.noted, found.materials) == (None, {}, ())


def test_what_a_builder_notes_may_have_any_form() -> None:
    for noted in (["a list"], "a text", 7, None):
        definition = {**V1["buildDefinition"], "internalParameters": noted}
        found = read(provenance.V1, {**V1, "buildDefinition": definition})
        assert isinstance(found, Provenance)
        assert found.noted == {}


def test_provenance_v0_2() -> None:
    found = read(
        provenance.V0_2,
        {
            "builder": {"id": "b"},
            "buildType": "t",
            "invocation": {
                "configSource": {"uri": "git+https://x", "digest": {"sha1": "c"}, "entryPoint": "ci.yml"},
                "parameters": {"a": 1},
            },
            "metadata": {"buildInvocationId": "7", "buildFinishedOn": "2026-03-01T12:00:00Z"},
            "materials": [{"uri": "u"}],
        },
    )
    assert isinstance(found, Provenance)
    assert found.source == Material("git+https://x", (("sha1", "c"),))
    assert (found.entry_point, found.parameters, found.invocation) == ("ci.yml", {"a": 1}, "7")
    assert found.materials == (Material("u", ()),)


@pytest.mark.parametrize(
    ("defined_in", "source"), [(1, Material("second", ())), (2, None), (-1, None), (None, None)]
)
def test_provenance_v0_1_names_its_source_by_place(defined_in: int | None, source: Material | None) -> None:
    found = read(
        provenance.V0_1,
        {
            "builder": {"id": "b"},
            "recipe": {"type": "t", "definedInMaterial": defined_in, "arguments": {}},
            "materials": [{"uri": "first"}, {"uri": "second"}],
        },
    )
    assert isinstance(found, Provenance)
    assert (found.source, found.build_type, found.parameters) == (source, "t", {})


SUMMARY = {
    "verifier": {"id": "v"},
    "timeVerified": "2026-03-01T12:00:00Z",
    "resourceUri": "pkg:a",
    "policy": {"uri": "p", "digest": DIGEST},
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
}


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "expected"),
    [
        (
            "https://slsa.dev/verification_summary/v1",
            SUMMARY,
            VerificationSummary(
                verifier="v",
                verified_at="2026-03-01T12:00:00Z",
                resource="pkg:a",
                policy=Material("p", PAIRS),
                passed=True,
                levels=("SLSA_BUILD_LEVEL_3",),
            ),
        ),
        (
            f"{IN_TOTO}/test-result/v0.1",
            {"result": "FAILED", "configuration": [{"digest": DIGEST}], "failedTests": ["a"]},
            RanTests("FAILED", (Material(None, PAIRS),), ("a",)),
        ),
        (
            f"{IN_TOTO}/vulns/v0.2",
            {
                "scanner": {"uri": "s", "db": {"lastUpdate": "d"}, "result": [{"id": "CVE-1"}]},
                "metadata": {"scanFinishedOn": "f"},
            },
            Scan("s", None, "d", "f", ("CVE-1",)),
        ),
        (
            f"{IN_TOTO}/reference/v0.1",
            {"attester": {"id": "a"}, "references": [{"downloadLocation": "l", "digest": DIGEST}]},
            Reference("a", (("l", None, PAIRS),)),
        ),
        (f"{IN_TOTO}/release/v0.1", {"purl": "pkg:a", "packageId": "7"}, ReleaseOf("pkg:a", "7")),
        (
            f"{IN_TOTO}/scai/v0.3",
            {"attributes": [{"attribute": "HERMETIC"}]},
            Attributes(("HERMETIC",), None),
        ),
        (
            f"{IN_TOTO}/link/v0.3",
            {"name": "build", "command": ["make"], "materials": [{"uri": "u"}]},
            Link("build", ("make",), (Material("u", ()),)),
        ),
        (
            "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
            {"name": "n", "version": "1", "registry": "r"},
            Publish("n", "1", "r"),
        ),
        ("https://cyclonedx.org/bom", {"specVersion": "1.6"}, Bom("cyclonedx", "1.6")),
        ("https://cyclonedx.org/bom/v1.4", {}, Bom("cyclonedx", None)),
        ("https://spdx.dev/Document/v2.3", {"spdxVersion": "SPDX-2.3"}, Bom("spdx", "SPDX-2.3")),
        ("https://witness.testifysec.com/attestation-collection/v0.1", {}, Unknown()),
        ("", {}, Unknown()),
    ],
)
def test_each_type_is_read_as_what_it_is(
    predicate_type: str, predicate: dict[str, Any], expected: Predicate
) -> None:
    assert read(predicate_type, predicate) == expected


def test_a_verdict_other_than_passed_is_not_passed() -> None:
    for verdict in ("FAILED", "passed", "PASSED "):
        found = read("https://slsa.dev/verification_summary/v1", {**SUMMARY, "verificationResult": verdict})
        assert isinstance(found, VerificationSummary)
        assert not found.passed


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "words"),
    [
        (provenance.V1, {}, "buildDefinition is not an object"),
        (provenance.V1, {**V1, "runDetails": {"builder": {"id": 7}}}, "id is not text"),
        (provenance.V0_2, {"builder": [], "buildType": "t"}, "builder is not an object"),
        (provenance.V0_1, {"builder": {"id": "b"}, "recipe": []}, "recipe is not an object"),
        (
            provenance.V0_2,
            {"builder": {"id": "b"}, "buildType": "t", "materials": [1]},
            "materials is not a list",
        ),
        ("https://slsa.dev/verification_summary/v1", {**SUMMARY, "verifiedLevels": [1]}, "verifiedLevels"),
        (
            f"{IN_TOTO}/reference/v0.1",
            {"attester": {"id": "a"}, "references": [{"digest": {"a": 1}}]},
            "digest",
        ),
        ("https://cyclonedx.org/bom", {"specVersion": 1.6}, "specVersion is not text"),
    ],
)
def test_a_known_type_of_another_form_is_unreadable(
    predicate_type: str, predicate: dict[str, Any], words: str
) -> None:
    found = read(predicate_type, predicate)
    assert isinstance(found, Unreadable)
    assert words in found.words
