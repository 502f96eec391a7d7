"""SLSA provenance: which builder made the artifact, from what, with which parameters.

Three shapes (slsa.dev/provenance v0.1, v0.2 and v1) read into one, because the questions asked of them are
the same. All of it is the signer's claim; what the certificate says about the source stands apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.shape import at, digests, listed, mapping, optional_mapping, optional_text, text

V0_1 = "https://slsa.dev/provenance/v0.1"
V0_2 = "https://slsa.dev/provenance/v0.2"
V1 = "https://slsa.dev/provenance/v1"
V1_DRAFT = "https://slsa.dev/provenance/v1.0?draft"
"""What slsa-github-generator wrote before v1 was final; its fields are v1's."""
TYPES = frozenset({V0_1, V0_2, V1, V1_DRAFT})


@dataclass(frozen=True, slots=True)
class Material:
    """Something the build used: where it came from and what it was."""

    uri: str | None
    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How an artifact was built, as its builder tells it."""

    builder: str
    build_type: str
    parameters: Mapping[str, Any] | None = field(hash=False)
    """What the requester could choose (v1 `externalParameters`). None when the builder does not say."""
    noted: Mapping[str, Any] = field(hash=False)
    """What the builder noted of the run (v1 `internalParameters`, v0.x `environment`), in any form."""
    source: Material | None
    """The `configSource` (v0.2) or the material the recipe is defined in (v0.1); v1 has no such field."""
    entry_point: str | None
    materials: tuple[Material, ...]
    invocation: str | None
    started_on: str | None
    finished_on: str | None
    """As written: RFC 3339, claimed."""


def read(predicate_type: str, predicate: Mapping[str, Any]) -> Provenance:
    """Return the provenance in *predicate*; raises `EvidenceRefused` when it has not the form of its type."""
    if predicate_type == V0_1:
        return _v0_1(predicate)
    if predicate_type == V0_2:
        return _v0_2(predicate)
    return _v1(predicate)


def _v0_1(said: Mapping[str, Any]) -> Provenance:
    recipe = mapping(said, "recipe")
    materials = _materials(said, "materials")
    defined = recipe.get("definedInMaterial")
    in_range = isinstance(defined, int) and 0 <= defined < len(materials)
    return Provenance(
        builder=text(at(said, "builder"), "id"),
        build_type=text(recipe, "type"),
        parameters=optional_mapping(recipe, "arguments"),
        noted=_noted(recipe, "environment"),
        source=materials[defined] if in_range and defined is not None else None,
        entry_point=optional_text(recipe, "entryPoint"),
        materials=materials,
        **_v0_metadata(said),
    )


def _v0_2(said: Mapping[str, Any]) -> Provenance:
    invocation = mapping(said, "invocation")
    source = mapping(invocation, "configSource")
    return Provenance(
        builder=text(at(said, "builder"), "id"),
        build_type=text(said, "buildType"),
        parameters=optional_mapping(invocation, "parameters"),
        noted=_noted(invocation, "environment"),
        source=_material(source) if source else None,
        entry_point=optional_text(source, "entryPoint"),
        materials=_materials(said, "materials"),
        **_v0_metadata(said),
    )


def _v1(said: Mapping[str, Any]) -> Provenance:
    definition, run = at(said, "buildDefinition"), at(said, "runDetails")
    metadata = mapping(run, "metadata")
    return Provenance(
        builder=text(at(run, "builder"), "id"),
        build_type=text(definition, "buildType"),
        parameters=optional_mapping(definition, "externalParameters"),
        noted=_noted(definition, "internalParameters"),
        source=None,
        entry_point=None,
        materials=_materials(definition, "resolvedDependencies"),
        invocation=optional_text(metadata, "invocationId"),
        started_on=optional_text(metadata, "startedOn"),
        finished_on=optional_text(metadata, "finishedOn"),
    )


def _v0_metadata(said: Mapping[str, Any]) -> dict[str, str | None]:
    metadata = mapping(said, "metadata")
    return {
        "invocation": optional_text(metadata, "buildInvocationId"),
        "started_on": optional_text(metadata, "buildStartedOn"),
        "finished_on": optional_text(metadata, "buildFinishedOn"),
    }


def _noted(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object under *name*; what is none is passed over, for builders may note what they like."""
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _materials(said: Mapping[str, Any], name: str) -> tuple[Material, ...]:
    return tuple(map(_material, listed(said, name)))


def _material(said: Mapping[str, Any]) -> Material:
    return Material(optional_text(said, "uri"), digests(said))
