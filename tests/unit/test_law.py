"""Who may put a policy in force, freeze and waive: two people, counting people and not identities."""

from datetime import timedelta
from typing import Any

import pytest

from domain import errors
from domain.access.access import Access
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.actor import Actor
from domain.digest import Digest
from domain.event import Event
from domain.policy.law import Law, fold
from domain.policy.lawmaking import FREEZES_MAX, PROPOSALS_MAX, WAIVERS_MAX, Decider
from domain.policy.proposal import PolicyFile
from domain.policy.waiving import Requested
from tests.access import FORGE, NOON, OPERATOR, TOLD, Desk, a_grant, a_link, person, who

SALLY, TOM, RITA, ANNA, CARL = (person(name) for name in ("sally", "tom", "rita", "anna", "carl"))
SALLY_TOO = person("sally-too", FORGE)
FILE = PolicyFile("sets/baseline.yaml", Digest.of(b"a set"))
DAY = timedelta(days=1)


class Court:
    """The law without a ledger."""

    def __init__(self) -> None:
        desk = Desk()
        desk.give(
            a_grant("sally", Role.SECURITY),
            a_grant(who("sally-too", FORGE), Role.SECURITY),
            a_grant("tom", Role.SECURITY),
            a_grant("rita", Role.RELEASE_MANAGER),
            a_grant("anna", Role.APPROVER),
            a_grant("carl", Role.SECURITY, Reach((), ("staging",))),
            a_link("sally", "sally-too"),
        )
        self.access: Access = desk.access
        self.law = Law()
        self.at = NOON

    def by(self, actor: Actor) -> Decider:
        return Decider(self.law, self.access, actor, self.at, TOLD)

    def take(self, event: Event) -> None:
        assert event.version == self.law.version + 1
        self.law = fold(self.law, event)

    def propose(self, actor: Actor, *environments: str, digest: bytes = b"one") -> int:
        proposed = self.by(actor).propose(
            set_name="baseline",
            digest=Digest.of(digest),
            files=(FILE,),
            environments=environments or ("prod",),
            cases=3,
            reason="it is time",
        )
        self.take(proposed)
        return proposed.number

    def approve(self, actor: Actor, number: int, **more: Any) -> None:
        said = {"approved": True, "effective_from": None, "reason": None, **more}
        self.take(self.by(actor).settle(number, **said))

    def waive(self, actor: Actor = RITA, **more: Any) -> int:
        said: dict[str, Any] = {
            "rule": "VULN-001",
            "term": "CVE-1",
            "environments": ("prod",),
            "services": ("*",),
            "artifact": None,
            "reason": "not reachable",
            "ticket": "SEC-1",
            "expires_at": self.at + 30 * DAY,
        }
        requested = self.by(actor).request_waiver(**{**said, **more})
        self.take(requested)
        return requested.number

    def waiver(self, number: int) -> Requested:
        return self.law.waiver(number)

    def digest_in(self, environment: str) -> Digest | None:
        active = self.law.active(environment, self.at)
        return None if active is None else active.policy.digest


@pytest.fixture
def court() -> Court:
    return Court()


def test_a_policy_decides_when_somebody_else_approved_it(court: Court) -> None:
    number = court.propose(SALLY)
    assert court.digest_in("prod") is None
    court.approve(TOM, number)
    assert court.digest_in("prod") == Digest.of(b"one")
    assert court.digest_in("staging") is None


@pytest.mark.parametrize("same", [SALLY, SALLY_TOO])
def test_who_proposed_it_does_not_approve_it_under_any_identity(court: Court, same: Actor) -> None:
    number = court.propose(SALLY)
    with pytest.raises(errors.SecondPersonNeeded, match="SOD-5"):
        court.approve(same, number)


@pytest.mark.parametrize("nobody", [RITA, ANNA, CARL, person("mallory")])
def test_only_security_of_that_environment_approves(court: Court, nobody: Actor) -> None:
    number = court.propose(SALLY)
    with pytest.raises(errors.NotPermitted):
        court.approve(nobody, number)


