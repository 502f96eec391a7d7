"""What is asked of provenance, and what held."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from adapters.evidence import builder_table
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Format, Identity
from domain.expectations import parameters, uris
from domain.expectations.builders import GITHUB_ACTIONS, BuilderRow, Names
from domain.expectations.checked import check
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Checked
from domain.statement import Statement, Subject
from domain.trust_root import PUBLIC_GOOD
from domain.verification import (
    CertificateSigner,
    Engine,
    KeySigner,
    TimeSource,
    TrustedTime,
    Verified,
)

SOURCE = "https://github.com/acme/payments"
WORKFLOW = f"{SOURCE}/.github/workflows/release.yml@refs/tags/v1.4.0"
GENERATOR = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows"
SHIPPED = files("policies") / "builders" / "default.json"
TABLE = builder_table.read(SHIPPED.read_bytes())
SIGNER = CertificateSigner(
    fingerprint=Digest.of(b"certificate"),
    identity=WORKFLOW,
    identity_kind="uri",
    issuer=GITHUB_ACTIONS,
    runner_environment="github-hosted",
    source_repository_uri=SOURCE,
    source_repository_digest="a" * 40,
    source_repository_ref="refs/tags/v1.4.0",
    source_repository_id="41",
    source_repository_owner_id="7",
    build_trigger="push",
)
PARAMETERS = {"workflow": {"ref": "refs/tags/v1.4.0", "repository": SOURCE}, "debug": False}


def attested(signer: Any = SIGNER, builder: str = WORKFLOW, **changes: Any) -> Verified:
    said = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": changes.pop("parameters", PARAMETERS),
            "resolvedDependencies": [
                {
                    "uri": f"git+{changes.pop('says', SOURCE)}@refs/tags/v1.4.0",
                    "digest": {"gitCommit": "a" * 40},
                }
            ],
        },
        "runDetails": {"builder": {"id": builder}},
    }
    subjects = (Subject(changes.pop("subject", "payments.whl"), (("sha256", "b" * 64),)),)
    made = Verified(
        file=Digest.of(b"file"),
        place=0,
        format=Format.SIGSTORE_BUNDLE,
        identity=Identity(Digest.of(b"pae"), Digest.of(b"certificate"), Digest.of(b"signature")),
        engine=Engine.SIGSTORE,
        root=Digest.of(b"root"),
        signer=signer,
        times=(TrustedTime(datetime(2026, 8, 14, tzinfo=UTC), TimeSource.LOG),),
        log=None,
        subjects=subjects,
        statement=Statement(
            "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1", subjects, said
        ),
    )
    return replace(made, **changes)


def judged(made: Verified, expected: Expectations, table: Any) -> Checked:
    return about(made, made.subjects, expected, table)


def about(
    made: Verified,
    subjects: Any,
    expected: Expectations,
    table: Any = TABLE,
    instance: str | None = PUBLIC_GOOD,
) -> Checked:
    return check(made, subjects, expected, table, instance=instance)


def failed(checked: Checked) -> list[str]:
    return [each.name for each in checked.checks if not each.held]


ALL = Expectations(
    source="github.com/acme/payments",
    owner_id="7",
    repository_id="41",
    commit="a" * 40,
    ref="refs/tags/v1.4.0",
    tag="v1.4.0",
    versioned_tag="v1",
    identity=WORKFLOW,
    issuer=GITHUB_ACTIONS,
    builder=WORKFLOW.partition("@")[0],
    tagged_builder=True,
    build_types=frozenset({"https://actions.github.io/buildtypes/workflow/v1"}),
    triggers=frozenset({"push", "release"}),
    runner="github-hosted",
    parameters={"workflow.ref": "refs/tags/v1.4.0", "workflow.repository": SOURCE, "debug": False},
    level=2,
)


def test_what_is_as_expected_holds_in_full() -> None:
    checked = judged(attested(), ALL, TABLE)
    assert (failed(checked), checked.held, checked.level) == ([], True, 2)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"source_repository_uri": f"{SOURCE}-fork"}, ["source"]),
        ({"source_repository_uri": "https://github.com/Acme/payments"}, ["source"]),
        ({"source_repository_owner_id": "8"}, ["owner_id"]),
        ({"source_repository_id": None}, ["repository_id"]),
        ({"source_repository_digest": "c" * 40}, ["commit"]),
        ({"source_repository_ref": "refs/heads/main"}, ["ref", "tag", "versioned_tag"]),
        ({"build_trigger": "pull_request_target"}, ["trigger"]),
        ({"runner_environment": "self-hosted"}, ["level", "runner"]),
        ({"issuer": "https://token.example"}, ["builder", "level", "issuer"]),
    ],
)
def test_a_certificate_that_says_otherwise_fails_where_it_does(
    changed: dict[str, str | None], names: list[str]
) -> None:
    assert failed(judged(attested(replace(SIGNER, **changed)), ALL, TABLE)) == names  # type: ignore[arg-type]  # all of them are texts


def test_a_pinned_key_proves_nothing_about_the_run() -> None:
    signed = attested(KeySigner(fingerprint=Digest.of(b"key")))
    assert {"source", "owner_id", "commit", "builder", "runner", "level"} <= set(
        failed(judged(signed, ALL, TABLE))
    )


def test_a_pinned_key_builds_at_the_level_its_row_gives() -> None:
    key = Digest.of(b"key")
    row = BuilderRow(signer=str(key), root=Digest.of(b"root"), builder="https://ci.example", level=3)
    signed = attested(KeySigner(fingerprint=key), builder="https://ci.example")
    asked = Expectations(builder="https://ci.example", level=3)
    assert judged(signed, asked, (row,)).held
    assert not judged(replace(signed, root=Digest.of(b"another")), asked, (row,)).held


def test_provenance_may_not_name_another_source_than_the_certificate() -> None:
    assert failed(judged(attested(says=f"{SOURCE}-upstream"), ALL, TABLE)) == ["source-in-provenance"]


@pytest.mark.parametrize(
    "said",
    [
        {**PARAMETERS, "skip_tests": True},
        {**PARAMETERS, "debug": 0},
        {**PARAMETERS, "debug": None},
        {"workflow": PARAMETERS["workflow"]},
        {"workflow.ref": "refs/tags/v1.4.0", "workflow": {"repository": SOURCE}, "debug": False},
        {**PARAMETERS, "": "--backdoor"},
        {"": {**PARAMETERS, "debug": True}, **PARAMETERS},
        {**PARAMETERS, "": {}},
        {**PARAMETERS, "many": [0] * 2000},
        {**PARAMETERS, "a long name" * 100: {"a": 1}},
        {"workflow": {"ref": ["refs/tags/v1.4.0"], "repository": SOURCE}, "debug": False},
        None,
    ],
)
def test_every_external_parameter_must_be_known_and_equal(said: Any) -> None:
    assert not judged(attested(parameters=said), ALL, TABLE).held


def test_a_builder_that_was_only_claimed_does_not_count() -> None:
    claimed = attested(builder=f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0")
    asked = Expectations(builder=f"{GENERATOR}/builder_go_slsa3.yml")
    checked = judged(claimed, asked, TABLE)
    assert (failed(checked), checked.level) == (["builder"], 1)
    assert "which nothing proves" in checked.checks[0].found


@pytest.mark.parametrize(
    ("signer", "builder", "level"),
    [
        ("builder_go_slsa3.yml@refs/tags/v2.1.0", "builder_go_slsa3.yml@refs/tags/v2.1.0", 3),
        ("builder_go_slsa3.yml@refs/heads/main", "builder_go_slsa3.yml@refs/heads/main", 2),
        ("builder_go_slsa3.yml@refs/tags/v2.1.0-rc.0", "builder_go_slsa3.yml@refs/tags/v2.1.0-rc.0", 2),
        ("builder_go_slsa3.yml@refs/tags/v2", "builder_go_slsa3.yml@refs/tags/v2", 2),
        ("delegator_generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2.1.0", 3),
        ("delegator_generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/heads/main", 1),
        ("delegator_generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2", 1),
        ("delegator_generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2.1.0-rc.0", 1),
        ("delegator_generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml", 1),
        ("delegator_lowperms-generic_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2", 1),
        ("delegator_generic_slsa3.yml@refs/heads/main", "builder_maven_slsa3.yml@refs/tags/v2.1.0", 1),
        ("builder_go_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2.1.0", 1),
    ],
)
def test_the_level_follows_who_signed(signer: str, builder: str, level: int) -> None:
    made = attested(replace(SIGNER, identity=f"{GENERATOR}/{signer}"), builder=f"{GENERATOR}/{builder}")
    assert judged(made, Expectations(), TABLE).level == level


def test_a_builder_that_a_delegator_names_must_be_at_a_version_even_when_it_is_asked_for() -> None:
    delegator = f"{GENERATOR}/delegator_generic_slsa3.yml@refs/tags/v2.1.0"
    builder = "https://github.com/acme/builder/.github/workflows/build.yml"
    for ref, held in (("refs/tags/v1.0.0", True), ("refs/tags/v1", False), ("refs/heads/main", False)):
        made = attested(replace(SIGNER, identity=delegator), builder=f"{builder}@{ref}")
        for asked in (builder, f"{builder}@{ref}"):
            assert judged(made, Expectations(builder=asked), TABLE).held is held


@pytest.mark.parametrize(
    ("instance", "workflow", "level"),
    [
        (PUBLIC_GOOD, f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0", 3),
        ("github", f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0", 2),
        ("private", f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0", 1),
        (None, f"{GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0", 1),
        ("github", WORKFLOW, 2),
        ("private", WORKFLOW, 1),
        (None, WORKFLOW, 1),
    ],
)
def test_a_builder_counts_under_the_instance_that_the_table_names(
    instance: str | None, workflow: str, level: int
) -> None:
    made = attested(replace(SIGNER, identity=workflow), builder=workflow)
    checked = about(made, made.subjects, Expectations(builder=workflow), instance=instance)
    assert (checked.level, checked.held) == (level, level > 1)


def test_a_row_may_name_the_one_root_it_counts_under_and_otherwise_counts_under_none() -> None:
    made = attested()
    (row,) = (BuilderRow(signer=WORKFLOW.partition("@")[0], level=3),)
    own, other = Digest.of(b"root"), Digest.of(b"another")
    for bound, level in (
        (row, 1),
        (replace(row, root=own), 3),
        (replace(row, root=other), 1),
        (replace(row, instance="acme"), 3),
        (replace(row, instance="acme", root=other), 1),
        (replace(row, instance="other", root=own), 1),
    ):
        assert about(made, made.subjects, Expectations(), (bound,), instance="acme").level == level


def test_a_root_can_be_asked_for() -> None:
    made = attested()
    for asked, names in (
        (Expectations(root=made.root, instance=PUBLIC_GOOD), []),
        (Expectations(root=Digest.of(b"another"), instance="github"), ["instance", "root"]),
    ):
        found = failed(judged(made, replace(asked, builder=WORKFLOW), TABLE))
        assert sorted(found) == names


def test_a_platform_goes_by_what_the_certificate_says_it_ran_on() -> None:
    made = attested(builder="https://github.com/actions/runner")
    hosted = Expectations(builder="https://github.com/actions/runner/github-hosted")
    assert judged(made, hosted, TABLE).held
    own = replace(SIGNER, runner_environment="self-hosted")
    assert not judged(attested(own, builder="https://github.com/actions/runner"), hosted, TABLE).held


def test_nobody_builds_a_package_as_a_matter_of_course() -> None:
    signer = replace(SIGNER, identity=f"{GENERATOR}/builder_nodejs_slsa3.yml@refs/tags/v2.1.0")
    made = attested(signer, builder=signer.identity)
    packaged = attested(signer, builder=signer.identity, subject="pkg:npm/%40acme/payments@1.4.0")
    assert judged(made, Expectations(), TABLE).held
    assert failed(judged(packaged, Expectations(), TABLE)) == ["builder"]
    named = Expectations(builder=signer.identity, package="@acme/payments", version="1.4.0")
    assert judged(packaged, named, TABLE).held
    assert failed(judged(packaged, replace(named, version="1.4.1"), TABLE)) == ["version"]


def test_what_is_said_of_another_subject_says_nothing_of_this_one() -> None:
    signer = replace(SIGNER, identity=f"{GENERATOR}/builder_nodejs_slsa3.yml@refs/tags/v2.1.0")
    made = attested(signer, builder=signer.identity, subject="pkg:npm/%40acme/payments@1.4.0")
    asked = Expectations(builder=signer.identity, package="pkg:npm/@acme/payments", version="1.4.0")
    other = Subject("payments.bin", (("sha256", "c" * 64),))
    assert about(made, made.subjects, asked).held
    assert failed(about(made, [other], asked)) == ["package", "version"]
    assert failed(about(made, [*made.subjects, other], asked)) == ["package", "version"]
    assert failed(about(made, (), asked)) == ["subject", "package", "version"]
    assert failed(judged(made, replace(asked, package="pkg:pypi/@acme/payments"), TABLE)) == ["package"]


def test_without_a_subject_that_is_the_artifact_nothing_holds() -> None:
    assert about(attested(), attested().subjects, ALL).held
    assert failed(about(attested(), (), ALL)) == ["subject"]


def test_no_two_parameters_have_one_path() -> None:
    said = {"a": {"0": 1, "": 2, ".": 3, "[0]": 4}, "a.0": 5, "b": [6, {"": 7}], "": {"a": 8}, '""': 9}
    assert sorted(parameters.flattened(said).values()) == list(range(1, 10))
    assert parameters.flattened({"b": ["x"], "c": {"": {}}}) == {"b[0]": "x", 'c.""': {}}


def test_something_else_than_provenance_is_none() -> None:
    made = attested()
    assert made.statement is not None
    other = replace(
        made, statement=replace(made.statement, predicate_type="https://slsa.dev/provenance/v1.0")
    )
    assert [(each.name, each.found) for each in judged(other, ALL, TABLE).checks] == [
        ("provenance", "unknown")
    ]
    assert not judged(replace(made, statement=None), Expectations(), TABLE).held


@pytest.mark.parametrize(
    ("tag", "wanted", "held"),
    [
        ("v13.0.30", "v13", True),
        ("v13.0.30", "v13.0", True),
        ("v13.0.30", "v13.0.30", True),
        ("v13.0.30", "v13.0.3", False),
        ("v13.0.30", "v1", False),
        ("v14", "v14.0", True),
        ("v14", "v14.1", False),
        ("v14.2", "v14.2.1", False),
        ("v13.1.0-rc.1", "v13", False),
        ("v13.1.0-rc.1", "v13.1.0-rc.1", True),
        ("v013.1", "v13", False),
        ("13.1", "v13", False),
        ("v13.1.2.3", "v13", False),
        (None, "v13", False),
    ],
)
def test_a_version_allows_what_follows_it(tag: str | None, wanted: str, held: bool) -> None:
    assert uris.within_version(tag, wanted) is held


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"builders": {}}',
        b'{"builders": [{}]}',
        b'{"builders": [{"signer": "x", "levle": 3}]}',
        b'{"builders": [{"signer": "x", "level": true}]}',
        b'{"builders": [{"signer": "x", "level": 4}]}',
        b'{"builders": [{"signer": "x", "names": "anyone"}]}',
        b'{"builders": [{"signer": "x", "names": "platform"}]}',
        b'{"builders": [{"signer": "x", "signer": "y"}]}',
        b'{"builders": [{"signer": "x", "root": "sha1:ab"}]}',
        b'{"builders": [{"signer": "https://github.com/*"}]}',
        b'{"builders": [{"signer": "https://github.com/*", "instance": ""}]}',
        b'{"builders": [{"signer": "https://github.com/*", "instance": "Two Words"}]}',
    ],
)
def test_a_slip_in_the_table_is_refused(text: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        builder_table.read(text)


def test_a_row_may_say_everything() -> None:
    row = (
        b'{"builders": [{"root": "sha256:'
        + b"0" * 64
        + b'", "instance": "acme", "signer": "x", "issuer": "y", "names": "others",'
        b' "builder": "z*", "version_tag": false, "hosted": false, "unasked": true, "level": 2}]}'
    )
    (read,) = builder_table.read(row)
    assert read == BuilderRow(
        root=Digest(f"sha256:{'0' * 64}"),
        instance="acme",
        signer="x",
        issuer="y",
        names=Names.OTHERS,
        builder="z*",
        version_tag=False,
        hosted=False,
        unasked=True,
        level=2,
    )
