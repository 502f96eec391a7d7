"""Holding verified provenance against expectations: a list of what held and what did not."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain import predicates
from domain.digest import Digest
from domain.evidence import EvidenceRefused
from domain.expectations import parameters, uris
from domain.expectations.builders import BuilderRow, Built, built_by
from domain.expectations.expected import Expectations
from domain.expectations.uris import Package
from domain.provenance import Provenance
from domain.statement import Subject
from domain.verification import CertificateSigner, Signer, Verified


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was asked for, and what was found."""

    name: str
    """Of the expectation: `source`, `versioned_tag`, `parameters`, …"""
    held: bool
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that was asked for, in a fixed order."""

    checks: tuple[Check, ...]
    level: int | None
    """The SLSA build level; None when there is no provenance."""

    @property
    def held(self) -> bool:
        """Whether all of it held."""
        return all(check.held for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Proven:
    """What the certificate proves of the run that signed; a pinned key proves none of it."""

    identity: str | None = None
    issuer: str | None = None
    source: str | None = None
    owner_id: str | None = None
    repository_id: str | None = None
    commit: str | None = None
    ref: str | None = None
    trigger: str | None = None
    runner: str | None = None


def check(
    verified: Verified,
    subjects: Sequence[Subject],
    expected: Expectations,
    table: Sequence[BuilderRow],
    *,
    instance: str | None,
) -> Checked:
    """Hold *verified* against *expected*; *table* says which builders count for what.

    *subjects*: those of the statement that are the artifact asked about (`statement.matching`). What it
    says of others says nothing about this one; when there are none, it does not hold.
    *instance*: whose root verified it, when that is known.
    """
    said = None if verified.statement is None else predicates.read(verified.statement)
    if not isinstance(said, Provenance):
        return Checked(
            (Check("provenance", held=False, expected="SLSA provenance", found=_kind(said)),), None
        )
    built = built_by(verified, said, table, instance=instance)
    proven = _proven(verified.signer)
    packages = [uris.package(subject.name) for subject in subjects]
    checks = (
        *_about_subject(subjects),
        *_about_source(proven, expected),
        *_about_named_source(said, expected),
        *_about_ref(proven, expected),
        *_about_builder(any(packages), built, expected),
        *_about_signer(proven, expected),
        *_about_root(verified.root, instance, expected),
        *_about_build(said, expected),
        *_about_package(packages, expected),
    )
    return Checked(checks, built.level)


def may_hold(signer: Signer, root: Digest, expected: Expectations, *, instance: str | None) -> bool:
    """Say whether who signed, under which *root*, leaves it open that all of *expected* holds."""
    proven = _proven(signer)
    checks = (
        *_about_source(proven, expected),
        *_about_ref(proven, expected),
        *_about_signer(proven, expected),
        *_about_root(root, instance, expected),
    )
    return all(each.held for each in checks)


def source_of(signer: Signer) -> str | None:
    """Return the repository that the certificate of *signer* proves; None when it proves none."""
    return _proven(signer).source


def _proven(signer: Signer) -> _Proven:
    """Read the certificate; those from before 2023 have GitHub's own fields alone."""
    if not isinstance(signer, CertificateSigner):
        return _Proven()
    old = signer.github_workflow_repository
    return _Proven(
        identity=signer.identity,
        issuer=signer.issuer,
        source=signer.source_repository_uri or (old and f"https://github.com/{old}"),
        owner_id=signer.source_repository_owner_id,
        repository_id=signer.source_repository_id,
        commit=signer.source_repository_digest or signer.github_workflow_sha,
        ref=signer.source_repository_ref or signer.github_workflow_ref,
        trigger=signer.build_trigger or signer.github_workflow_trigger,
        runner=signer.runner_environment,
    )


def _about_subject(subjects: Collection[Subject]) -> Iterator[Check]:
    """Yield the check that fails when the statement does not speak of the artifact at all."""
    if not subjects:
        yield Check("subject", held=False, expected="the artifact", found="none of its subjects")


def _about_source(proven: _Proven, expected: Expectations) -> Iterator[Check]:
    if expected.source is not None:
        yield from _same("source", uris.repository(expected.source), proven.source)
    yield from _same("owner_id", expected.owner_id, proven.owner_id)
    yield from _same("repository_id", expected.repository_id, proven.repository_id)
    yield from _same("commit", expected.commit, proven.commit)


def _about_named_source(said: Provenance, expected: Expectations) -> Iterator[Check]:
    """Yield the check that provenance does not contradict the certificate, which is what counts."""
    if expected.source is not None:
        wanted, named = uris.repository(expected.source), _named_sources(said)
        yield Check("source-in-provenance", not named or wanted in named, wanted, _listed(named))


def _about_ref(proven: _Proven, expected: Expectations) -> Iterator[Check]:
    tag = uris.tag_of(proven.ref)
    yield from _same("ref", expected.ref, proven.ref)
    yield from _same("branch", expected.branch, uris.branch_of(proven.ref))
    yield from _same("tag", expected.tag, tag)
    if expected.versioned_tag is not None:
        held = uris.within_version(tag, expected.versioned_tag)
        yield Check("versioned_tag", held, expected.versioned_tag, tag or "none")


def _about_builder(packaged: bool, built: Built, expected: Expectations) -> Iterator[Check]:
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


def _about_signer(proven: _Proven, expected: Expectations) -> Iterator[Check]:
    yield from _same("identity", expected.identity, proven.identity)
    yield from _same("issuer", expected.issuer, proven.issuer)
    yield from _one_of("trigger", expected.triggers, proven.trigger)
    yield from _same("runner", expected.runner, proven.runner)


def _about_root(root: Digest, instance: str | None, expected: Expectations) -> Iterator[Check]:
    yield from _same("root", None if expected.root is None else expected.root.text, root.text)
    yield from _same("instance", expected.instance, instance)


def _about_build(said: Provenance, expected: Expectations) -> Iterator[Check]:
    yield from _one_of("build_type", expected.build_types, said.build_type)
    if expected.parameters is not None:
        yield from _parameters(said.parameters, expected.parameters)


def _about_package(packages: Sequence[Package | None], expected: Expectations) -> Iterator[Check]:
    """Yield what is asked of the package: every subject that is the artifact must name it."""
    if expected.package is not None:
        wanted = uris.package(expected.package)
        held = bool(packages) and all(
            each is not None
            and (each.name == expected.package if wanted is None else each.is_named_as(wanted))
            for each in packages
        )
        yield Check("package", held, expected.package, _listed({each and each.name for each in packages}))
    if expected.version is not None:
        versions = {each and each.version for each in packages}
        yield Check("version", versions == {expected.version}, expected.version, _listed(versions))


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


def _named_sources(said: Provenance) -> set[str]:
    """Return the repositories that provenance names: its source, or where it has none its materials."""
    materials = said.materials if said.source is None else (said.source,)
    return {uris.repository(material.uri) for material in materials if material.uri is not None}


def _same(name: str, wanted: str | None, found: str | None) -> Iterator[Check]:
    if wanted is not None:
        yield Check(name, found == wanted, wanted, found or "none")


def _one_of(name: str, wanted: frozenset[str] | None, found: str | None) -> Iterator[Check]:
    if wanted is not None:
        yield Check(name, found in wanted, " or ".join(sorted(wanted)) or "none", found or "none")


def _kind(said: object) -> str:
    return "no statement" if said is None else type(said).__name__.lower()


def _listed(names: Collection[Any]) -> str:
    return ", ".join(sorted(str(name) for name in names)) or "none"
