"""The whole service in one process, at ports that fail, beside the plainest model of what it must have done.

Model and service hear the same requests one by one. Whatever the service acknowledges, the model
must have done too, at the same positions; what it refuses, the model must refuse for the same
reason; and where it says that it does not know, the record says whether to tell the model.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from api import wiring
from api.access.asking import Asking
from api.access.embedded import operating
from api.app import create_app
from api.problems import kind_of
from api.services import Services
from api.settings import Settings
from api.v1 import jsonl
from domain import instant
from domain.access.access import Access
from domain.access.authority import authority
from domain.commands.record import Command, record
from domain.commands.record_batch import Refused, record_batch
from domain.errors import LedgerError
from domain.event import Recorded
from domain.instant import LATEST
from domain.ports import Receipt, Scope
from domain.queries.verify_ledger import verify_ledger
from tests.builders import NOON, Clock
from tests.histories import ENVIRONMENTS
from tests.plain import PlainLedger
from tests.replay import Replay
from tests.resilience.failing import Fault, Seams
from tests.resilience.rumours import Request, Rumours, groundwork

STEPS_MIN, STEPS_MAX = 5, 18
ALL = 10_000
FOLLOWED_SECONDS_MAX = 60
OPERATOR = Asking(wiring.OPERATOR, authority(Access(), wiring.OPERATOR, NOON))
UNSURE = {(503, "/problems/ledger-unavailable"), (503, "/problems/key-unusable")}
"""Refusals that say: it may be recorded, or not; say it again."""


class Model(PlainLedger):
    """The plain ledger, with the clock of the service."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> Any:
        """See `LedgerReader`."""
        return self._clock()

    def forked(self, clock: Clock) -> "Model":
        """Return one that goes its own way from here."""
        other = copy(self)
        other._clock, other.appends = clock, []
        other.recorded, other._reported = list(self.recorded), dict(self._reported)
        return other


class Process:
    """The services of whichever process runs now, to an application that outlives it."""

    def __init__(self) -> None:
        self.current: Services | None = None
        self.answers = Answers(self)

    def __getattr__(self, name: str) -> Any:
        """Ask the process that runs now."""
        return getattr(self.current, name)


