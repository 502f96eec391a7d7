"""Who handed it in, who signed it, what it says: the same only where it is known to be."""

from dataclasses import replace
from typing import Any

import pytest

from domain import predicates, provenance, repository
from domain.expectations.origin import Agreement, Origin, origin, same_commit, same_repository
from domain.expectations.stated import MATERIALS_MAX, stated_source
from domain.provenance import Provenance
from domain.statement import Statement
from domain.workload import Workload

SAME, DIFFERS, UNKNOWN = Agreement.SAME, Agreement.DIFFERS, Agreement.UNKNOWN
ISSUER = "https://token.actions.githubusercontent.com"
SOURCE = "https://github.com/acme/app"
ONE, OTHER = "a" * 40, "b" * 40
RUN = Workload(issuer=ISSUER, repository=SOURCE, repository_id="41", commit=ONE)
SAID = Workload(repository=SOURCE, commit=ONE)

SPELLINGS = {
    "git+https": ("git+https://github.com/acme/app", SAME),
    "with .git": ("https://github.com/acme/app.git", SAME),
    "with .git and a slash": ("https://github.com/acme/app.git/", SAME),
    "with a ref": ("git+https://github.com/acme/app@refs/tags/v1", SAME),
    "with a commit": (f"git+https://github.com/acme/app.git@{ONE}", SAME),
    "another case of the host": ("https://GitHub.COM/acme/app", SAME),
    "the usual port": ("https://github.com:443/acme/app", SAME),
    "a dot behind the host": ("https://github.com./acme/app", SAME),
    "a user": ("https://ci@github.com/acme/app", SAME),
    "by ssh": ("ssh://git@github.com/acme/app.git", SAME),
    "as scp has it": ("git@github.com:acme/app.git", SAME),
    "without a scheme": ("github.com/acme/app", SAME),
    "another case of the name": ("https://github.com/Acme/app", DIFFERS),
    "another name": ("https://github.com/acme/app-fork", DIFFERS),
    "a name that goes on": ("https://github.com/acme/app/sub", DIFFERS),
    "another host": ("https://gitlab.com/acme/app", DIFFERS),
    "the host as a user": ("https://github.com@evil.example/acme/app", DIFFERS),
    "the host in front": ("https://github.com.evil.example/acme/app", DIFFERS),
    "another port": ("https://github.com:8443/acme/app", DIFFERS),
    "up and down again": ("https://github.com/mallory/../acme/app", UNKNOWN),
    "escaped": ("https://github.com/acme%2Fapp", UNKNOWN),
    "a query": ("https://github.com/acme/app?x=mallory", UNKNOWN),
    "two slashes": ("https://github.com//acme//app", UNKNOWN),
    "no host": ("file:///acme/app", UNKNOWN),
    "a package": ("pkg:github/acme/app", UNKNOWN),
    "another alphabet": ("https://github.com/\u0430cme/app", UNKNOWN),
    "a broken port": ("https://github.com:x/acme/app", UNKNOWN),
    "a broken host": ("https://[github.com/acme/app", UNKNOWN),
    "nothing": ("", UNKNOWN),
    "without end": (f"https://github.com/acme/{'a' * 1000}", UNKNOWN),
}


@pytest.mark.parametrize(("text", "found"), SPELLINGS.values(), ids=SPELLINGS)
def test_an_address_has_many_spellings(text: str, found: Agreement) -> None:
    assert same_repository(RUN, Workload(repository=text)) is found
    assert same_repository(Workload(repository=text), RUN) is found


def test_a_user_in_an_address_is_not_shown() -> None:
    assert str(repository.read("https://token:secret@github.com/acme/app")) == SOURCE


REPOSITORIES = {
    "itself": (RUN, SAME),
    "renamed, the number stays": (replace(RUN, repository=f"{SOURCE}-new"), SAME),
    "the name taken by another": (replace(RUN, repository_id="66"), DIFFERS),
    "the number on one side, the same name": (replace(RUN, repository_id=None), SAME),
    "the number on one side, another name": (
        replace(RUN, repository=f"{SOURCE}-new", repository_id=None),
        DIFFERS,
    ),
    "a number without a name": (replace(RUN, repository=None), UNKNOWN),
    "the same number elsewhere": (replace(RUN, repository="https://gitlab.com/acme/app"), DIFFERS),
    "the name by another issuer": (replace(RUN, issuer="https://ci.example"), UNKNOWN),
    "another number by another issuer": (
        replace(RUN, issuer="https://ci.example", repository_id="66"),
        DIFFERS,
    ),
    "nothing known": (Workload(), UNKNOWN),
    "an issuer alone": (Workload(issuer=ISSUER), UNKNOWN),
}


