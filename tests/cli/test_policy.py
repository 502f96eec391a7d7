"""Policies at a keyboard: looked at, tried and compared without a ledger."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from tests.cli.running import Shell

LIBRARY = Path(policies.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the library, to be changed."""
    own = tmp_path / "own"
    for each in ("sets", "rules", "tests"):
        shutil.copytree(LIBRARY / each, own / each)
    shutil.copy(LIBRARY / "controls.yaml", own)
    return own


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_library_is_without_doubt(nowhere: Shell) -> None:
    rows = nowhere.done("policy", "lint", "-o", "json").json["sets"]
    assert [row["set"] for row in rows] == ["baseline", "regulated", "slsa-build-l2", "slsa-build-l3"]
    assert all(row["digest"].startswith("sha256:") for row in rows)


def test_the_library_does_what_its_cases_say(nowhere: Shell) -> None:
    ran = nowhere.done("policy", "test")
    assert ran.out.endswith("0 wrong or not seen\n")
    assert nowhere.done("policy", "test", "-o", "json").json["wrong"] == []


def test_what_is_doubtful_is_refused_with_its_place(nowhere: Shell, folder: Path) -> None:
    change(folder / "rules/prov-001.yaml", "p.level >=", "p.levle >=")
    ran = nowhere("policy", "lint", "--folder", str(folder))
    assert ran.code == 2
    assert "PROV-001 covered/require" in ran.err
    assert "levle" in ran.err


def test_a_control_that_is_not_in_the_table_is_refused(nowhere: Shell, folder: Path) -> None:
    change(folder / "rules/chg-001.yaml", "SOC2:CC8.1", "SOC2:CC88.1")
    ran = nowhere("policy", "lint", "--folder", str(folder))
    assert ran.code == 2
    assert "CHG-001: control SOC2:CC88.1" in ran.err


def test_a_case_that_comes_out_otherwise_is_told(nowhere: Shell, folder: Path) -> None:
    change(folder / "rules/prov-001.yaml", "p.level >= params", "p.level > params")
    ran = nowhere("policy", "test", "--folder", str(folder))
    assert ran.code == 11
    assert "provenance at the level: is fail, expected pass" in ran.out


def test_a_check_that_was_never_seen_to_fail_is_told(nowhere: Shell, folder: Path) -> None:
    change(folder / "tests/bld-001.yaml", "  - {name: a failed build", "  # {name: a failed build")
    ran = nowhere("policy", "test", "--folder", str(folder))
    assert ran.code == 11
    assert "BLD-001/succeeded was never seen to fail" in ran.out


def test_a_rule_without_cases_is_told(nowhere: Shell, folder: Path) -> None:
    (folder / "tests/bld-001.yaml").unlink()
    ran = nowhere("policy", "test", "--folder", str(folder), "-o", "json")
    assert ran.code == 11
    assert json.loads(ran.out)["wrong"] == ["BLD-001 has no cases of its own"]


def test_a_file_that_is_not_utf_8_is_not_proposed_as_another(shiplog: Shell, folder: Path) -> None:
    file = folder / "rules/bld-001.yaml"
    file.write_bytes(file.read_bytes() + b"# caf\xe9\n")
    asked = ("policy", "propose", "baseline", "--environment", "prod", "--reason", "SEC-1")
    ran = shiplog(*asked, "--folder", str(folder))
    assert ran.code == 2
    assert "rules/bld-001.yaml: not UTF-8" in ran.err


@pytest.mark.parametrize("path", ["artifacts.7.name", "artifacts.7", "release.digest.0", "artifacts.-1"])
def test_a_case_that_changes_what_is_not_there_is_refused(nowhere: Shell, folder: Path, path: str) -> None:
    change(
        folder / "tests/bld-001.yaml",
        "cases:\n",
        f"cases:\n  - {{name: x, expect: pass, change: {{{path}: other}}}}\n",
    )
    ran = nowhere("policy", "test", "--folder", str(folder))
    assert ran.code == 2
    assert f"there is no {path}" in ran.err


def test_a_folder_without_policies_is_refused(nowhere: Shell, tmp_path: Path) -> None:
    ran = nowhere("policy", "lint", "--folder", str(tmp_path))
    assert ran.code == 2
    assert "has no policy set" in ran.err


def test_a_set_is_shown_with_what_is_said_to_its_rules(nowhere: Shell) -> None:
    ran = nowhere.done("policy", "show", "regulated", "-o", "json")
    rules = {row["rule"]: row for row in ran.json["rules"]}
    assert rules["APPR-001"]["with"] == {"min_approvers": 2}
    assert rules["SOAK-001"]["with"] == {"environments": ["staging"], "min_soak": "86400s"}
    assert rules["PROV-001"]["waivable"] is False
    assert "never against PROV-001" in ran.err
    assert nowhere("policy", "show", "regulate").code == 2


def test_controls_are_shown_with_the_rules_that_answer_to_them(nowhere: Shell) -> None:
    rows = nowhere.done("policy", "controls", "regulated", "-o", "json").json["controls"]
    by_id = {row["control"]: row for row in rows}
    assert "APPR-001" in by_id["21CFR11:11.70"]["rules"]
    assert by_id["PCIDSS:6.3.2"]["rules"] == ["SBOM-001"]
    assert by_id["PCIDSS:6.3.2"]["evidence"] == ["facts.sboms.map(s, s.ref)"]
    assert all(row["asks"] for row in rows)


def test_two_sets_are_compared_rule_by_rule(nowhere: Shell) -> None:
    assert nowhere.done("policy", "diff", "regulated", "regulated").lines == []
    ran = nowhere("policy", "diff", "slsa-build-l3", "regulated", "--exit-code", "-o", "json")
    assert ran.code == 11
    rows = ran.json["differences"]
    used = {row["rule"]: (row["one"], row["other"]) for row in rows if row["what"] == "used"}
    assert used["SOAK-001"] == ("no", "yes")
    assert {
        "rule": "APPR-001",
        "what": "with",
        "one": "{'min_approvers': 1}",
        "other": "{'min_approvers': 2}",
    } in rows


def test_the_words_of_a_rule_are_compared_between_folders(nowhere: Shell, folder: Path) -> None:
    change(folder / "rules/bld-001.yaml", "'succeeded'", "'failed'")
    ran = nowhere("policy", "diff", "baseline", "baseline", "--other-folder", str(folder), "-o", "json")
    (row,) = ran.json["differences"]
    assert (row["rule"], row["what"]) == ("BLD-001", "expressions")
