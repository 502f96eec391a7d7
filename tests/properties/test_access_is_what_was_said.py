"""Access, for any history, against the plainest model: dictionaries, sets, and going through it all again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access.access import Access
from domain.access.authority import roles_of
from domain.access.change import RevokeGrant, Unlink
from domain.access.fold import fold
from domain.access.people import Person
from domain.access.reach import Reach
from domain.access.roles import Role, check_together
from domain.actor import ActorKind
from domain.commands.propose_access import ProposeAccess, propose_access
from domain.errors import LedgerError
from domain.identity import Identity
from domain.queries.access_at import access_at
from domain.queries.asking import Clocks
from domain.revised import RevisedMap
from tests.access import FORGE, NOON, OPERATOR, Desk, a_grant, a_link, a_token, change, person, who
from tests.builders import Clock, ledger

LOGINS, ACCOUNTS = ("ann", "bea", "cyd"), ("1", "2", "3")
EVERYBODY = (*map(who, LOGINS), *(who(account, FORGE) for account in ACCOUNTS))

# -- mappings

revisions = st.lists(st.tuples(st.integers(min_value=0), st.integers(0, 12), st.booleans()), max_size=120)
"""From which version so far, which key, and whether it gets a value or loses it."""


@given(revisions)
def test_every_version_of_a_revised_mapping_keeps_what_it_had(said: list[tuple[int, int, bool]]) -> None:
    versions: list[tuple[RevisedMap[int, int], dict[int, int]]] = [(RevisedMap(), {})]
    for number, (parent, key, gets) in enumerate(said):
        revised, plain = versions[parent % len(versions)]
        if gets:
            versions.append((revised.with_value(key, number), {**plain, key: number}))
        elif key in plain:
            versions.append((revised.without(key), {k: v for k, v in plain.items() if k != key}))
    for revised, plain in versions:
        assert dict(revised.items()) == plain
        assert len(revised) == len(plain)
        assert [revised.get(key) for key in range(13)] == [plain.get(key) for key in range(13)]
        assert [key in revised for key in range(13)] == [key in plain for key in range(13)]


@given(st.integers(1, 600), st.integers(1, 40))
def test_a_mapping_that_is_revised_for_long_stays_as_small_as_what_it_holds(changes: int, keys: int) -> None:
    revised: RevisedMap[int, int] = RevisedMap()
    for number in range(changes):
        revised = revised.with_value(number % keys, number)
        if number % 3 == 0:
            revised = revised.without(number % keys)
    assert sum(map(len, revised._layers)) <= 4 * keys
    assert len(revised._layers) <= (4 * keys).bit_length()


# -- reach

NAMES = st.text("ab-", min_size=1, max_size=3).filter(lambda name: name[0] != "-")
PATTERNS = st.lists(NAMES | NAMES.map(lambda name: f"{name}*"), max_size=3)
REACHES = st.builds(Reach.of, PATTERNS, PATTERNS)


@given(REACHES, REACHES, NAMES, NAMES)
def test_what_is_within_reaches_nothing_that_the_other_does_not(
    inner: Reach, outer: Reach, service: str, environment: str
) -> None:
    assert inner.within(inner)
    assert inner.within(Reach())
    for one, other in ((service, environment), (service, None), (None, environment), (None, None)):
        if inner.within(outer) and inner.covers(one, other):
            assert outer.covers(one, other)


# -- histories

LINKS = st.builds(a_link, st.sampled_from(LOGINS), st.sampled_from(ACCOUNTS))
UNLINKS = LINKS.map(lambda link: Unlink(link.other, link.one))
GRANTS = st.builds(
    lambda holder, role, span: a_grant(
        holder, role, until=None if span is None else NOON + timedelta(days=span)
    ),
    st.sampled_from(EVERYBODY),
    st.sampled_from(Role),
    st.none() | st.integers(1, 40),
)
REVOCATIONS = st.builds(RevokeGrant, st.integers(1, 20))
TOKENS = st.sampled_from(EVERYBODY)
HISTORIES = st.lists(LINKS | UNLINKS | GRANTS | REVOCATIONS | TOKENS, max_size=25)


def tell(desk: Desk, history: Iterable[object]) -> Desk:
    """Say all of it, a day apart; what is refused leaves nothing."""
    for said in history:
        before = desk.access
        try:
            if isinstance(said, Identity):
                number = len(desk.access.tokens)
                desk.issue(a_token(f"token{number:03}", since=desk.at, holder=said))
            else:
                desk.give(said)  # type: ignore[arg-type]  # everything else is a change
        except LedgerError:
            assert desk.access is before
        desk.later(days=1)
    return desk


def together(links: Iterable[tuple[Identity, Identity]]) -> set[Person]:
    """Return everybody by going through the links until nothing changes."""
    people = [{each} for each in EVERYBODY]
    for one, other in links:
        joined: set[Identity] = set().union(*(each for each in people if each & {one, other}))
        people = [each for each in people if not each & joined] + [joined]
    return {tuple(sorted(each)) for each in people}


@given(HISTORIES)
@settings(deadline=None, max_examples=150)
def test_people_are_what_the_links_say(history: list[object]) -> None:
    access = tell(Desk(), history).access
    people = {access.person_of(identity) for identity in EVERYBODY}
    assert people == together(access.people.links)


@given(HISTORIES)
@settings(deadline=None, max_examples=150)
def test_no_person_ever_holds_duties_that_must_be_apart(history: list[object]) -> None:
    """At no instant, by what was known then: who is found to be one person later was not one before."""
    desk = Desk()
    for said in history:
        tell(desk, [said])
        check_nobody_holds_both(desk.access, desk.at)
    for days in range(0, 60, 3):
        check_nobody_holds_both(desk.access, desk.at + timedelta(days=days))


def check_nobody_holds_both(access: Access, at: datetime) -> None:
    for identity in EVERYBODY:
        actor = person(identity.subject, identity.issuer)
        tokens = access.tokens_held(access.person_of(identity), at)
        written = {scope for token in tokens if token.since <= at for scope in token.scopes}
        check_together(roles_of(access, actor, at), written)


@given(HISTORIES)
@settings(deadline=None, max_examples=100)
def test_what_is_folded_is_the_same_from_the_start(history: list[object]) -> None:
    desk = tell(Desk(), history)
    again = reduce(fold, desk.events, None) or Access()
    for one, other in ((desk.access.grants, again.grants), (desk.access.tokens, again.tokens)):
        assert dict(one.items()) == dict(other.items())
    assert len(again.grants_of) == len({held.said.holder for held in again.grants.values()})
    assert desk.access.open == again.open == ()


@given(HISTORIES, st.lists(st.integers(-1, 30), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_as_of_and_as_known_is_a_replay_of_what_had_been_said(history: list[object], days: list[int]) -> None:
    clock = Clock()
    kept = ledger(clock=clock)
    for said in history:
        if isinstance(said, Identity):
            continue
        try:
            command = ProposeAccess(actor=OPERATOR, change=change(said), reason="why not")  # type: ignore[arg-type]  # no tokens here
            propose_access(command, ledger=kept)
        except LedgerError:
            continue
        finally:
            clock.advance(86_400)
    clock.advance(40 * 86_400)
    recorded = [kept.at(row.position) for row in kept.sealed(after=0, limit=1000)]
    for day in days:
        as_of = NOON + timedelta(days=day)
        for known in {0, len(recorded) // 2, len(recorded)}:
            told = [each.event for each in recorded[:known] if each.event.occurred_at <= as_of]
            plain = reduce(fold, told, None) or Access()
            found = access_at(Clocks(as_of, known), ledger=kept).access
            assert (found.version, dict(found.grants.items())) == (plain.version, dict(plain.grants.items()))
            assert dict(found.people.persons.items()) == dict(plain.people.persons.items())


@given(st.lists(st.sampled_from(LOGINS), min_size=2, max_size=2), HISTORIES)
@settings(deadline=None, max_examples=60)
def test_nobody_confirms_what_they_proposed(two: list[str], history: list[object]) -> None:
    desk = Desk()
    desk.give(*(a_grant(name, Role.ADMIN) for name in LOGINS))
    links = [said for said in history if not isinstance(said, Identity)]
    tell(desk, links)
    one, other = map(person, two)
    try:
        number = desk.propose(one, a_grant("new", Role.APPROVER))
        desk.settle(other, number)
    except LedgerError:
        return
    assert desk.access.person_of(one.identity) != desk.access.person_of(other.identity)
    assert one.kind is other.kind is ActorKind.PERSON


def test_the_model_of_people_is_right_about_a_chain() -> None:
    chain = list(combinations(EVERYBODY[:3], 2))[::2]
    assert tuple(sorted(EVERYBODY[:3])) in together(chain)
