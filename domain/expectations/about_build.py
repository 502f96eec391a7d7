"""What is asked of the build itself: who built it, how, with which parameters, and which package it made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.evidence import EvidenceRefused
from domain.expectations import parameters, uris
from domain.expectations.builders import Built
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Check, listed, one_of
from domain.expectations.uris import Package
from domain.provenance import Provenance


def about_builder(packaged: bool, built: Built, expected: Expectations) -> Iterator[Check]:
    """Yield what is asked of the builder; *packaged* is whether what was built is a package."""
    found = built.names[0] if built.row is not None else f"{built.names[0]}, which nothing proves"
    if expected.builder is not None:
        held = built.row is not None and built.is_named(expected.builder)
        yield Check("builder", held, expected.builder, found)
    else:
        # A package is built by whoever publishes it: there is no builder that would go without saying.
        usual = built.row is not None and built.row.unasked and not packaged
        yield Check("builder", usual, "a builder of the table, or one asked for by name", found)
    if expected.tagged_builder:
        held = uris.at_ref(built.names[0]).at_version_tag
        yield Check("tagged_builder", held, "a tag like v1.2.3", found)
    if expected.level is not None:
        yield Check("level", built.level >= expected.level, f"at least {expected.level}", str(built.level))


def about_build(said: Provenance, expected: Expectations) -> Iterator[Check]:
    """Yield what is asked of how it was built."""
    yield from one_of("build_type", expected.build_types, said.build_type)
    if expected.parameters is not None:
        yield from _parameters(said.parameters, expected.parameters)


def about_package(packages: Sequence[Package | None], expected: Expectations) -> Iterator[Check]:
    """Yield what is asked of the package: every subject that is the artifact must name it."""
    if expected.package is not None:
        wanted = uris.package(expected.package)
        held = bool(packages) and all(
            each is not None
            and (each.name == expected.package if wanted is None else each.is_named_as(wanted))
            for each in packages
        )
        yield Check("package", held, expected.package, listed({each and each.name for each in packages}))
    if expected.version is not None:
        versions = {each and each.version for each in packages}
        yield Check("version", versions == {expected.version}, expected.version, listed(versions))


def _parameters(said: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Iterator[Check]:
    if said is None:
        yield Check("parameters", held=False, expected="external parameters", found="none stated")
        return
    try:
        found = parameters.flattened(said)
    except EvidenceRefused as refused:
        yield Check("parameters", held=False, expected="parameters within bounds", found=refused.words)
        return
    for path in sorted({*found, *wanted}):
        known, there = path in wanted, path in found
        # True and 1 are equal in Python, and not the same parameter.
        held = known and there and (type(found[path]), found[path]) == (type(wanted[path]), wanted[path])
        asked = repr(wanted[path]) if known else "no such parameter"
        yield Check(f"parameters.{path}", held, asked, repr(found[path])[:200] if there else "none")