@pytest.mark.parametrize("nobody", [ANNA, CARL, person("mallory")])
def test_only_who_may_proposes(court: Court, nobody: Actor) -> None:
    with pytest.raises(errors.NotPermitted):
        court.propose(nobody)


def test_the_operator_puts_the_first_policy_in_force_and_no_other(court: Court) -> None:
    court.approve(OPERATOR, court.propose(OPERATOR, "prod"))
    assert court.digest_in("prod") is not None
    second = court.propose(OPERATOR, "prod", "staging", digest=b"two")
    with pytest.raises(errors.SecondPersonNeeded):
        court.approve(OPERATOR, second)
    third = court.propose(SALLY, "prod", digest=b"three")
    with pytest.raises(errors.NotPermitted):
        court.approve(OPERATOR, third)


def test_the_later_one_supersedes_and_begins_when_it_says(court: Court) -> None:
    court.approve(TOM, court.propose(SALLY))
    second = court.propose(SALLY, digest=b"two")
    court.approve(TOM, second, effective_from=court.at + DAY)
    assert court.digest_in("prod") == Digest.of(b"one")
    court.at += DAY
    assert court.digest_in("prod") == Digest.of(b"two")
    before = court.law.active("prod", NOON)
    assert before is not None
    assert before.policy.digest == Digest.of(b"one"), "what held then is known for ever"


def test_none_begins_before_it_was_approved(court: Court) -> None:
    number = court.propose(SALLY)
    court.at += DAY
    court.approve(TOM, number, effective_from=NOON)
    assert court.law.active("prod", NOON) is None


def test_an_earlier_one_that_is_approved_later_does_not_hide_what_begins_after_it(court: Court) -> None:
    court.approve(TOM, court.propose(SALLY), effective_from=NOON + 2 * DAY)
    court.approve(TOM, court.propose(SALLY, digest=b"two"), effective_from=NOON + DAY)
    court.at += 3 * DAY
    assert court.digest_in("prod") == Digest.of(b"one")


def test_of_two_for_the_same_instant_the_one_approved_last_decides(court: Court) -> None:
    for digest in (b"one", b"two"):
        court.approve(TOM, court.propose(SALLY, digest=digest), effective_from=NOON + DAY)
    court.at += DAY
    assert court.digest_in("prod") == Digest.of(b"two")


def test_a_settled_proposal_is_settled(court: Court) -> None:
    number = court.propose(SALLY)
    court.take(court.by(SALLY).settle(number, approved=False, effective_from=None, reason="a mistake"))
    with pytest.raises(errors.ProposalClosed):
        court.approve(TOM, number)
    with pytest.raises(errors.UnknownProposal):
        court.approve(TOM, 7)


def test_the_same_policy_is_not_proposed_twice_at_once(court: Court) -> None:
    court.propose(SALLY)
    with pytest.raises(errors.NothingToChange):
        court.propose(TOM)


def test_so_many_wait_and_no_more(court: Court) -> None:
    for number in range(PROPOSALS_MAX):
        court.propose(SALLY, digest=b"%d" % number)
    with pytest.raises(errors.AccessFull):
        court.propose(SALLY, digest=b"one more")
    court.approve(TOM, 1)
    court.propose(SALLY, digest=b"one more")


def test_so_many_freezes_and_waivers_are_not_over_and_no_more(court: Court) -> None:
    for number in range(FREEZES_MAX):
        freeze(court, freeze=f"frz-{number}")
    with pytest.raises(errors.AccessFull):
        freeze(court, freeze="one-more")
    for _ in range(WAIVERS_MAX):
        court.waive()
    with pytest.raises(errors.AccessFull):
        court.waive()
    court.at += 30 * DAY
    freeze(court, freeze="one-more")
    court.waive()


def freeze(court: Court, actor: Actor = RITA, **more: Any) -> None:
    said: dict[str, Any] = {
        "freeze": "frz-1",
        "name": "Black Friday",
        "starts_at": court.at + DAY,
        "ends_at": court.at + 3 * DAY,
        "environments": ("prod",),
        "services": ("*",),
    }
    court.take(court.by(actor).freeze(**{**said, **more}))


