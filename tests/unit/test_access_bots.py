"""What a bot wrote is answered for by whoever merged it; unknown is not nobody."""

from dataclasses import replace

import pytest

from domain.access import checking
from domain.access.answering import Answering, answering, answers_for
from domain.access.authority import authority, roles_of
from domain.access.bots import Bot, NotBot
from domain.access.change import Group
from domain.access.roles import Role
from domain.build import Source
from domain.errors import AccessFull, ContradictoryReport, NothingToChange, SecondPersonNeeded, UnknownAccess
from domain.identity import Identity
from tests.access import FORGE, Desk, a_grant, a_link, in_groups, person, who, with_admins
from tests.builders import COMMIT

ANN, BEA, DEPENDABOT, QUEUE = (who(name, FORGE) for name in ("ann", "bea", "dependabot", "merge-queue"))


def source(author: Identity | None = None, merged_by: Identity | None = None) -> Source:
    return Source("https://git.example/acme/payments-api", COMMIT, author=author, merged_by=merged_by)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.give(Bot(DEPENDABOT), Bot(QUEUE))
    return made


@pytest.mark.parametrize(
    ("author", "merged_by", "answers"),
    [
        (ANN, None, ANN),
        (ANN, BEA, ANN),
        (ANN, DEPENDABOT, ANN),
        (DEPENDABOT, BEA, BEA),
        (DEPENDABOT, None, None),
        (DEPENDABOT, QUEUE, None),
        (DEPENDABOT, DEPENDABOT, None),
        (None, BEA, None),
        (None, None, None),
    ],
)
def test_a_bot_counts_as_who_merged(
    desk: Desk, author: Identity | None, merged_by: Identity | None, answers: Identity | None
) -> None:
    said = source(author, merged_by)
    assert answers_for(desk.access, said) == (answers and (answers,))
    assert answering(desk.access, said) == Answering(author, merged_by, author == DEPENDABOT, answers)


def test_who_answers_is_a_person_by_all_identities(desk: Desk) -> None:
    desk.give(a_link("00u1", "bea"))
    assert answers_for(desk.access, source(DEPENDABOT, BEA)) == tuple(sorted((BEA, who("00u1"))))


def test_the_name_alone_makes_no_bot(desk: Desk) -> None:
    other = who("dependabot", "https://another-forge.example")
    assert answers_for(desk.access, source(other, BEA)) == (other,)


def test_a_bot_by_mistake_is_somebody_again(desk: Desk) -> None:
    desk.give(NotBot(DEPENDABOT))
    assert answers_for(desk.access, source(DEPENDABOT, BEA)) == (DEPENDABOT,)
    with pytest.raises(UnknownAccess):
        desk.give(NotBot(DEPENDABOT))


def test_a_bot_is_said_once(desk: Desk) -> None:
    with pytest.raises(NothingToChange):
        desk.give(Bot(DEPENDABOT))


@pytest.mark.parametrize("said", [Bot(ANN), NotBot(DEPENDABOT)])
def test_either_way_takes_two(said: Bot | NotBot) -> None:
    desk = with_admins("ann", "bea")
    if isinstance(said, NotBot):
        desk.give(Bot(DEPENDABOT))
    number = desk.propose(person("ann"), said)
    with pytest.raises(SecondPersonNeeded):
        desk.settle(person("ann"), number)
    desk.settle(person("bea"), number)
    assert (said.identity in desk.access.bots) is isinstance(said, Bot)


def test_a_bot_is_no_person(desk: Desk) -> None:
    with pytest.raises(ContradictoryReport, match="is a bot, and no person"):
        desk.give(a_link("00u1", "dependabot"))
    with pytest.raises(ContradictoryReport, match="is a bot, and no person"):
        desk.give(a_grant(DEPENDABOT, Role.APPROVER))


def test_a_bot_has_no_role_by_a_group_either(desk: Desk) -> None:
    desk.give(a_grant(Group(FORGE, "approvers"), Role.APPROVER))
    for name, roles in (("ann", {Role.APPROVER}), ("dependabot", set())):
        actor = replace(in_groups(name, "approvers"), issuer=FORGE)
        assert roles_of(desk.access, actor, desk.at) == roles
        assert bool(authority(desk.access, actor, desk.at).allowances) == bool(roles)


def test_a_person_is_no_bot() -> None:
    desk = Desk()
    desk.give(a_link("00u1", "bea"), a_grant(ANN, Role.APPROVER))
    for identity in (BEA, who("00u1"), ANN):
        with pytest.raises(ContradictoryReport, match="is a person"):
            desk.give(Bot(identity))


def test_there_are_so_many_bots_at_most(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "BOTS_MAX", 2)
    with pytest.raises(AccessFull):
        desk.give(Bot(ANN))
