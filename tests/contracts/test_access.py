"""Who may do what, through commands and questions, whatever keeps the rows."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from adapters.database import schema
from adapters.ledger.ledger import EventLedger
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.sql_recorder import SqlRecorder
from domain.access.access import in_force
from domain.access.change import Group, RevokeGrant, Said
from domain.access.proposal import LIFE_DAYS, AccessProposed, AccessSettled
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.issue_token import IssueToken, issue_token
from domain.commands.propose_access import ProposeAccess, propose_access
from domain.commands.revoke_token import RevokeToken, revoke_token
from domain.commands.rotate_token import RotateToken, rotate_token
from domain.commands.settle_access import SettleAccess, settle_access
from domain.errors import AlreadyRecorded, LedgerError, NothingToChange, ProposalClosed, SecondPersonNeeded
from domain.ports import Receipt
from domain.queries.access_at import access_at
from domain.queries.asking import Clocks
from domain.queries.verify_ledger import verify_ledger
from domain.queries.who_could import WhoCould, who_could
from tests.access import (
    FORGE,
    OPERATOR,
    SSO,
    a_binding,
    a_grant,
    a_link,
    a_secret,
    a_token,
    an_issuer,
    change,
    person,
    who,
)
from tests.builders import NOON, Clock, keyring, ledger
from tests.contracts.opened import Opened

ANN, BEA, CYD = person("ann"), person("bea"), person("cyd")
APPROVES = a_grant("dot", Role.APPROVER, Reach(("payments-*",), ("prod",)))
TOKEN = "tok00001"  # noqa: S105 - the id of a token, which is public
ADMINS = 4
DAY = timedelta(days=1)


def propose(into: EventLedger, actor: Actor, said: Said, id_: str | None = None) -> int:
    receipt = propose_access(
        ProposeAccess(actor=actor, change=change(said), reason="it is needed", id=id_), ledger=into
    )
    assert isinstance(receipt.event, AccessProposed)
    return receipt.event.number


def settle(into: EventLedger, actor: Actor, number: int, confirmed: bool = True) -> Receipt:
    return settle_access(SettleAccess(actor=actor, number=number, confirmed=confirmed), ledger=into)


def issue(into: EventLedger, id_: str = "tok00001", **changes: Any) -> Receipt:
    token = a_token(id_, since=into.now())
    command = IssueToken(
        actor=OPERATOR,
        token=token.id,
        name=token.name,
        holder=token.holder,
        scopes=token.scopes,
        reach=token.reach,
        expires_at=changes.pop("expires_at", token.expires_at),
        secret=token.secret,
        **changes,
    )
    return issue_token(command, ledger=into)


def asked(of: EventLedger, as_of: datetime | None = None, known_at: datetime | int | None = None) -> WhoCould:
    clocks = Clocks(as_of, known_at)
    return who_could(Scope.PROMOTION_APPROVE, "payments-api", "prod", clocks, ledger=of)


def named(answer: WhoCould) -> list[str]:
    return [str(could.who[0].subject) for could in answer.people if isinstance(could.who, tuple)]


class AccessContract(ABC):
    @pytest.fixture
    @abstractmethod
    def recorder(self) -> LedgerRecorder:
        """Return a recorder with nothing in it."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def kept(self, recorder: LedgerRecorder, clock: Clock) -> EventLedger:
        """Return a ledger that has three admins."""
        kept = ledger(recorder, clock=clock)
        for name in ("ann", "bea", "cyd"):
            propose(kept, OPERATOR, a_grant(name, Role.ADMIN))
        return kept

    def test_two_people_change_access_and_the_chain_holds(self, kept: EventLedger) -> None:
        number = propose(kept, ANN, APPROVES)
        assert named(asked(kept)) == []
        settle(kept, BEA, number)
        assert named(asked(kept)) == ["dot"]
        verify_ledger(lambda after, limit: kept.sealed(after=after, limit=limit), keyring())

    def test_who_could_names_the_grant_and_the_events_that_gave_it(self, kept: EventLedger) -> None:
        number = propose(kept, ANN, APPROVES)
        receipt = settle(kept, BEA, number)
        propose(kept, OPERATOR, a_link("dot", "4711"))
        (could,) = asked(kept).people
        assert could.who == (who("4711", FORGE), who("dot"))
        assert could.allowance.name == str(number)
        proposed, settled = could.given_by
        assert (proposed.event.actor, settled.event.actor) == (ANN, BEA)
        assert settled.position == receipt.position
        assert isinstance(settled.event, AccessSettled)

    def test_groups_workloads_and_tokens_are_named_as_well(self, kept: EventLedger) -> None:
        for said in (a_grant(Group(SSO, "staff"), Role.RECORDER), an_issuer(), a_binding()):
            propose(kept, OPERATOR, said)
        issue(kept)
        found = who_could(Scope.REPORT_DEPLOYMENT, "payments-api", "prod", Clocks(), ledger=kept)
        counts = [len(each) for each in (found.people, found.groups, found.workloads, found.tokens)]
        assert (counts, found.operator) == ([0, 1, 1, 1], True)
        assert [could.allowance.name for could in (*found.groups, *found.workloads, *found.tokens)] == [
            "4",
            "payments-ci",
            "tok00001",
        ]
        elsewhere = who_could(Scope.REPORT_DEPLOYMENT, "orders", "prod", Clocks(), ledger=kept)
        assert (len(elsewhere.workloads), len(elsewhere.tokens)) == (0, 1)

    def test_who_could_then_is_answered_for_any_instant_and_as_known_at_any(
        self, kept: EventLedger, clock: Clock
    ) -> None:
        before = kept.prefix(None).position
        clock.at = NOON + DAY
        number = propose(kept, ANN, APPROVES)
        clock.at = NOON + 2 * DAY
        settle(kept, BEA, number)
        clock.at = NOON + 5 * DAY
        held = kept.prefix(None).position
        propose(kept, CYD, RevokeGrant(number))
        clock.at = NOON + 9 * DAY
        by_day = [len(asked(kept, NOON + day * DAY).people) for day in range(9)]
        assert by_day == [0, 0, 1, 1, 1, 0, 0, 0, 0]
        assert len(asked(kept, NOON + 7 * DAY, held).people) == 1, "the end was not known then"
        assert len(asked(kept, NOON + 3 * DAY, before).people) == 0
        assert asked(kept, NOON - DAY).people == ()
        assert access_at(Clocks(NOON - DAY), ledger=kept).access.version == 0

    def test_the_same_question_has_the_same_answer_later(self, kept: EventLedger, clock: Clock) -> None:
        propose(kept, OPERATOR, APPROVES)
        clock.advance(60)
        first = asked(kept)
        clock.advance(60)
        for said in (RevokeGrant(4), a_grant("eve", Role.APPROVER)):
            propose(kept, OPERATOR, said)
        assert asked(kept, first.as_of, first.prefix.position) == first
        assert asked(kept) != first

    def test_a_guest_is_named_for_the_time_of_the_visit(self, kept: EventLedger) -> None:
        guest = a_grant("dot", Role.APPROVER, since=NOON + DAY, until=NOON + 3 * DAY)
        propose(kept, OPERATOR, guest)
        assert [len(asked(kept, NOON + day * DAY).people) for day in range(5)] == [0, 1, 1, 0, 0]
        known = access_at(Clocks(NOON + DAY), ledger=kept)
        (held,) = known.access.grants_to(who("dot"))
        assert in_force(held, known.as_of)

    def test_a_request_that_is_sent_again_is_answered_as_before(self, kept: EventLedger) -> None:
        first = propose(kept, ANN, APPROVES, id_="request-1")
        assert propose(kept, ANN, APPROVES, id_="request-1") == first
        with pytest.raises(AlreadyRecorded):
            propose(kept, BEA, APPROVES, id_="request-1")
        receipt, again = settle(kept, BEA, first), settle(kept, BEA, first)
        assert (receipt.existing, again.existing, receipt.position) == (False, True, again.position)
        with pytest.raises(AlreadyRecorded):
            settle(kept, CYD, first)
        assert issue(kept).position == issue(kept, expires_at=kept.now() + 90 * DAY).position
        with pytest.raises(AlreadyRecorded):
            issue(kept, cidrs=("10.0.0.0/8",))

    def test_what_was_revoked_can_be_granted_again(self, kept: EventLedger) -> None:
        for _ in range(3):
            number = propose(kept, OPERATOR, APPROVES)
            with pytest.raises(NothingToChange):
                propose(kept, OPERATOR, APPROVES)
            propose(kept, OPERATOR, RevokeGrant(number))
        assert named(asked(kept)) == []

    def test_linking_after_proposing_does_not_help(self, kept: EventLedger) -> None:
        propose(kept, OPERATOR, a_grant(who("4711", FORGE), Role.ADMIN))
        number = propose(kept, ANN, APPROVES)
        propose(kept, OPERATOR, a_link("ann", "4711"))
        with pytest.raises(SecondPersonNeeded):
            settle(kept, person("4711", FORGE), number)

    def test_a_proposal_expires(self, kept: EventLedger, clock: Clock) -> None:
        number = propose(kept, ANN, APPROVES)
        clock.at += timedelta(days=LIFE_DAYS)
        with pytest.raises(ProposalClosed):
            settle(kept, BEA, number)

    def test_a_token_is_issued_rotated_and_revoked(self, kept: EventLedger, clock: Clock) -> None:
        issue(kept)
        clock.advance(60)
        rotated = RotateToken(actor=OPERATOR, token=TOKEN, secret=a_secret("2"), grace_seconds=60)
        receipt = rotate_token(rotated, ledger=kept)
        assert rotate_token(rotated, ledger=kept).position == receipt.position
        clock.advance(60)
        revoked = RevokeToken(actor=OPERATOR, token=TOKEN, reason="it leaked")
        receipt = revoke_token(revoked, ledger=kept)
        assert revoke_token(revoked, ledger=kept).position == receipt.position
        lives = [
            access_at(Clocks(NOON + timedelta(seconds=seconds)), ledger=kept).access.tokens["tok00001"]
            for seconds in (0, 60, 120)
        ]
        assert [(token.secret == a_secret("2"), token.revoked_at is None) for token in lives] == [
            (False, True),
            (True, True),
            (True, False),
        ]

    def test_what_happens_never_happens_before_what_was_said_last(
        self, kept: EventLedger, clock: Clock
    ) -> None:
        clock.at += timedelta(seconds=100)
        number = propose(kept, OPERATOR, APPROVES)
        clock.at -= timedelta(seconds=200)
        propose(kept, OPERATOR, RevokeGrant(number))
        known = access_at(Clocks(), ledger=kept)
        assert known.as_of == known.access.at > kept.now(), "and now is not before it either"
        events = [each.event for each in kept.of_stream("access", range(1, 11))]
        assert all(one.occurred_at <= other.occurred_at for one, other in pairwise(events))

    def test_many_who_propose_at_once_all_get_a_number_of_their_own(self, kept: EventLedger) -> None:
        barrier = Barrier(ADMINS)

        def told(number: int) -> list[int]:
            barrier.wait(60)
            return [propose(kept, ANN, a_grant(f"p-{number}-{n}", Role.APPROVER)) for n in range(3)]

        with ThreadPoolExecutor(ADMINS) as pool:
            numbers = sorted(each for found in pool.map(told, range(ADMINS)) for each in found)
        assert numbers == list(range(4, 4 + 3 * ADMINS))

    def test_of_two_who_settle_at_once_one_does(self, kept: EventLedger) -> None:
        number = propose(kept, ANN, APPROVES)
        barrier = Barrier(2)

        def told(actor: Actor) -> bool:
            barrier.wait(60)
            try:
                settle(kept, actor, number, confirmed=actor is BEA)
            except LedgerError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(told, (BEA, CYD))) == [False, True]


class TestInMemory(AccessContract):
    @pytest.fixture
    def recorder(self) -> LedgerRecorder:
        return MemoryRecorder()


class TestOnSQLite(AccessContract):
    @pytest.fixture
    def recorder(self, opened: Opened, tmp_path: Path) -> LedgerRecorder:
        database = opened(f"sqlite:///{tmp_path}/ledger.db")
        schema.create(database)
        return SqlRecorder(database)


class TestOnPostgres(AccessContract):
    @pytest.fixture
    def recorder(self, opened: Opened, postgres_url: str) -> LedgerRecorder:
        database = opened(postgres_url)
        schema.create(database)
        return SqlRecorder(database)
