"""A change of access takes two people, counting people and not identities; taking away takes one."""

from datetime import timedelta

import pytest

from domain.access.change import (
    Change,
    DropIssuer,
    Joined,
    Link,
    RemoveBinding,
    RevokeGrant,
    Said,
    Unlink,
)
from domain.access.changing import OPEN_MAX
from domain.access.issuer import TrustedIssuer
from domain.access.proposal import LIFE_DAYS, AccessProposed, AccessSettled
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.webhook import RemoveWebhook
from domain.actor import Actor, ActorKind
from domain.errors import (
    AccessFull,
    ContradictoryReport,
    MalformedValue,
    NothingToChange,
    NotPermitted,
    ProposalClosed,
    SecondPersonNeeded,
    SegregatedDuties,
    UnknownAccess,
    UnknownProposal,
)
from tests.access import (
    FORGE,
    GITHUB,
    OPERATOR,
    Desk,
    a_binding,
    a_grant,
    a_link,
    a_token,
    a_webhook,
    an_issuer,
    person,
    who,
    with_admins,
)

ANN, BEA, CYD = person("ann"), person("bea"), person("cyd")
ANN_TOO = person("ann-too", FORGE)
LINK = a_link("ann", "ann-too")
GRANT = a_grant("dot", Role.APPROVER)


@pytest.fixture
def desk() -> Desk:
    """Return a desk at which Ann, Bea and Cyd are admins, and so is an account at the forge."""
    desk = with_admins("ann", "bea", "cyd")
    desk.give(a_grant(who("ann-too", FORGE), Role.ADMIN))
    return desk


def granted(desk: Desk) -> bool:
    return bool(desk.access.grants_to(who("dot")))


