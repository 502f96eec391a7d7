"""Holding verified provenance against expectations: a list of what held and what did not."""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from domain import predicates
from domain.digest import Digest
from domain.expectations import uris
from domain.expectations.about_build import about_build, about_builder, about_package
from domain.expectations.builders import BuilderRow, built_by
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Check, Checked, listed, one_of, same
from domain.expectations.origin import Agreement, Origin, origin
from domain.expectations.stated import stated_source
from domain.provenance import Provenance
from domain.statement import Subject
from domain.verification import CertificateSigner, Signer, Verified
from domain.workload import Workload, of_signer


def check(
    verified: Verified,
    subjects: Sequence[Subject],
    expected: Expectations,
    table: Sequence[BuilderRow],
    *,
    instance: str | None,
    uploaders: Sequence[Workload] = (),
) -> Checked:
    """Hold *verified* against *expected*; *table* says which builders count for what.

    *subjects*: those of the statement that are the artifact asked about (`statement.matching`). What it
    says of others says nothing about this one; when there are none, it does not hold.
    *instance*: whose root verified it, when that is known. *uploaders*: the runs that handed it in.
    """
    said = None if verified.statement is None else predicates.read(verified.statement)
    if not isinstance(said, Provenance):
        found = Check("provenance", held=False, expected="SLSA provenance", found=_kind(said))
        return Checked((found,), level=None, origin=None, builder=None)
    built = built_by(verified, said, table, instance=instance)
    proven = of_signer(verified.signer)
    origins = origin(uploaders, proven, stated_source(said))
    packages = [uris.package(subject.name) for subject in subjects]
    checks = (
        *_about_subject(subjects),
        *_about_source(proven, expected),
        *_about_named_source(said, expected),
        *_about_origin(origins, expected),
        *_about_ref(proven, expected),
        *about_builder(any(packages), built, expected),
        *_about_signer(verified.signer, expected),
        *_about_root(verified.root, instance, expected),
        *about_build(said, expected),
        *about_package(packages, expected),
    )
    return Checked(checks, built.level, origins, said.builder)


def may_hold(signer: Signer, root: Digest, expected: Expectations, *, instance: str | None) -> bool:
    """Say whether who signed, under which *root*, leaves it open that all of *expected* holds."""
    proven = of_signer(signer)
    checks = (
        *_about_source(proven, expected),
        *_about_ref(proven, expected),
        *_about_signer(signer, expected),
        *_about_root(root, instance, expected),
    )
    return all(each.held for each in checks)


def source_of(signer: Signer) -> str | None:
    """Return the repository that the certificate of *signer* proves; None when it proves none."""
    return of_signer(signer).repository


def _about_subject(subjects: Collection[Subject]) -> Iterator[Check]:
    """Yield the check that fails when the statement does not speak of the artifact at all."""
    if not subjects:
        yield Check("subject", held=False, expected="the artifact", found="none of its subjects")


def _about_source(proven: Workload, expected: Expectations) -> Iterator[Check]:
    if expected.source is not None:
        yield from same("source", uris.repository(expected.source), proven.repository)
    yield from same("owner_id", expected.owner_id, proven.owner_id)
    yield from same("repository_id", expected.repository_id, proven.repository_id)
    yield from same("commit", expected.commit, proven.commit)


def _about_named_source(said: Provenance, expected: Expectations) -> Iterator[Check]:
    """Yield the check that provenance does not contradict the certificate, which is what counts."""
    if expected.source is not None:
        wanted, named = uris.repository(expected.source), _named_sources(said)
        yield Check("source-in-provenance", not named or wanted in named, wanted, listed(named))


def _about_origin(found: Origin, expected: Expectations) -> Iterator[Check]:
    """Yield whether uploader, signer and provenance name one repository, and one commit."""
    if expected.same_source:
        yield _agreeing("repository", found.repository.agreement, found)
        yield _agreeing("commit", found.commit.agreement, found)


def _agreeing(what: Literal["repository", "commit"], found: Agreement, origin: Origin) -> Check:
    held, wanted = found is Agreement.SAME, "the same of uploader, signer and provenance"
    return Check(f"same_source.{what}", held, wanted, f"{found}: {origin.told(what)}")


def _about_ref(proven: Workload, expected: Expectations) -> Iterator[Check]:
    tag = uris.tag_of(proven.ref)
    yield from same("ref", expected.ref, proven.ref)
    yield from same("branch", expected.branch, uris.branch_of(proven.ref))
    yield from same("tag", expected.tag, tag)
    if expected.versioned_tag is not None:
        held = uris.within_version(tag, expected.versioned_tag)
        yield Check("versioned_tag", held, expected.versioned_tag, tag or "none")


def _about_signer(signer: Signer, expected: Expectations) -> Iterator[Check]:
    proven = of_signer(signer)
    identity = signer.identity if isinstance(signer, CertificateSigner) else None
    yield from same("identity", expected.identity, identity)
    yield from same("issuer", expected.issuer, proven.issuer)
    yield from one_of("trigger", expected.triggers, proven.trigger)
    yield from same("runner", expected.runner, proven.runner)


def _about_root(root: Digest, instance: str | None, expected: Expectations) -> Iterator[Check]:
    yield from same("root", None if expected.root is None else expected.root.text, root.text)
    yield from same("instance", expected.instance, instance)


def _named_sources(said: Provenance) -> set[str]:
    """Return the repositories that provenance names: its source, or where it has none its materials."""
    materials = said.materials if said.source is None else (said.source,)
    return {uris.repository(material.uri) for material in materials if material.uri is not None}


def _kind(said: object) -> str:
    return "no statement" if said is None else type(said).__name__.lower()