def test_a_freeze_is_of_its_environments_and_ends_when_it_is_lifted(court: Court) -> None:
    freeze(court)
    (known,) = court.law.freezes_of("prod")
    assert list(court.law.freezes_of("staging")) == []
    court.at += 2 * DAY
    court.take(court.by(RITA).lift("frz-1", "nobody came"))
    (lifted,) = court.law.freezes_of("prod")
    assert (lifted.starts_at, lifted.ends_at) == (known.starts_at, court.at)
    with pytest.raises(errors.NothingToChange):
        court.by(RITA).lift("frz-1", "again")


def test_a_freeze_that_is_lifted_before_it_starts_never_holds(court: Court) -> None:
    freeze(court)
    court.take(court.by(RITA).lift("frz-1", "called off"))
    (lifted,) = court.law.freezes_of("prod")
    assert lifted.starts_at == lifted.ends_at


def test_a_freeze_of_everything_is_of_each_and_takes_somebody_without_limits(court: Court) -> None:
    with pytest.raises(errors.NotPermitted):
        freeze(court, CARL, environments=("*",))
    freeze(court, environments=("*",))
    assert len(list(court.law.freezes_of("anything"))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"environments": ()},
        {"environments": ("prod", "prod")},
        {"environments": ("*", "prod")},
        {"services": ("Payments",)},
        {"ends_at": NOON + DAY},
        {"freeze": ""},
    ],
)
def test_a_freeze_that_cannot_be_meant_is_refused(court: Court, wrong: dict[str, Any]) -> None:
    with pytest.raises((errors.MalformedValue, errors.ContradictoryReport)):
        freeze(court, **wrong)


def test_a_waiver_is_approved_by_others_each_of_them_once(court: Court) -> None:
    number = court.waive()
    with pytest.raises(errors.SecondPersonNeeded):
        court.by(RITA).approve_waiver(number, None)
    court.take(court.by(SALLY).approve_waiver(number, "seen"))
    for same in (SALLY, SALLY_TOO):
        with pytest.raises(errors.NothingToChange):
            court.by(same).approve_waiver(number, None)
    court.take(court.by(ANNA).approve_waiver(number, None))
    assert [each.subject for each in court.waiver(number).approvers] == ["sally", "anna"]


def test_who_asked_under_another_identity_does_not_approve(court: Court) -> None:
    number = court.waive(SALLY)
    with pytest.raises(errors.SecondPersonNeeded):
        court.by(SALLY_TOO).approve_waiver(number, None)


def test_a_waiver_that_is_over_or_revoked_is_not_approved(court: Court) -> None:
    number = court.waive()
    court.take(court.by(RITA).revoke_waiver(number, "mended"))
    with pytest.raises(errors.ProposalClosed):
        court.by(SALLY).approve_waiver(number, None)
    other = court.waive()
    court.at += 30 * DAY
    with pytest.raises(errors.ProposalClosed):
        court.by(SALLY).approve_waiver(other, None)
    assert list(court.law.waivers_of("prod", court.at)) == []


@pytest.mark.parametrize("nobody", [ANNA, person("mallory")])
def test_only_who_may_asks_for_one(court: Court, nobody: Actor) -> None:
    with pytest.raises(errors.NotPermitted):
        court.waive(nobody)


def test_only_who_may_approves_one(court: Court) -> None:
    number = court.waive()
    for nobody in (CARL, OPERATOR, person("mallory")):
        with pytest.raises(errors.NotPermitted):
            court.by(nobody).approve_waiver(number, None)
    with pytest.raises(errors.NothingFound):
        court.by(SALLY).approve_waiver(7, None)


@pytest.mark.parametrize("wrong", [{"rule": "vuln"}, {"term": ""}, {"expires_at": NOON}, {"ticket": " "}])
def test_a_waiver_that_cannot_be_meant_is_refused(court: Court, wrong: dict[str, Any]) -> None:
    with pytest.raises((errors.MalformedValue, errors.ContradictoryReport)):
        court.waive(**wrong)