@pytest.mark.parametrize(("other", "found"), REPOSITORIES.values(), ids=REPOSITORIES)
def test_numbers_beat_names(other: Workload, found: Agreement) -> None:
    assert same_repository(RUN, other) is found
    assert same_repository(other, RUN) is found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (ONE, ONE, SAME),
        (ONE, OTHER, DIFFERS),
        (ONE, None, UNKNOWN),
        (None, None, UNKNOWN),
        (ONE, "c" * 64, UNKNOWN),
        (ONE, ONE[:12], UNKNOWN),
        ("HEAD", "HEAD", UNKNOWN),
        (ONE.upper(), ONE.upper(), UNKNOWN),
    ],
)
def test_commits_are_compared_whole(one: str | None, other: str | None, found: Agreement) -> None:
    assert same_commit(Workload(commit=one), Workload(commit=other)) is found


def both(found: Origin) -> tuple[Agreement, Agreement]:
    return found.repository.agreement, found.commit.agreement


ORIGINS: dict[str, tuple[tuple[Workload, Workload, Workload], tuple[Agreement, Agreement]]] = {
    "one run": ((RUN, RUN, SAID), (SAME, SAME)),
    "somebody else hands it in": (
        (replace(RUN, repository=f"{SOURCE}-fork", repository_id="66", commit=OTHER), RUN, SAID),
        (DIFFERS, DIFFERS),
    ),
    "somebody else signs it": (
        (RUN, replace(RUN, repository=f"{SOURCE}-fork", repository_id="66"), SAID),
        (DIFFERS, SAME),
    ),
    "it says something else": ((RUN, RUN, replace(SAID, repository=f"{SOURCE}-fork")), (DIFFERS, SAME)),
    "it says another commit": ((RUN, RUN, replace(SAID, commit=OTHER)), (SAME, DIFFERS)),
    "another commit of one repository": ((replace(RUN, commit=OTHER), RUN, SAID), (SAME, DIFFERS)),
    "nobody knows who handed it in": ((Workload(), RUN, SAID), (UNKNOWN, UNKNOWN)),
    "a key signed it": ((RUN, Workload(), SAID), (UNKNOWN, UNKNOWN)),
    "it says nothing": ((RUN, RUN, Workload()), (UNKNOWN, UNKNOWN)),
    "unknown does not hide what differs": (
        (RUN, Workload(), replace(SAID, repository=f"{SOURCE}-fork")),
        (DIFFERS, UNKNOWN),
    ),
    "renamed since it was signed": ((replace(RUN, repository=f"{SOURCE}-new"), RUN, SAID), (SAME, SAME)),
    "the name taken since it was signed": (
        (replace(RUN, repository_id="66"), RUN, SAID),
        (DIFFERS, SAME),
    ),
    "the number that it notes is another's": ((RUN, RUN, replace(SAID, repository_id="66")), (DIFFERS, SAME)),
}


@pytest.mark.parametrize(("three", "found"), ORIGINS.values(), ids=ORIGINS)
def test_all_three_have_one_origin(
    three: tuple[Workload, Workload, Workload], found: tuple[Agreement, Agreement]
) -> None:
    uploader, signer, said = three
    assert both(origin([uploader], signer, said)) == found


def test_of_several_who_handed_it_in_the_one_counts_that_signed_it() -> None:
    mallory = replace(RUN, repository=f"{SOURCE}-fork", repository_id="66", commit=OTHER)
    found = origin([mallory, RUN], RUN, SAID)
    assert (both(found), found.uploader) == ((SAME, SAME), RUN)
    assert origin([mallory], RUN, SAID).uploader == mallory
    assert origin([], RUN, SAID).uploader == Workload()


def test_what_is_unknown_is_better_than_what_differs() -> None:
    mallory = replace(RUN, repository_id="66")
    assert origin([mallory, Workload()], RUN, SAID).uploader == Workload()


# -- what a statement says


def read(predicate_type: str, said: dict[str, Any]) -> Provenance:
    found = predicates.read(Statement("https://in-toto.io/Statement/v1", predicate_type, (), said))
    assert isinstance(found, Provenance)
    return found


