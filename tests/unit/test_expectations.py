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
from domain.expectations.checked import Checked, check
from domain.expectations.expected import Expectations
from domain.statement import Statement, Subject
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
    return check(made, made.subjects, expected, table)


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
        ("builder_go_slsa3.yml@refs/tags/v2.1.0", "builder_maven_slsa3.yml@refs/tags/v2.1.0", 1),
    ],
)
def test_the_level_follows_who_signed(signer: str, builder: str, level: int) -> None:
    made = attested(replace(SIGNER, identity=f"{GENERATOR}/{signer}"), builder=f"{GENERATOR}/{builder}")
    assert judged(made, Expectations(), TABLE).level == level


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
    assert check(made, made.subjects, asked, TABLE).held
    assert failed(check(made, [other], asked, TABLE)) == ["package", "version"]
    assert failed(check(made, [*made.subjects, other], asked, TABLE)) == ["package", "version"]
    assert failed(check(made, (), asked, TABLE)) == ["package", "version"]
    assert failed(judged(made, replace(asked, package="pkg:pypi/@acme/payments"), TABLE)) == ["package"]


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
    ],
)
def test_a_slip_in_the_table_is_refused(text: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        builder_table.read(text)


def test_a_row_may_say_everything() -> None:
    row = (
        b'{"builders": [{"root": "sha256:'
        + b"0" * 64
        + b'", "signer": "x", "issuer": "y", "names": "others",'
        b' "builder": "z*", "version_tag": false, "hosted": false, "unasked": true, "level": 2}]}'
    )
    (read,) = builder_table.read(row)
    assert read == BuilderRow(
        root=Digest(f"sha256:{'0' * 64}"),
        signer="x",
        issuer="y",
        names=Names.OTHERS,
        builder="z*",
        version_tag=False,
        hosted=False,
        unasked=True,
        level=2,
    )
