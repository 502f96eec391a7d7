"""Random histories: few names and few instants, so that everything meets everything."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from domain.build import Artifact
from domain.commands.correct import Replacement
from domain.commands.record import Command
from domain.correction import Corrected
from domain.declaration import Declared
from domain.deployment import Deployment, DeploymentOutcome
from domain.event import Event
from domain.heartbeat import EnvironmentHeartbeat
from domain.observation import EnvironmentObserved, Observed
from domain.ports import Scope
from domain.removal import Removed
from domain.target import Target
from tests import builders
from tests.builders import NOON
from tests.plain import PlainLedger

SERVICES = ("api", "web")
ENVIRONMENTS = ("prod", "staging")
SLOTS = ("main", "canary")
COMMITS = tuple(digit * 40 for digit in "ab")
GRID = timedelta(seconds=200)
"""Instants lie on a grid twice as wide as events are apart: many are equal, many are late."""

EVERYWHERE = tuple(Target(service, environment) for service in SERVICES for environment in ENVIRONMENTS)
targets = st.sampled_from((*[EVERYWHERE[0]] * 4, *EVERYWHERE))
"""Most is about one target, or hardly anything would follow on anything."""
environments = st.sampled_from((*["prod"] * 3, *ENVIRONMENTS))
slots = st.sampled_from(("main", *SLOTS))
INSTANTS = tuple(NOON + GRID * steps for steps in range(-5, 5))
instants = st.sampled_from(INSTANTS)
artifacts = st.lists(st.sampled_from("xyz"), min_size=1, max_size=2, unique=True)
labels = st.sampled_from(("v1", "v2"))
scopes = st.builds(
    Scope,
    st.none() | st.sampled_from(ENVIRONMENTS),
    st.none() | st.sampled_from(SERVICES),
    st.none() | slots,
)


@st.composite
def builds(draw: st.DrawFn) -> Command:
    """A build; some artifacts come out of several."""
    source = builders.a_build().source
    return builders.a_build(
        draw(st.sampled_from(("b-1", "b-2"))),
        service=draw(st.sampled_from(SERVICES)),
        occurred_at=draw(instants),
        label=draw(st.none() | labels),
        source=replace(source, commit=draw(st.sampled_from(COMMITS))),
        artifacts=tuple(Artifact(name, builders.digest(name)) for name in draw(artifacts)),
    )


configs = st.builds(
    lambda target, at, value: builders.a_config(target=target, occurred_at=at, plain={"LEVEL": value}),
    targets,
    instants,
    st.sampled_from("12"),
)
releases = st.builds(
    lambda target, at, build: builders.a_release(build, target=target, occurred_at=at),
    targets,
    instants,
    st.sampled_from(("b-1", "b-2")),
)
OUTCOMES = (*[DeploymentOutcome.SUCCEEDED] * 6, DeploymentOutcome.STARTED, DeploymentOutcome.FAILED)
deployments = st.builds(
    builders.a_deployment,
    st.integers(1, 4),
    target=targets,
    slot=slots,
    occurred_at=instants,
    outcome=st.sampled_from(OUTCOMES),
    deployment=st.none() | st.sampled_from([f"d-{number}" for number in range(9)]),
    sequence=st.integers(0, 1),
    reason=st.none() | st.just("because"),
)
removals = st.builds(
    builders.a_removal,
    target=targets,
    slot=slots,
    occurred_at=instants,
    sequence=st.integers(0, 1),
)
declarations = st.builds(
    lambda label, **told: builders.a_declaration(label, config=None, **told),
    st.none() | labels,
    target=targets,
    slot=slots,
    occurred_at=instants,
    commit=st.none() | st.sampled_from(COMMITS),
    source=st.none() | st.just("https://git.example/acme/deployments"),
)
OBSERVERS = ("agent-1", "agent-2")
promises = st.sampled_from((None, 100, 200, 300, 700))
"""Seconds: less than a step of the grid, just one, and more."""
observations = st.builds(
    lambda environment, observer, at, seen, every: builders.an_observation(
        environment=environment,
        observer=observer,
        occurred_at=at,
        every=every,
        running=tuple(
            Observed(service, slot, tuple(map(builders.digest, made)))
            for (service, slot), made in seen.items()
        ),
    ),
    environments,
    st.sampled_from(OBSERVERS),
    instants,
    st.just({("api", "main"): ["x"]})  # often the same again
    | st.dictionaries(st.tuples(st.sampled_from(SERVICES), slots), artifacts, max_size=3),
    promises,
)
heartbeats = st.builds(
    builders.a_heartbeat,
    environment=environments,
    observer=st.sampled_from(OBSERVERS),
    occurred_at=instants,
    every=promises,
)
runs = deployments | removals | declarations


_KINDS: tuple[st.SearchStrategy[Command], ...] = (
    *[deployments] * 6,
    *[declarations] * 2,
    *[removals] * 2,
    builds(),
    configs,
    releases,
    *[observations] * 2,
    *[heartbeats] * 2,
)
anything = st.sampled_from(_KINDS).flatmap(lambda kind: kind)
"""Any report but a correction, most of them deployments."""


@st.composite
def ledgers(draw: st.DrawFn) -> PlainLedger:
    """A ledger of what was told, corrections included; what it refuses is not in it."""
    ledger = PlainLedger()
    ledger.tell(delivered())
    ledger.appends = [len(ledger.recorded)]  # all at once, to save time
    for _ in range(draw(st.sampled_from((*range(5), *range(10, 40))))):
        correctable = [each.position for each in ledger.recorded if _correctable(each.event)]
        if correctable and draw(st.integers(0, 4)) == 0:
            ledger.tell([draw(corrections(ledger, draw(st.sampled_from(correctable))))])
        else:
            ledger.tell([draw(anything)])
    return ledger


@st.composite
def corrections(draw: st.DrawFn, ledger: PlainLedger, of: int) -> Command:
    """A correction of the event at position *of*, with a replacement that fits it or without."""
    event = ledger.at(of).event
    by: st.SearchStrategy[Replacement | None]
    match event:
        case Deployment():
            by = deployments.map(lambda command: replace(command, target=event.target))
        case Removed():
            by = removals.map(lambda command: replace(command, target=event.target))
        case Declared():
            by = declarations.map(lambda command: replace(command, target=event.target))
        case _:
            assert isinstance(event, EnvironmentObserved | EnvironmentHeartbeat)
            by = (observations | heartbeats).map(
                lambda command: replace(command, environment=event.environment)
            )
    return builders.a_correction(of, occurred_at=draw(instants), replacement=draw(st.none() | by))


@st.composite
def prefixes(draw: st.DrawFn, ledger: PlainLedger) -> list[int]:
    """Some positions to ask at: the last one, those of corrections, and any."""
    head = len(ledger.recorded)
    corrected = [each.position for each in ledger.recorded if isinstance(each.event, Corrected)]
    others = draw(st.lists(st.sampled_from(corrected), max_size=2)) if corrected else []
    return [head, *others, draw(st.integers(0, head)), max(0, head - draw(st.integers(1, 15)))]


def delivered() -> Sequence[Command]:
    """Three releases of every target, so that deployments have something to run and go back to."""
    early = NOON - GRID * 9
    told: list[Command] = []
    for service in SERVICES:
        for name in ("b-8", "b-9"):
            made = (Artifact("x", builders.digest("x")), Artifact(name, builders.digest(name)))
            told.append(builders.a_build(name, service=service, occurred_at=early, artifacts=made))
    for at in EVERYWHERE:
        for build, value in (("b-8", "1"), ("b-9", "1"), ("b-8", "2")):
            told.append(builders.a_config(target=at, occurred_at=early, plain={"LEVEL": value}))
            told.append(builders.a_release(build, target=at, occurred_at=early))
    return told


def _correctable(event: Event) -> bool:
    return isinstance(event, Deployment | Removed | Declared | EnvironmentObserved | EnvironmentHeartbeat)


@st.composite
def watches(draw: st.DrawFn) -> PlainLedger:
    """A ledger of one environment: reports as they were promised, and then late ones and corrections."""
    ledger = PlainLedger(start=NOON + GRID * 6)
    regular = draw(st.sampled_from(((), OBSERVERS[:1], OBSERVERS[:1], OBSERVERS)))
    for observer in regular:
        told = {"observer": observer, "every": draw(st.sampled_from((200, 300)))}
        ledger.tell(builders.a_heartbeat(occurred_at=at, **told) for at in INSTANTS)
    ledger.appends = [len(ledger.recorded)] if regular else []
    reports = (observations | heartbeats).map(lambda command: replace(command, environment="prod"))
    for _ in range(draw(st.integers(1, 4 if regular else 20))):
        observed = [each.position for each in ledger.recorded if _correctable(each.event)]
        if observed and draw(st.integers(0, 3)) < (3 if regular else 1):
            ledger.tell([draw(corrections(ledger, draw(st.sampled_from(observed))))])
        else:
            ledger.tell([draw(reports)])
    return ledger
