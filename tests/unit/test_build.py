"""A build is told about once, and its outcome and its artifacts must agree."""

from functools import reduce
from typing import Any

import pytest

from domain import build
from domain.build import Artifact, BuildOutcome, BuildRecorded, Source
from domain.errors import AlreadyRecorded, ContradictoryReport, LedgerError, MalformedValue
from domain.event import Subject
from tests.builders import CI, COMMIT, NOON, artifact, digest, report


def decided(known: build.Build | None = None, **said: Any) -> BuildRecorded | None:
    """Decide about a good build, but for what is *said*."""
    told: dict[str, Any] = {
        "occurred_at": NOON,
        "actor": CI,
        "told": report(),
        "service": "payments-api",
        "build": "b-1",
        "outcome": BuildOutcome.SUCCEEDED,
        "source": Source("https://git.example/acme/payments-api", COMMIT),
        "artifacts": (artifact(),),
    }
    return build.record(known, **{**told, **said})


def recorded(**said: Any) -> BuildRecorded:
    event = decided(**said)
    assert event is not None
    return event


def test_a_build_begins_its_own_stream() -> None:
    event = recorded()
    assert (event.stream, event.version) == ("build:payments-api/b-1", 1)


def test_a_build_is_folded_as_it_was_recorded() -> None:
    event = recorded()
    assert reduce(build.fold, [event], None) == build.Build(1, event)


def test_the_same_report_again_adds_nothing() -> None:
    assert decided(build.fold(None, recorded())) is None


def test_another_report_about_the_build_is_refused_with_what_is_known() -> None:
    with pytest.raises(AlreadyRecorded, match=f"b-1 of payments-api is recorded as succeeded from {COMMIT}"):
        decided(build.fold(None, recorded()), told=report("another"))


def test_a_build_of_another_service_has_another_stream_and_another_key() -> None:
    one, other = recorded(), recorded(service="shop")
    assert one.stream != other.stream
    assert one.natural_key() != other.natural_key()


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"outcome": BuildOutcome.FAILED}, ContradictoryReport),
        ({"artifacts": ()}, ContradictoryReport),
        ({"artifacts": (artifact(), artifact())}, ContradictoryReport),
        ({"artifacts": tuple(artifact(f"a-{n}") for n in range(1025))}, ContradictoryReport),
        ({"service": "Payments"}, MalformedValue),
        ({"build": "b 1"}, MalformedValue),
        ({"builder": ""}, MalformedValue),
        ({"label": ""}, MalformedValue),
        ({"label": "v" * 201}, MalformedValue),
    ],
)
def test_a_build_that_cannot_be_is_refused(said: dict[str, Any], refusal: type[LedgerError]) -> None:
    with pytest.raises(refusal):
        decided(**said)


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": BuildOutcome.FAILED, "artifacts": ()},
        {"artifacts": tuple(artifact(f"a-{n}") for n in range(1024))},
        {"artifacts": (artifact("a", "same"), artifact("b", "same"))},
        {"artifacts": (artifact("a", "one"), artifact("a", "other"))},
        {"label": "v" * 200, "builder": "https://ci.example/builders/1"},
    ],
)
def test_a_build_that_can_be_is_recorded(said: dict[str, Any]) -> None:
    event = recorded(**said)
    assert {name: getattr(event, name) for name in said} == said


def test_a_build_speaks_about_its_artifacts_and_its_commit() -> None:
    made = Artifact("image", digest("image"), "pkg:oci/image")
    assert recorded(artifacts=(made,)).subjects() == (
        Subject("image", "sha256", digest("image").hex),
        Subject("https://git.example/acme/payments-api", "gitCommit", COMMIT),
    )
