"""Attacks whose signature is good: what a certificate proves is held against what is expected, to the letter.

The last rows of the table of attacks (provenance of a fork, of an older release, of another branch): each is
signed and logged by the miniature, verified by the real engine, and fails where it lies, and nowhere else.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from adapters.evidence import builder_table
from domain.expectations.checked import check
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Checked
from domain.statement import matching
from domain.trust_root import PUBLIC_GOOD
from domain.verification import Verified
from tests.evidence_attacks import mini, outcome
from tests.mini_sigstore import CLAIMS, IDENTITY, statement
from tests.mini_sigstore_bundles import DIGESTS, SUBJECT, attested

TABLE = builder_table.read((files("policies") / "builders" / "default.json").read_bytes())
SOURCE = "https://github.com/acme/app"
BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"
TAG, COMMIT = "v2.0.0", "c" * 40
TAGGED = {13: COMMIT, 14: f"refs/tags/{TAG}"}
EXPECTED = Expectations(
    source="github.com/acme/app",
    owner_id=CLAIMS[17],
    repository_id=CLAIMS[15],
    commit=COMMIT,
    ref=f"refs/tags/{TAG}",
    tag=TAG,
    builder=IDENTITY.partition("@")[0],
    build_types=frozenset({BUILD_TYPE}),
    parameters={"workflow.ref": f"refs/tags/{TAG}"},
)


def provenance(*, source: str = SOURCE, tag: str = TAG, builder: str = IDENTITY, more: Any = None) -> bytes:
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"workflow": {"ref": f"refs/tags/{tag}"}, **(more or {})},
            "resolvedDependencies": [{"uri": f"git+{source}@refs/tags/{tag}"}],
        },
        "runDetails": {"builder": {"id": builder}},
    }
    return statement([SUBJECT], predicate=predicate)


def judged(payload: bytes, **claims: str) -> Checked:
    """Have *payload* signed under a certificate with those claims (`c15="666"`), verified and judged."""
    said = {**CLAIMS, **TAGGED, **{int(name[1:]): value for name, value in claims.items()}}
    found = outcome(attested(mini(), payload, signer=mini().leaf(claims=said)))
    assert isinstance(found, Verified), found
    return check(found, matching(found.subjects, DIGESTS), EXPECTED, TABLE, instance=PUBLIC_GOOD)


def failed(checked: Checked) -> list[str]:
    return [each.name for each in checked.checks if not each.held]


def test_what_is_expected_holds() -> None:
    assert failed(judged(provenance())) == []


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/acme/appA",
        "https://github.com/acme/Aapp",
        "https://github.com/Aacme/app",
        "https://github.com/acme/App",
        "https://github.com/ACME/app",
        "https://github.com/acme/app/",
        "https://github.com/acme/app.git",
        "https://github.com/acme/app/../app",
        "https://github.com/acme",
        "https://github.com.evil.example/acme/app",
        "https://evil.example/github.com/acme/app",
        "http://github.com/acme/app",
    ],
)
def test_a_repository_that_only_resembles_the_one_expected(source: str) -> None:
    assert "source" in failed(judged(provenance(source=source), c12=source))


def test_a_repository_that_only_the_statement_names() -> None:
    assert "source" in failed(judged(provenance(source=SOURCE), c12="https://github.com/evil/app"))


def test_the_rebuild_of_a_fork_that_took_the_name_over() -> None:
    # The same name, the same artifact, a good signature: only the numbers are another's.
    assert failed(judged(provenance(), c15="666", c17="667")) == ["owner_id", "repository_id"]


def test_an_older_releases_provenance() -> None:
    old = judged(provenance(tag="v1.0.0"), c13="b" * 40, c14="refs/tags/v1.0.0")
    assert set(failed(old)) >= {"commit", "ref", "tag"}


def test_another_branch_that_has_the_tags_name() -> None:
    assert set(failed(judged(provenance(), c14=f"refs/heads/{TAG}"))) == {"ref", "tag"}


@pytest.mark.parametrize("builder", [IDENTITY.replace("build", "other"), "https://evil.example/builder", ""])
def test_a_builder_nobody_expects(builder: str) -> None:
    assert "builder" in failed(judged(provenance(builder=builder)))


def test_a_parameter_nobody_expects() -> None:
    assert failed(judged(provenance(more={"inputs": {"debug": True}}))) == ["parameters.inputs.debug"]


@pytest.mark.parametrize(
    "artifact",
    [
        {"sha256": "0" * 64},
        {"sha512": DIGESTS["sha512"][:64]},
        {},
    ],
)
def test_another_artifact(artifact: Mapping[str, str]) -> None:
    found = outcome(attested(mini(), provenance()))
    assert isinstance(found, Verified)
    assert matching(found.subjects, DIGESTS)
    assert matching(found.subjects, artifact) == ()