def v1(*dependencies: dict[str, Any], noted: object = None, **parameters: Any) -> Provenance:
    definition = {
        "buildType": "t",
        "externalParameters": parameters,
        "internalParameters": noted,
        "resolvedDependencies": list(dependencies),
    }
    return read(provenance.V1, {"buildDefinition": definition, "runDetails": {"builder": {"id": "b"}}})


def v0_2(source: dict[str, Any], **environment: str) -> Provenance:
    invocation = {"configSource": source, "environment": environment}
    return read(
        provenance.V0_2,
        {"builder": {"id": "b"}, "buildType": "t", "invocation": invocation, "materials": []},
    )


GIT = {"uri": f"git+{SOURCE}@refs/heads/main", "digest": {"gitCommit": ONE}}
BASE = {"uri": "pkg:docker/python@3.11", "digest": {"sha256": "d" * 64}}
LIBRARY = {"uri": "git+https://github.com/acme/lib", "digest": {"gitCommit": OTHER}}
WORKFLOW = {"repository": SOURCE, "ref": "refs/heads/main", "path": ".github/workflows/ci.yml"}
STATED: dict[str, tuple[Provenance, Workload]] = {
    "its only repository": (v1(GIT, BASE), SAID),
    "two repositories": (v1(GIT, LIBRARY), Workload()),
    "the one whose workflow it was": (v1(LIBRARY, GIT, workflow=WORKFLOW), SAID),
    "GitHub's number": (
        v1(GIT, noted={"github": {"repository_id": "41"}}, workflow=WORKFLOW),
        replace(SAID, repository_id="41"),
    ),
    "the generator's number": (
        v1(GIT, noted={"GITHUB_REPOSITORY_ID": "41"}),
        replace(SAID, repository_id="41"),
    ),
    "as GitLab writes it": (
        v1({"uri": SOURCE, "digest": {"sha256": ONE}}, source=SOURCE, entryPoint="build"),
        SAID,
    ),
    "a source with its digest": (v1(source={"uri": SOURCE, "digest": {"sha1": ONE}}), SAID),
    "a source that is a folder": (v1(GIT, source="src/"), SAID),
    "the source of v0.2": (v0_2({"uri": f"git+{SOURCE}", "digest": {"sha1": ONE}}), SAID),
    "the source of v0.2, with a number": (
        v0_2({"uri": f"git+{SOURCE}", "digest": {"sha1": ONE}}, github_repository_id="41"),
        replace(SAID, repository_id="41"),
    ),
    "a tag, which is no commit": (
        v1({"uri": SOURCE, "digest": {"gitTag": ONE}}),
        replace(SAID, commit=None),
    ),
    "a tree, which is no commit": (
        v1({"uri": SOURCE, "digest": {"gitTree": ONE}}),
        replace(SAID, commit=None),
    ),
    "an archive, which is no commit": (
        v1({"uri": SOURCE, "digest": {"sha256": "d" * 64}}),
        replace(SAID, commit=None),
    ),
    "two commits": (v1(GIT, {**GIT, "digest": {"gitCommit": OTHER}}), replace(SAID, commit=None)),
    "two names for a commit": (v1({"uri": SOURCE, "digest": {"gitCommit": ONE, "sha1": ONE}}), SAID),
    "a digest of another repository": (
        v1(LIBRARY, workflow=WORKFLOW),
        replace(SAID, commit=None),
    ),
    "a number that is none": (v1(GIT, noted={"github": {"repository_id": "acme"}}), SAID),
    "a number as a number": (
        v1(GIT, noted={"github": {"repository_id": 41}}),
        replace(SAID, repository_id="41"),
    ),
    "a commit that is none": (
        v1({"uri": SOURCE, "digest": {"gitCommit": "HEAD"}}),
        replace(SAID, commit=None),
    ),
    "more materials than are looked at": (v1(*[GIT] * (MATERIALS_MAX + 1)), Workload()),
    "more materials than that, and the source": (
        v1(*[GIT] * (MATERIALS_MAX + 1), source={"uri": SOURCE, "digest": {"sha1": ONE}}),
        SAID,
    ),
    "nothing": (v1(), Workload()),
    "odd parameters": (v1(source=7, workflow=["x"]), Workload()),
    "an odd workflow": (v1(GIT, workflow={"repository": 7}, noted={"github": 7}), SAID),
}


@pytest.mark.parametrize(("said", "found"), STATED.values(), ids=STATED)
def test_builders_state_their_source_in_different_places(said: Provenance, found: Workload) -> None:
    assert stated_source(said) == found
