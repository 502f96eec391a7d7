"""A declaration implies a build, a configuration, their release and its deployment, known by name only."""

from functools import reduce
from typing import Any

import pytest

from domain import declaration, history
from domain.declaration import NO_CONFIG, Declared, DeclaredRelease
from domain.errors import ContradictoryReport, LedgerError, MalformedValue
from domain.event import Event
from domain.history import TargetHistory
from tests.builders import CI, COMMIT, NOON, report, target


def recorded(*before: Event, **said: Any) -> Declared:
    """Declare that v1 ran, but for what is *said*."""
    known = reduce(history.fold, before, TargetHistory())
    told: dict[str, Any] = {
        "version": known.version + 1,
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "target": target(),
        "slot_name": "main",
        "label": "v1",
        "config": "git-blob:1",
    }
    return declaration.record(known.configs, known.releases, **{**told, **said})


def implied(event: Declared) -> DeclaredRelease:
    assert event.implied is not None
    return event.implied


def test_a_declaration_implies_a_release_and_runs_it() -> None:
    event = recorded()
    made = implied(event)
    assert (made.release.number, made.fresh, made.label, made.config.number) == (1, True, "v1", 1)
    assert event.runs == 1
    assert event.alters


def test_the_same_label_and_configuration_are_the_same_release() -> None:
    first = recorded()
    again = recorded(first)
    assert implied(again).release == implied(first).release
    assert not implied(again).fresh


def test_another_label_or_another_configuration_is_another_release() -> None:
    first = recorded()
    assert implied(recorded(first, label="v2")).release.number == 2
    other = implied(recorded(first, config="git-blob:2"))
    assert (other.release.number, other.config.number) == (2, 2)


def test_no_configuration_is_one_that_is_unknown() -> None:
    made = implied(recorded(config=None))
    assert made.config.reference == NO_CONFIG


def test_a_declaration_without_a_label_is_a_removal() -> None:
    event = recorded(label=None, config=None, commit=COMMIT)
    assert event.implied is None
    assert event.runs is None
    assert event.alters
    assert [subject.hex for subject in event.subjects()] == [COMMIT]


def test_a_declaration_speaks_about_its_release_and_the_commit_that_said_so() -> None:
    event = recorded(commit=COMMIT, source="https://git.example/acme/deployments")
    assert [(subject.name, subject.algorithm) for subject in event.subjects()] == [
        ("payments-api@prod#1", "sha256"),
        ("https://git.example/acme/deployments", "gitCommit"),
    ]
    assert recorded(commit=COMMIT).subjects()[-1].name == "payments-api@prod"
    assert recorded(label=None, config=None).subjects() == ()


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"label": None}, ContradictoryReport),
        ({"label": ""}, MalformedValue),
        ({"label": "v" * 201}, MalformedValue),
        ({"config": ""}, MalformedValue),
        ({"commit": "main"}, MalformedValue),
        ({"source": ""}, MalformedValue),
        ({"slot_name": "EU"}, MalformedValue),
        ({"sequence": -1}, MalformedValue),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(said: dict[str, Any], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        recorded(**said)


def test_a_declared_configuration_is_never_in_force() -> None:
    known = history.fold(None, recorded())
    assert len(known.configs.in_force) == 0
    assert len(known.configs.numbers) == 1


def test_a_replacement_has_no_key_of_its_own() -> None:
    assert recorded(corrects=1).natural_key() is None
