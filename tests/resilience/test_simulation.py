"""A thousand histories at ports that fail, each by its seed: the one that fails is named in the failure."""

import pytest

from adapters.ledger import subscription
from tests.resilience.simulation import Simulation, Stage

SEEDS = 1000
CHUNK = 25
POLL_SECONDS = 0.01


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("simulation"))


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_whatever_fails_the_record_and_the_answers_are_right(
    stage: Stage, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "POLL_SECONDS", POLL_SECONDS)
    struck = unsure = acknowledged = 0
    for seed in range(first, first + CHUNK):
        simulation = Simulation(stage, seed)
        try:
            simulation.run()
        except BaseException as wrong:
            wrong.add_note(f"seed {seed}")
            raise
        struck += simulation.struck
        unsure += simulation.unsure
        acknowledged += simulation.acknowledged
    assert struck > CHUNK, "faults strike"
    assert unsure > CHUNK // 2, "and some of them are told"
    assert acknowledged > unsure
