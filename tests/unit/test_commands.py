"""Commands: told once, answered the same, and refused before anything is recorded."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.ledger.ledger import EventLedger
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.seal import SealingMapper
from domain import correction, history
from domain.build import BuildOutcome, Source
from domain.commands.open_ledger import open_ledger
from domain.commands.record import Command
from domain.commands.telling import ATTEMPTS_MAX
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.deployment import DeploymentOutcome
from domain.digest import Digest
from domain.errors import (
    AlreadyCorrected,
    AlreadyRecorded,
    ConflictingAppend,
    ContradictoryReport,
    CorrectionElsewhere,
    DeploymentMismatch,
    FailedBuild,
    FromTheFuture,
    LedgerError,
    LedgerUnavailable,
    MalformedValue,
    NotARollback,
    NotCorrectable,
    SecretInClear,
    UnknownBuild,
    UnknownConfig,
    UnknownEvent,
    UnknownRelease,
)
from domain.event import Event
from domain.observation import Observed
from domain.ports import Receipt, Reported
from tests.builders import (
    COMMIT,
    NOON,
    Clock,
    a_build,
    a_config,
    a_correction,
    a_declaration,
    a_deployment,
    a_failed_build,
    a_release,
    a_removal,
    an_observation,
    artifact,
    digest,
    ledger,
    nonces,
    opening,
    signer,
    story,
    target,
    tell,
)

STARTED = DeploymentOutcome.STARTED
LATER = NOON + timedelta(seconds=1)
STAGING = target("payments-api@staging")


@pytest.fixture
def told() -> EventLedger:
    """A ledger that was told of two releases in prod; the second runs, and one attempt is under way.

    1 build b-1, 2 build b-2, 3 build b-3 (failed), 4 config, 5 and 6 releases, 7 deployment of
    release 2, 8 start of d-1 (release 1), 9 removal of a canary, 10 declaration in staging,
    11 observation.
    """
    fresh = ledger()
    tell(
        fresh,
        a_build(),
        a_build("b-2", id="run-2", reporter="ci"),
        a_failed_build("b-3"),
        a_config(),
        a_release(),
        a_release("b-2"),
        a_deployment(2),
        a_deployment(1, deployment="d-1", outcome=STARTED),
        a_removal(slot="canary"),
        a_declaration(target=STAGING),
        an_observation(),
    )
    return fresh


def head(of: EventLedger) -> int:
    return of.prefix(None).position


# -- told once


@pytest.mark.parametrize("number", range(len(story())))
def test_a_retry_is_answered_as_before(number: int) -> None:
    fresh = ledger()
    first = tell(fresh, *story())
    before = head(fresh)
    (again,) = tell(fresh, story()[number])
    assert again == replace(first[number], existing=True)
    assert head(fresh) == before


def test_a_retried_correction_is_answered_as_before(told: EventLedger) -> None:
    command = a_correction(7, replacement=a_deployment(1))
    first, again = tell(told, command, command)
    assert again == replace(first, existing=True)
    assert head(told) == 13


@pytest.mark.parametrize("command", [a_build(), a_release()])
def test_builds_and_releases_are_the_same_though_retried_later(command: Command, told: EventLedger) -> None:
    (again,) = tell(told, replace(command, occurred_at=LATER))
    assert again.existing


@pytest.mark.parametrize(
    "command",
    [
        a_deployment(2, occurred_at=LATER),
        a_removal(slot="canary", sequence=1),
        a_config(occurred_at=LATER),
        an_observation(observer="agent-2"),
        a_declaration(target=STAGING, occurred_at=LATER),
    ],
)
def test_what_can_happen_again_is_recorded_again(command: Command, told: EventLedger) -> None:
    (receipt,) = tell(told, command)
    assert not receipt.existing
    assert receipt.position == 12


def test_one_id_of_one_reporter_is_used_once(told: EventLedger) -> None:
    with pytest.raises(AlreadyRecorded):
        tell(told, a_removal(id="run-2", reporter="ci"))
    tell(told, a_removal(id="run-2", reporter="another"))
    assert head(told) == 12


def test_a_receipt_of_a_new_event_carries_it(told: EventLedger) -> None:
    (receipt,) = tell(told, a_removal())
    assert receipt.event == told.at(receipt.position).event
    assert receipt.digest == told.at(receipt.position).digest


def test_a_ledger_is_opened_once() -> None:
    fresh = ledger()
    assert isinstance(open_ledger(opening(), ledger=fresh), Receipt)
    assert open_ledger(opening(), ledger=fresh) is None
    assert head(fresh) == 1


# -- a refusal for every way to be wrong


def _source(commit: str) -> Source:
    return Source("https://git.example/acme/payments-api", commit)


REFUSED: list[tuple[str, Command | Callable[[], Command], type[LedgerError]]] = [
    # AlreadyRecorded
    ("a build from another commit", a_build(source=_source("f" * 40)), AlreadyRecorded),
    ("a build with other artifacts", a_build(artifacts=(artifact("other"),)), AlreadyRecorded),
    ("a build that failed after all", a_failed_build(), AlreadyRecorded),
    ("a build with another label", a_build(label="v2"), AlreadyRecorded),
    ("an id used for another thing", a_config(id="run-2", reporter="ci"), AlreadyRecorded),
    ("a second start", a_deployment(2, deployment="d-1", outcome=STARTED), AlreadyRecorded),
    # FromTheFuture
    ("a build from the future", a_build("b-9", occurred_at=NOON + timedelta(seconds=301)), FromTheFuture),
    ("a removal from the future", a_removal(occurred_at=NOON + timedelta(days=1)), FromTheFuture),
    (
        "a replacement from the future",
        a_correction(7, replacement=a_deployment(1, occurred_at=NOON + timedelta(days=1))),
        FromTheFuture,
    ),
    # MalformedValue
    ("a build named with a space", a_build("b 9"), MalformedValue),
    ("a build of a service in upper case", a_build("b-9", service="Payments"), MalformedValue),
    ("a deployment named with a space", a_deployment(1, deployment="d 1"), MalformedValue),
    ("a slot in upper case", a_deployment(1, slot="EU"), MalformedValue),
    ("a reporter with a space", lambda: a_removal(id="x", reporter="a b"), MalformedValue),
    ("an empty report id", lambda: a_removal(id=""), MalformedValue),
    ("a negative sequence", a_removal(sequence=-1), MalformedValue),
    ("an empty reason", a_removal(reason=""), MalformedValue),
    ("an environment in upper case", an_observation(environment="Prod"), MalformedValue),
    ("an observer with a space", an_observation(observer="an agent"), MalformedValue),
    ("an empty label", a_declaration("", target=STAGING), MalformedValue),
    ("a short commit", a_declaration("v2", target=STAGING, commit=COMMIT[:8]), MalformedValue),
    ("a configuration key with a space", a_config(plain={"A B": "1"}), MalformedValue),
    ("a configuration value with a bell", a_config(plain={"A": "\a"}), MalformedValue),
    ("a correction without a reason", a_correction(7, reason=""), MalformedValue),
    ("a correction with a reason of two lines", a_correction(7, reason="a\nb"), MalformedValue),
    # ContradictoryReport
    ("a failed build with artifacts", a_build("b-9", outcome=BuildOutcome.FAILED), ContradictoryReport),
    ("a succeeded build without artifacts", a_build("b-9", artifacts=()), ContradictoryReport),
    ("an artifact twice", a_build("b-9", artifacts=(artifact(), artifact())), ContradictoryReport),
    ("a key both plain and secret", a_config(plain={"A": "1"}, secret={"A": "2"}), ContradictoryReport),
    ("secrets without the plain ones", a_config(plain=None, secret={"A": "2"}), ContradictoryReport),
    ("entries and a digest", a_config(digest=digest()), ContradictoryReport),
    ("neither entries nor a digest", a_config(plain=None), ContradictoryReport),
    ("a start without a name", a_deployment(1, outcome=STARTED), ContradictoryReport),
    ("a declared removal with a configuration", a_declaration(None, target=STAGING), ContradictoryReport),
    (
        "a slot seen twice",
        an_observation(running=(Observed("shop", "main", (digest(),)),) * 2),
        ContradictoryReport,
    ),
    # SecretInClear
    ("a credential in a plain value", a_config(plain={"A": "ghp_" + "a" * 36}), SecretInClear),
    ("a password in a URL", a_config(plain={"A": "https://me:pw@example.com/"}), SecretInClear),
    # what is not there
    ("a release of an unknown build", a_release("b-9"), UnknownBuild),
    (
        "a release of a build of another service",
        a_release(target=target("shop@prod"), config=1),
        UnknownConfig,
    ),
    ("a release where nothing is configured", a_release(target=target("payments-api@dev")), UnknownConfig),
    ("a release before the configuration", a_release(occurred_at=NOON - timedelta(days=1)), UnknownConfig),
    ("a release of an unknown configuration", a_release(config=2), UnknownConfig),
    ("a release of an unknown digest", a_release(config=digest("unknown")), UnknownConfig),
    ("a deployment of an unknown release", a_deployment(3), UnknownRelease),
    ("a deployment of release zero", a_deployment(0), UnknownRelease),
    ("a deployment where nothing was released", a_deployment(1, target=target("shop@prod")), UnknownRelease),
    ("a correction of what is not there", a_correction(99), UnknownEvent),
    ("a correction of position zero", a_correction(0), UnknownEvent),
    ("a correction of a negative position", a_correction(-1), UnknownEvent),
    ("a correction beyond all positions", a_correction(2**70), UnknownEvent),
    ("a replacement with an unknown release", a_correction(7, replacement=a_deployment(9)), UnknownRelease),
    # build, release, run
    ("a release of a failed build", a_release("b-3"), FailedBuild),
    ("the end of another release", a_deployment(2, deployment="d-1"), DeploymentMismatch),
    ("the end in another slot", a_deployment(1, deployment="d-1", slot="canary"), DeploymentMismatch),
    ("a rollback to what runs", a_deployment(2, rollback=True, occurred_at=LATER), NotARollback),
    # corrections
    ("a correction of a build", a_correction(1), NotCorrectable),
    ("a correction of a failed build", a_correction(3), NotCorrectable),
    ("a correction of a configuration", a_correction(4), NotCorrectable),
    ("a correction of a release", a_correction(5), NotCorrectable),
    ("a build replaced by a deployment", a_correction(1, replacement=a_deployment(1)), NotCorrectable),
    ("a deployment replaced by a removal", a_correction(7, replacement=a_removal()), CorrectionElsewhere),
    ("a removal replaced by a deployment", a_correction(9, replacement=a_deployment(1)), CorrectionElsewhere),
    (
        "a deployment replaced in another target",
        a_correction(7, replacement=a_deployment(1, target=STAGING)),
        CorrectionElsewhere,
    ),
    (
        "a removal replaced in another target",
        a_correction(9, replacement=a_removal(target=STAGING)),
        CorrectionElsewhere,
    ),
    (
        "a declaration replaced in another target",
        a_correction(10, replacement=a_declaration()),
        CorrectionElsewhere,
    ),
    (
        "an observation replaced in another environment",
        a_correction(11, replacement=an_observation(environment="staging")),
        CorrectionElsewhere,
    ),
]


@pytest.mark.parametrize(
    ("command", "refusal"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_wrong_is_refused_and_nothing_is_recorded(
    command: Command | Callable[[], Command], refusal: type[LedgerError], told: EventLedger
) -> None:
    before = told.prefix(None)
    with pytest.raises(refusal) as refused:
        tell(told, command() if callable(command) else command)
    assert type(refused.value) is refusal
    assert told.prefix(None) == before


def test_a_refusal_reads_as_a_fragment_of_one_line(told: EventLedger) -> None:
    for _, command, refusal in REFUSED:
        with pytest.raises(refusal) as refused:
            tell(told, command() if callable(command) else command)
        message = str(refused.value)
        assert message.isprintable()
        assert message[0] == message[0].lower() or message.split(maxsplit=1)[0].isupper()
        assert not message.endswith(".")


# -- configurations


def test_no_secret_and_no_name_of_a_person_enters_the_ledger() -> None:
    fresh = ledger()
    tell(fresh, a_config(secret={"DB_PASSWORD": "hunter2"}, author="jo@example.com"))
    (row,) = fresh.sealed(after=0, limit=9)
    assert b"hunter2" not in row.payload
    assert b"jo@example.com" not in row.payload
    assert b"hmac-sha256:" in row.payload
    assert b"person:" in row.payload


def test_a_keyed_digest_made_at_the_source_is_kept_as_it_is() -> None:
    keyed = f"hmac-sha256:{'1' * 64}"
    (receipt,) = tell(ledger(), a_config(secret={"DB_PASSWORD": keyed}))
    assert isinstance(receipt.event, ConfigRecorded)
    assert receipt.event.entries is not None
    assert keyed in [entry.secret for entry in receipt.event.entries]


def test_a_changed_secret_is_a_new_configuration() -> None:
    fresh = ledger()
    tell(fresh, a_config(secret={"A": "1"}), a_config(secret={"A": "2"}), a_config(secret={"A": "1"}))
    known = fresh.load("target:payments-api@prod", history.fold)
    assert known is not None
    assert len(known.configs.numbers) == 2


# -- corrections


def test_a_correction_withdraws_and_replaces_in_one_append(told: EventLedger) -> None:
    (receipt,) = tell(told, a_correction(7, replacement=a_deployment(1, slot="blue")))
    withdrawal, replacement = told.at(12).event, told.at(13).event
    assert receipt.position == 12
    assert isinstance(withdrawal, Corrected)
    assert (withdrawal.of, withdrawal.was, withdrawal.replaced) == (7, "deployment-succeeded.v1", True)
    assert (replacement.version, vars(replacement)["corrects"]) == (withdrawal.version + 1, 7)


@pytest.mark.parametrize(
    ("of", "replacement"),
    [
        (7, a_deployment(1)),
        (8, a_deployment(2, deployment="d-1", outcome=STARTED)),
        (9, a_removal(slot="green")),
        (10, a_declaration("v2", target=STAGING)),
        (11, an_observation(running=())),
    ],
)
def test_each_kind_of_report_can_be_replaced_or_withdrawn(
    of: int, replacement: Any, told: EventLedger
) -> None:
    wrong = told.at(of).event
    tell(told, a_correction(of, replacement=replacement))
    assert told.at(13).event.stream == wrong.stream
    assert head(told) == 13


@pytest.mark.parametrize("of", [7, 8, 9, 10, 11])
def test_each_kind_of_report_can_be_withdrawn_alone(of: int, told: EventLedger) -> None:
    tell(told, a_correction(of))
    withdrawal = told.at(12).event
    assert isinstance(withdrawal, Corrected)
    assert not withdrawal.replaced
    assert head(told) == 12


def test_an_event_is_corrected_once(told: EventLedger) -> None:
    tell(told, a_correction(7))
    with pytest.raises(
        AlreadyCorrected, match="position 7 was corrected already, by the event at position 12"
    ):
        tell(told, a_correction(7, reason="for another reason"))
    assert told.reported([correction.key_of(7)]) is not None
    assert head(told) == 12


def test_a_replacement_can_be_corrected_in_turn(told: EventLedger) -> None:
    tell(told, a_correction(7, replacement=a_deployment(1)))
    tell(told, a_correction(13, replacement=a_deployment(2)))
    assert head(told) == 15


def test_a_withdrawal_is_not_itself_correctable(told: EventLedger) -> None:
    tell(told, a_correction(7))
    with pytest.raises(NotCorrectable):
        tell(told, a_correction(12))


# -- races


class Overtaken(EventLedger):
    """A ledger where someone else is a moment faster: told *first*, after this caller looked."""

    def __init__(self, *first: Command, recorder: MemoryRecorder) -> None:
        super().__init__(recorder, SealingMapper(signer(), nonce=nonces()), now=Clock())
        self._first = list(first)
        self._faster = ledger(recorder)

    def reported(self, keys: Iterable[Digest]) -> Reported | None:
        known = super().reported(keys)
        if self._first:
            tell(self._faster, self._first.pop(0))
        return known


def overtaken(*first: Command, after: Sequence[Command] = ()) -> Overtaken:
    recorder = MemoryRecorder()
    tell(ledger(recorder), *after)
    return Overtaken(*first, recorder=recorder)


RACES: list[tuple[Command, Sequence[Command]]] = [
    (a_build(), ()),
    (a_release(), (a_build(), a_config())),
    (a_deployment(1), (a_build(), a_config(), a_release())),
    (a_deployment(1, deployment="d-1", outcome=STARTED), (a_build(), a_config(), a_release())),
    (a_removal(), ()),
    (an_observation(), ()),
    (a_declaration(), ()),
    (a_config(), ()),
    (a_correction(1), (a_removal(),)),
    (a_correction(1, replacement=a_removal(slot="blue")), (a_removal(),)),
]


@pytest.mark.parametrize(("command", "after"), RACES)
def test_who_tells_the_same_a_moment_later_is_answered_as_a_retry(
    command: Command, after: Sequence[Command]
) -> None:
    (receipt,) = tell(overtaken(command, after=after), command)
    assert (receipt.existing, receipt.position) == (True, len(after) + 1)


def test_who_tells_otherwise_a_moment_later_is_refused() -> None:
    with pytest.raises(AlreadyRecorded):
        tell(overtaken(a_build(label="v2")), a_build())


class TooLate(Overtaken):
    """A ledger where so many appends come too late: someone else has just taken the place."""

    def __init__(self, times: int) -> None:
        super().__init__(recorder=MemoryRecorder())
        self._times = times

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        if self._times:
            self._times -= 1
            tell(self._faster, a_removal(sequence=self._times))
        return super().append(events)


def test_who_loses_the_next_place_of_a_stream_takes_the_one_after() -> None:
    (receipt,) = tell(TooLate(times=7), a_removal(slot="c"))
    assert (receipt.existing, receipt.position) == (False, 8)


def test_who_loses_every_race_is_told() -> None:
    unlucky = TooLate(times=ATTEMPTS_MAX)
    with pytest.raises(ConflictingAppend):
        tell(unlucky, a_removal(slot="c"))
    assert head(unlucky) == ATTEMPTS_MAX


def test_a_decision_can_be_refused_by_a_faster_one() -> None:
    prepared = (a_build(), a_config(), a_release(), a_build("b-2"), a_release("b-2"))
    start = a_deployment(1, deployment="d-1", outcome=STARTED)
    with pytest.raises(DeploymentMismatch):
        tell(overtaken(start, after=prepared), a_deployment(2, deployment="d-1"))


class AnswerLost(EventLedger):
    """A ledger that commits, and whose first answer is lost on the way back."""

    lost = False

    def append(self, events: Sequence[Event]) -> Sequence[Receipt]:
        receipts = super().append(events)
        if not self.lost:
            self.lost = True
            raise LedgerUnavailable("the connection was lost")
        return receipts


def test_a_report_whose_answer_was_lost_is_looked_up_before_it_is_told_again() -> None:
    unlucky = AnswerLost(MemoryRecorder(), SealingMapper(signer(), nonce=nonces()), now=Clock())
    (receipt,) = tell(unlucky, a_removal())
    assert (receipt.existing, receipt.position) == (True, 1)
    assert head(unlucky) == 1