class Answers:
    """The kept answers of whichever process runs now."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __getattr__(self, name: str) -> Any:
        """Ask the process that runs now."""
        assert self._process.current is not None
        return getattr(self._process.current.answers, name)


class Stage:
    """A ledger to copy, and one application, for any number of simulations one after the other."""

    def __init__(self, folder: Path) -> None:
        """Lay the ground in *folder*."""
        self.folder = folder
        self.settings = Settings(home=folder / "template")
        self.process = Process()
        self.app: Flask | None = None
        clock = Clock(NOON - timedelta(hours=23))
        wiring.initialise(self.settings, now=clock)
        self.model = Model(clock)
        with self.opened(self.settings, clock) as services:
            self.model._add(services.ledger.at(1).event)
            request = groundwork()
            answer = self.send(request)
            assert answer.status_code == 200, answer.text
            told(request, self.model, services)
        assert services.ledger is not None

    @contextmanager
    def opened(self, settings: Settings, clock: Clock) -> Iterator[Services]:
        """Open a ledger as a process that starts does; it is closed afterwards."""
        services = self.process.current = wiring.wire(settings, now=clock)
        try:
            if self.app is None:
                anything: Any = self.process
                self.app = create_app(anything, operating(wiring.OPERATOR))
            yield services
        finally:
            services.close()

    def send(self, request: Request) -> TestResponse:
        """Send *request*."""
        assert self.app is not None
        headers = {} if request.key is None else {"Idempotency-Key": request.key}
        return self.app.test_client().post(
            request.path, data=request.body, content_type=request.media, headers=headers
        )

    def ask(self, question: str) -> TestResponse:
        """Ask *question*."""
        assert self.app is not None
        return self.app.test_client().get(question)


def commands(request: Request) -> list[Command]:
    """Return what *request* asks for; lines that cannot be read are left out."""
    read = [jsonl._read(line, OPERATOR) for line in request.lines]
    return [each for each in read if not isinstance(each, jsonl.LineProblem)]


def told(request: Request, model: Model, services: Services) -> Sequence[Receipt | LedgerError]:
    """Tell *model* what *request* asks for; return what becomes of each line."""
    digests = services.digests
    if request.atomic is None:
        (command,) = commands(request)
        try:
            return [record(command, ledger=model, digests=digests)]
        except LedgerError as refusal:
            return [refusal]
    results = record_batch(commands(request), ledger=model, digests=digests, atomic=request.atomic)
    return [each.refusal if isinstance(each, Refused) else each for each in results]


class Simulation:
    """One history, by one seed."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._dice = Random(seed)  # noqa: S311 - to be repeated
        self._clock = Clock(NOON)
        self._rumours = Rumours(self._dice)
        self._model = stage.model.forked(self._clock)
        self._settings = Settings(home=stage.folder / f"seed-{seed}", keys=stage.settings.keys_folder)
        self._known: dict[str, bytes] = {}
        """Answers about prefixes, by question."""
        self._told: dict[str | None, Sequence[Receipt | LedgerError]] = {}
        """What the model last answered, by Idempotency-Key."""
        self._follows = seed % 10 == 0
        self.acknowledged = self.unsure = self.struck = 0

    def run(self) -> None:
        """Go through it, and check everything at the end of each process and of the whole."""
        self._settings.home.mkdir()
        shutil.copy(self._stage.settings.home / "ledger.db", self._settings.home)
        left = self._dice.randint(STEPS_MIN, STEPS_MAX)
        try:
            while left > 0:
                with self._stage.opened(self._settings, self._clock) as services:
                    lived = min(left, self._dice.randint(3, 15))
                    self._live(services, lived)
                    left -= lived
            with self._stage.opened(self._settings, self._clock) as services:
                self._check(services)
        finally:
            shutil.rmtree(self._settings.home)

    def _live(self, services: Services, steps: int) -> None:
        """Be one process for some steps."""
        seams = Seams(services)
        with following(seams) if self._follows else nothing() as seen:
            for _ in range(steps):
                self._clock.advance(self._dice.choice((0, 0.001, 1, 60, 3600, -60, -90_000)))
                if self._dice.random() < 0.2:
                    self._ask(seams)
                else:
                    self._report(services, seams)
        assert seen == list(range(1, len(seen) + 1)), "a follower missed an event, or saw one twice"

    def _report(self, services: Services, seams: Seams) -> None:
        request = self._rumours.next(self._clock(), len(self._model.recorded))
        head = len(self._model.recorded)
        self._arm(seams)
        left_behind = self._dice.random() < 0.03
        followers = list(seams.recorder.followers)
        if left_behind:  # by a program that does not know them
            seams.recorder.followers.clear()
        answer = self._stage.send(request)
        seams.recorder.followers[:] = followers
        self._disarm(seams)
        after = services.ledger.prefix(None).position
        if (answer.status_code, answer.get_json().get("type")) in UNSURE:
            self.unsure += 1
            # Where nothing is new there may still be an answer, kept under the key.
            self._tell(request, services, self._model if after > head else self._model.forked(self._clock))
        elif answer.headers.get("Idempotency-Replayed"):
            self._compare(answer.get_json(), self._told[request.key])
        elif answer.status_code in (200, 201):
            self.acknowledged += 1
            self._compare(answer.get_json(), self._tell(request, services))
        else:
            self._compare_refusal(request, answer, self._tell(request, services))
        assert after == len(self._model.recorded), f"{request.body!r} left {after - head} events behind"

    def _tell(
        self, request: Request, services: Services, model: Model | None = None
    ) -> Sequence[Receipt | LedgerError]:
        self._told[request.key] = told(request, model or self._model, services)
        return self._told[request.key]

    def _compare(self, said: Any, results: Sequence[Receipt | LedgerError]) -> None:
        """Check that an acknowledgement is what the model did."""
        lines = said.get("results") or [{"recorded": said, "problem": None}]
        assert len(lines) == len(results)
        for line, result in zip(lines, results, strict=True):
            if isinstance(result, LedgerError):
                assert line["problem"] is not None
                assert line["problem"]["type"] == slug(result), (line, result)
            else:
                assert line["recorded"]["position"] == result.position

    def _compare_refusal(
        self, request: Request, answer: TestResponse, results: Sequence[Receipt | LedgerError]
    ) -> None:
        """Check that a refusal is what the model refuses, and for the same reason."""
        refused = [each for each in results if isinstance(each, LedgerError)]
        assert refused, f"the model accepts {request.body!r}: {answer.text}"
        if request.atomic is None:
            assert answer.get_json()["type"] == slug(refused[0]), f"{request.body!r}: {answer.text}"
        else:
            assert answer.get_json()["type"] == "/problems/batch-refused", answer.text

    def _ask(self, seams: Seams) -> None:
        """Ask what ran; what was answered about a prefix once is answered the same for ever."""
        known = self._dice.randint(len(self._stage.model.recorded), len(self._model.recorded))
        at = instant.text(NOON + timedelta(seconds=self._dice.choice((-9000, -300, 0, 3600, 90_000))))
        path = self._dice.choice(
            (f"state?as_of={at}&", "environments/prod/changes?", "services/api/timeline?")
        )
        question = f"/v1/{path}known_at=position:{known}"
        self._arm(seams)
        answer = self._stage.ask(question)
        self._disarm(seams)
        if answer.status_code == 200:
            assert self._known.setdefault(question, answer.data) == answer.data
        else:
            assert (answer.status_code, answer.get_json()["type"]) in UNSURE, answer.text

    def _arm(self, seams: Seams) -> None:
        if self._dice.random() < 0.5:
            seams.arm(self._dice.choice(list(Fault)), self._dice.choice((1, 1, 2, 2, 3, 5, 8, 12)))

    def _disarm(self, seams: Seams) -> None:
        self.struck += seams.struck
        seams.struck = False
        seams.disarm()

    def _check(self, services: Services) -> None:
        """Check the whole: the record is the model's, sealed; answers are a replay's, and what they were."""
        recorded = list(whole(services))
        assert [each.event for each in recorded] == [each.event for each in self._model.recorded]
        ledger = services.ledger
        verified = verify_ledger(
            lambda after, limit: ledger.sealed(after=after, limit=limit), wiring.verifier(self._settings)
        )
        assert verified.events == len(recorded)
        services.ready()
        for question, said in self._known.items():
            assert self._stage.ask(question).data == said, question
        for known in {len(recorded), self._dice.randint(1, len(recorded))}:
            self._check_answers(services, recorded, known)

    def _check_answers(self, services: Services, recorded: Sequence[Recorded], known: int) -> None:
        replay, prefix, reads = Replay(recorded[:known]), services.ledger.prefix(known), services.placements
        for as_of in (NOON, NOON + timedelta(hours=1), LATEST):
            assert list(reads.running(Scope(), as_of, prefix)) == replay.running(Scope(), as_of)
        asked: Any = {"start": None, "end": None}
        timeline = reads.timeline(Scope(), prefix, **asked, after=None, limit=ALL)
        assert list(timeline) == replay.timeline(Scope(), None, None)
        for environment in ENVIRONMENTS:
            changes = reads.changes(environment, prefix, **asked, below=None, limit=ALL)
            assert list(changes) == replay.changes(environment)[::-1]


