"""Provenance held against the expectations of slsa-verifier's own tests: what is accepted and refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from adapters.evidence import builder_table
from domain.expectations.builders import LEVEL_MAX
from domain.expectations.checked import check
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Checked
from domain.statement import matching
from domain.verification import Outcome, Refused, Verified
from tests.corpus.cases import AT, FOLDER, VERIFIER, needed, npm_keys, root

TABLE = builder_table.read((files("policies") / "builders" / "default.json").read_bytes())
EXAMPLE = "github.com/slsa-framework/example-package"
FOR_THE_EXAMPLE = (*TABLE, *(replace(row, version_tag=False) for row in TABLE if row.level == LEVEL_MAX))
"""slsa-verifier lets its own builders be at a branch when they build its own example, and nothing else."""
_NPM = FOLDER / "slsa-verifier/cli/slsa-verifier/testdata/npm/gha"


def rows() -> Sequence[Mapping[str, Any]]:
    path = FOLDER / "policy_cases.json"
    found: Sequence[Mapping[str, Any]] = json.loads(path.read_bytes()) if path.is_file() else []
    return found


def evidence_of(row: Mapping[str, Any]) -> Path:
    """Return where the evidence of a case is; that of a package of npm's lies beside the package."""
    artifact = row["expectations"].get("artifact")
    return FOLDER / row["path"] if artifact is None else _NPM / f"{artifact}.json"


def expectations(said: Mapping[str, Any]) -> Expectations:
    return Expectations(
        source=said["source"],
        branch=said.get("branch"),
        tag=said.get("tag"),
        versioned_tag=said.get("vtag"),
        builder=said.get("builder") or said.get("builderID"),
        tagged_builder=said.get("require_tagged_builder") or False,
        package=said.get("pkgName"),
        version=said.get("pkgVersion"),
    )


def outcomes(row: Mapping[str, Any]) -> Sequence[Outcome]:
    """Return what is true of each piece; of a package of npm's, of those that are about these bytes."""
    artifact = row["expectations"].get("artifact")
    evidence = evidence_of(row).read_bytes()
    if artifact is None:
        return VERIFIER.verify(evidence, (root("prod"),), at=AT)
    found = VERIFIER.verify(evidence, (*npm_keys(root("prod")), root("prod")), at=AT)
    bytes_ = (_NPM / artifact).read_bytes() if (_NPM / artifact).is_file() else None
    return [each for each in found if bytes_ is None or isinstance(each, Refused) or _about(each, bytes_)]


def _about(verified: Verified, artifact: bytes) -> bool:
    digests = {name: hashlib.new(name, artifact).hexdigest() for name in ("sha256", "sha512")}
    return bool(matching(verified.subjects, digests))


def accepted(row: Mapping[str, Any]) -> tuple[bool, Sequence[Checked]]:
    """Say whether every piece verifies, and the provenance among them is as expected."""
    found = outcomes(row)
    table = FOR_THE_EXAMPLE if row["expectations"]["source"] == EXAMPLE else TABLE
    checked = [
        check(each, each.subjects, expectations(row["expectations"]), table, instance="public-good")
        for each in found
        if isinstance(each, Verified)
        and each.statement is not None
        and "provenance" in each.statement.predicate_type
    ]
    verified = not any(isinstance(each, Refused) for each in found)
    return verified and bool(checked) and all(each.held for each in checked), checked


@needed()
@pytest.mark.parametrize("chunk", range(8))
def test_what_others_accept_and_refuse_is_accepted_and_refused(chunk: int) -> None:
    wrong = []
    for row in [each for each in rows() if evidence_of(each).is_file()][chunk::8]:
        taken, checked = accepted(row)
        if taken != (row["expect"] == "accept"):
            failed = [each for one in checked for each in one.checks if not each.held]
            wrong.append((row["name"], row["path"][-60:], row["expect"], row["origin_error"], failed))
    assert not wrong


@needed()
def test_there_are_cases_of_both_kinds() -> None:
    assert {row["expect"] for row in rows()} == {"accept", "reject"}


@needed()
def test_the_evidence_of_every_case_is_there() -> None:
    absent = sorted({evidence_of(row).name for row in rows() if not evidence_of(row).is_file()})
    if absent:
        pytest.skip(f"the folder has cases about evidence that it has not: {', '.join(absent)}")
