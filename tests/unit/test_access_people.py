"""Identities that are linked are one person, however many links there are and whichever go."""

import pytest

from domain.access.change import Unlink
from domain.access.people import IDENTITIES_MAX
from domain.access.roles import Role
from domain.errors import AccessFull, MalformedValue, NothingToChange, SegregatedDuties, UnknownAccess
from domain.identity import Identity, Named, recorded
from tests.access import FORGE, Desk, a_grant, a_link, a_token, who


def person(desk: Desk, name: str = "ann") -> tuple[str, ...]:
    return tuple(identity.subject for identity in desk.access.person_of(who(name)))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("49699333", "49699333"),
        ("ann@acme.example", "person:ann@acme.example"),
        ("Ann Example <ann@acme.example>", "person:ann@acme.example"),
        ("<ann@acme.example>", "person:ann@acme.example"),
        ("49699333+dependabot[bot]@users.noreply.github.com",) * 2,
    ],
)
def test_an_address_is_digested_however_it_is_told(told: str, kept: str) -> None:
    found = Named("git", told).recorded(lambda text: f"person:{text.replace('@', ' at ')}")
    assert found.subject.removeprefix("person:").replace(" at ", "@") == kept.removeprefix("person:")
    assert "@" not in found.subject


@pytest.mark.parametrize("told", ["Ann Example", "Ann Example <>", " ", "a <b> c"])
def test_a_name_is_no_subject(told: str) -> None:
    with pytest.raises(MalformedValue):
        Named("git", told).recorded(str)


def test_whoever_has_no_links_is_alone() -> None:
    assert person(Desk()) == ("ann",)


def test_a_link_counts_from_both_ends() -> None:
    desk = Desk()
    desk.give(a_link("ann", "ann-at-work"))
    both = (who("ann-at-work", FORGE), who("ann"))
    assert set(desk.access.person_of(who("ann"))) == set(both)
    assert desk.access.person_of(who("ann")) == desk.access.person_of(who("ann-at-work", FORGE))


def test_links_reach_as_far_as_they_go() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"), a_link("bea", "2"), a_link("ann", "2"))
    assert set(person(desk)) == {"ann", "bea", "1", "2"}
    assert person(desk) == person(desk, "bea")


def test_without_a_link_in_the_middle_there_are_two_again() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"), a_link("bea", "2"), a_link("ann", "2"))
    desk.give(Unlink(who("ann"), who("2", FORGE)))
    assert set(person(desk)) == {"ann", "1"}
    assert set(person(desk, "bea")) == {"bea", "2"}


def test_without_one_of_two_ways_they_stay_one() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"), a_link("bea", "1"), a_link("ann", "2"), a_link("bea", "2"))
    desk.give(Unlink(who("1", FORGE), who("ann")))
    assert set(person(desk)) == {"ann", "bea", "1", "2"}


def test_a_link_that_goes_leaves_nothing() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"))
    desk.give(Unlink(who("1", FORGE), who("ann")))
    assert person(desk) == ("ann",)
    assert len(desk.access.people.links) == len(desk.access.people.persons) == 0


def test_a_link_is_said_once_in_either_direction() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"))
    with pytest.raises(NothingToChange):
        desk.give(a_link("ann", "1"))
    with pytest.raises(UnknownAccess):
        desk.give(Unlink(who("ann"), who("2", FORGE)))


def test_nobody_is_linked_with_themselves() -> None:
    with pytest.raises(MalformedValue):
        Unlink(who("ann"), who("ann"))


def test_a_person_has_a_bounded_number_of_identities() -> None:
    desk = Desk()
    desk.give(*(a_link("ann", str(number)) for number in range(IDENTITIES_MAX - 1)))
    with pytest.raises(AccessFull, match=f"at most {IDENTITIES_MAX}"):
        desk.give(a_link("ann", "one too many"))
    assert len(person(desk)) == IDENTITIES_MAX


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [(Role.AUDITOR, Role.RECORDER, "SOD-7"), (Role.ADMIN, Role.APPROVER, "SOD-8")],
)
def test_a_link_does_not_bring_duties_together(one: Role, other: Role, rule: str) -> None:
    desk = Desk()
    desk.give(a_grant("ann", one), a_grant(who("1", FORGE), other), a_link("bea", "1"))
    with pytest.raises(SegregatedDuties, match=rule):
        desk.give(a_link("ann", "1"))
    with pytest.raises(SegregatedDuties, match=rule):
        desk.give(a_link("ann", "2"), a_link("bea", "2"))


def test_a_link_does_not_bring_an_auditor_to_a_token_that_writes() -> None:
    desk = Desk()
    desk.give(a_grant("ann", Role.AUDITOR))
    desk.issue(a_token(holder=who("1", FORGE)))
    with pytest.raises(SegregatedDuties, match="SOD-7"):
        desk.give(a_link("ann", "1"))


def test_who_joined_two_and_how_stays_with_the_link() -> None:
    desk = Desk()
    desk.give(a_link("ann", "1"))
    (linked,) = desk.access.people.links.values()
    assert linked.said == (1, 2)
    assert linked.link.how == "both-logins"


def test_an_address_is_no_subject_in_clear() -> None:
    with pytest.raises(MalformedValue, match="keyed digest"):
        Identity("git", "ann@example.com")
    assert recorded("git", "ann@example.com", lambda name: f"person:{len(name)}") == Identity(
        "git", "person:15"
    )
    assert recorded(FORGE, "4711", lambda _: "never").subject == "4711"
    assert Identity("https://ci", "repo:acme/payments@1:ref:refs/heads/v1.2").subject