def test_a_grant_holds_only_when_somebody_else_confirmed_it(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    assert not granted(desk)
    desk.settle(BEA, number)
    assert granted(desk)
    assert desk.access.open == ()


def test_who_proposed_cannot_confirm(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    with pytest.raises(SecondPersonNeeded):
        desk.settle(ANN, number)
    assert not granted(desk)


def test_not_under_a_second_identity_either(desk: Desk) -> None:
    desk.give(LINK)
    for one, other in ((ANN, ANN_TOO), (ANN_TOO, ANN)):
        number = desk.propose(one, a_grant(f"for {one.subject}", Role.APPROVER))
        with pytest.raises(SecondPersonNeeded):
            desk.settle(other, number)


def test_two_identities_that_nobody_linked_are_two_people_as_far_as_anybody_knows(desk: Desk) -> None:
    desk.settle(ANN_TOO, desk.propose(ANN, GRANT))
    assert granted(desk)


def test_linking_after_proposing_does_not_help(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    desk.give(LINK)
    with pytest.raises(SecondPersonNeeded):
        desk.settle(ANN_TOO, number)


def test_unlinking_after_proposing_does_not_help(desk: Desk) -> None:
    desk.give(LINK)
    number = desk.propose(ANN, GRANT)
    desk.give(Unlink(LINK.one, LINK.other))
    with pytest.raises(SecondPersonNeeded):
        desk.settle(ANN_TOO, number)


def test_two_identities_do_not_confirm_that_they_are_one_person(desk: Desk) -> None:
    number = desk.propose(ANN, LINK)
    with pytest.raises(SecondPersonNeeded, match="one person"):
        desk.settle(ANN_TOO, number)
    desk.settle(BEA, number)
    assert len(desk.access.person_of(who("ann"))) == 2


def test_nor_that_they_are_not(desk: Desk) -> None:
    desk.give(LINK)
    number = desk.propose(ANN, Unlink(LINK.one, LINK.other))
    with pytest.raises(SecondPersonNeeded):
        desk.settle(ANN_TOO, number)
    desk.settle(BEA, number)
    assert len(desk.access.person_of(who("ann"))) == 1


@pytest.mark.parametrize(
    "actor",
    [
        person("dot"),
        Actor(ActorKind.ANONYMOUS, "shiplog:server", "anyone"),
        Actor(ActorKind.WORKLOAD, GITHUB, "repo:acme/payments-api"),
        Actor(ActorKind.TOKEN, BEA.issuer, BEA.subject, credential="tok00001"),
    ],
    ids=lambda actor: actor.kind,
)
def test_only_an_admin_in_person_proposes_or_confirms(desk: Desk, actor: Actor) -> None:
    with pytest.raises(NotPermitted):
        desk.propose(actor, GRANT)
    number = desk.propose(ANN, GRANT)
    for confirmed in (True, False):
        with pytest.raises(NotPermitted):
            desk.settle(actor, number, confirmed=confirmed)


def test_an_admin_by_then_is_no_admin_now(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    (held,) = desk.access.grants_to(who("bea"))
    desk.propose(CYD, RevokeGrant(held.number))
    with pytest.raises(NotPermitted):
        desk.settle(BEA, number)


TAKING = [RevokeGrant(5), RemoveBinding("payments-ci"), DropIssuer(GITHUB), RemoveWebhook("chat")]


@pytest.mark.parametrize("said", TAKING, ids=lambda said: type(said).__name__)
def test_one_admin_alone_takes_away_and_the_record_shows_it(desk: Desk, said: Said) -> None:
    desk.give(GRANT, an_issuer(), a_binding(), a_webhook())
    desk.propose(ANN, said)
    proposed, settled = desk.events[-2:]
    assert isinstance(proposed, AccessProposed)
    assert isinstance(settled, AccessSettled)
    assert proposed.actor == settled.actor == ANN
    assert (proposed.number, True) == (settled.number, settled.confirmed)
    with pytest.raises(UnknownAccess):
        desk.propose(ANN, said)


GIVING = [
    GRANT,
    an_issuer(),
    a_binding(seconds=60),
    LINK,
    Unlink(who("x"), who("y", FORGE)),
    a_webhook(key=2),
]


@pytest.mark.parametrize("said", GIVING, ids=lambda said: type(said).__name__)
def test_giving_waits_for_a_second_person(desk: Desk, said: Said) -> None:
    desk.give(a_link("x", "y"))
    if not isinstance(said, TrustedIssuer):
        desk.give(an_issuer())
    number = desk.propose(ANN, said)
    assert [each.number for each in desk.access.open] == [number]


def test_the_operator_needs_nobody(desk: Desk) -> None:
    desk.propose(OPERATOR, GRANT)
    assert granted(desk)
    assert desk.events[-1].actor == OPERATOR


def test_a_proposal_can_be_turned_down_or_taken_back_and_is_closed_then(desk: Desk) -> None:
    for settler in (BEA, ANN):
        number = desk.propose(ANN, GRANT)
        desk.settle(settler, number, confirmed=False)
        with pytest.raises(ProposalClosed):
            desk.settle(BEA, number)
    assert not granted(desk)


def test_what_was_confirmed_is_closed(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    desk.settle(BEA, number)
    with pytest.raises(ProposalClosed):
        desk.settle(CYD, number)


@pytest.mark.parametrize("number", [0, -1, 99])
def test_what_was_never_proposed(desk: Desk, number: int) -> None:
    with pytest.raises(UnknownProposal):
        desk.settle(BEA, number)


def test_a_proposal_expires(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    desk.later(days=LIFE_DAYS)
    with pytest.raises(ProposalClosed):
        desk.settle(BEA, number)
    assert not granted(desk)


def test_a_moment_before_it_does_not(desk: Desk) -> None:
    number = desk.propose(ANN, GRANT)
    desk.at += timedelta(days=LIFE_DAYS) - timedelta(microseconds=1)
    desk.settle(BEA, number)
    assert granted(desk)


def test_what_expired_can_be_proposed_again_and_makes_room(desk: Desk) -> None:
    desk.propose(ANN, GRANT)
    with pytest.raises(NothingToChange):
        desk.propose(BEA, GRANT)
    desk.later(days=LIFE_DAYS)
    number = desk.propose(BEA, GRANT)
    assert [each.number for each in desk.access.open] == [number]


def test_a_bounded_number_waits(desk: Desk) -> None:
    for count in range(OPEN_MAX):
        desk.propose(ANN, a_grant(f"person {count}", Role.APPROVER))
    with pytest.raises(AccessFull):
        desk.propose(ANN, GRANT)
    desk.propose(ANN, RevokeGrant(4))
    desk.later(days=LIFE_DAYS)
    desk.propose(ANN, GRANT)


def test_what_clashes_by_the_time_it_is_confirmed_is_refused(desk: Desk) -> None:
    number = desk.propose(ANN, a_grant("dot", Role.AUDITOR))
    desk.issue(a_token(holder=who("dot")))
    with pytest.raises(SegregatedDuties, match="SOD-7"):
        desk.settle(BEA, number)


def test_what_was_given_meanwhile_is_not_given_again(desk: Desk) -> None:
    mine = desk.propose(ANN, a_link("eve", "1"))
    other_way = Link(who("1", FORGE), who("eve"), Joined.DIRECTORY)
    desk.propose(OPERATOR, other_way)
    with pytest.raises(NothingToChange):
        desk.settle(BEA, mine)


def test_a_limited_admin_gives_and_takes_within_the_limit() -> None:
    payments = Reach(("payments-*",))
    desk = Desk()
    desk.give(*(a_grant(name, Role.ADMIN, payments) for name in ("ann", "bea")), an_issuer())
    number = desk.propose(ANN, a_grant("dot", Role.APPROVER, Reach(("payments-api",))))
    desk.settle(BEA, number)
    wide = desk.give(a_grant("eve", Role.APPROVER))
    for said in (GRANT, RevokeGrant(wide), DropIssuer(GITHUB), LINK, a_binding(reach=Reach())):
        with pytest.raises(NotPermitted, match="does not reach"):
            desk.propose(ANN, said)
    desk.propose(ANN, RevokeGrant(number))


def test_a_change_is_exactly_one_thing() -> None:
    with pytest.raises(ContradictoryReport):
        Change()
    with pytest.raises(ContradictoryReport):
        Change(grant=GRANT, link=LINK)


@pytest.mark.parametrize("reason", ["", "two\nlines", "x" * 1001])
def test_a_reason_is_a_line(desk: Desk, reason: str) -> None:
    with pytest.raises(MalformedValue):
        desk.propose(ANN, GRANT, reason)