def slug(refusal: LedgerError) -> str:
    """Return how *refusal* is called over HTTP."""
    kind = kind_of(type(refusal))
    assert kind is not None
    return kind.uri


def whole(services: Services) -> Iterator[Recorded]:
    """Yield every event, opened."""
    head = services.ledger.prefix(None).position
    yield from services.ledger.many_at(range(1, head + 1))


@contextmanager
def nothing() -> Iterator[list[int]]:
    """Lend what nobody follows."""
    yield []


@contextmanager
def following(seams: Seams) -> Iterator[list[int]]:
    """Follow the ledger in a thread that loses the database now and then; lend the positions it saw."""
    seams.flaky = Random(1)  # noqa: S311 - of a thread whose pace is its own anyway
    seen: list[int] = []
    at_head = threading.Condition()
    with seams.recorder.subscribe(gt=None) as subscription:

        def follow() -> None:
            for row in subscription:
                with at_head:
                    seen.append(row.id)
                    at_head.notify_all()

        thread = threading.Thread(target=follow)
        thread.start()
        try:
            yield seen
            seams.flaky = None
            head = seams.recorder.max_notification_id()
            with at_head:
                assert at_head.wait_for(lambda: seen[-1:] == [head], FOLLOWED_SECONDS_MAX), (seen, head)
        finally:
            subscription.stop()
            thread.join(FOLLOWED_SECONDS_MAX)
