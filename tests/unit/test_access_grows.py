"""Ten thousand tokens and five thousand bindings cost each event what the first ones did.

What is counted is entries written into dictionaries, not time: that is what a fold that copies would show.
"""

from collections.abc import Callable

import pytest

from domain import grown, revised
from domain.access.access import Access
from domain.access.authority import authority, bound
from domain.access.fold import fold
from domain.access.proposal import AccessProposed, AccessSettled
from domain.access.token import TokenIssued
from domain.actor import Actor, ActorKind
from domain.event import Event
from domain.stream import ACCESS
from tests.access import GITHUB, NOON, OPERATOR, a_binding, a_token, an_issuer, change, rules, who

BINDINGS, TOKENS = 5_000, 10_000


class Copies:
    """Counts entries that are copied when layers of a persistent mapping are joined."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(revised, "_over", self._counting(revised._over))
        monkeypatch.setattr(grown, "_united", self._counting(grown._united))

    def _counting(self, join: Callable[..., object]) -> Callable[..., object]:
        def counted(below: dict[object, object], above: dict[object, object]) -> object:
            self.count += len(below) + len(above)
            return join(below, above)

        return counted


def _proposed(access: Access, said: object) -> list[Event]:
    number = access.numbers + 1
    proposed = AccessProposed(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=NOON,
        actor=OPERATOR,
        number=number,
        change=change(said),  # type: ignore[arg-type]  # issuers and bindings
        reason="it is needed",
    )
    settled = AccessSettled(
        stream=ACCESS,
        version=access.version + 2,
        occurred_at=NOON,
        actor=OPERATOR,
        number=number,
        confirmed=True,
    )
    return [proposed, settled]


def _a_token(access: Access, number: int) -> Event:
    token = a_token(f"token{number:05}", holder=who(f"service-{number % 500}"))
    return TokenIssued(
        stream=ACCESS,
        version=access.version + 1,
        occurred_at=NOON,
        actor=OPERATOR,
        token=token.id,
        name=token.name,
        holder=token.holder,
        scopes=token.scopes,
        reach=token.reach,
        expires_at=token.expires_at,
        cidrs=token.cidrs,
        secret=token.secret,
    )


def grow(access: Access, bindings: range, tokens: range) -> Access:
    for number in bindings:
        ids = rules(repository_id=str(number), repository_owner_id="1", ref="refs/heads/main")
        for event in _proposed(access, a_binding(f"binding-{number}", rules=ids)):
            access = fold(access, event)
    for number in tokens:
        access = fold(access, _a_token(access, number))
    return access


def trusting() -> Access:
    access = Access()
    for event in _proposed(access, an_issuer()):
        access = fold(access, event)
    return access


def test_what_is_copied_grows_with_the_events_and_hardly_more(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = Copies(monkeypatch)
    tenth = grow(trusting(), range(BINDINGS // 10), range(TOKENS // 10))
    first, copies.count = copies.count, 0
    whole = grow(tenth, range(BINDINGS // 10, BINDINGS), range(TOKENS // 10, TOKENS))
    assert (len(whole.bindings), len(whole.tokens)) == (BINDINGS, TOKENS)
    # Nine times the events; n log n is 12.4 times as much here, copying everything each time 99 times.
    assert copies.count < 16 * first
    for held in (whole.bindings, whole.tokens, whole.bindings_for, whole.tokens_of):
        assert len(held._layers) <= len(held).bit_length()


def test_a_permission_is_looked_up_in_a_few_steps_however_many_there_are() -> None:
    access = grow(trusting(), range(500), range(1_000))
    claims = {
        "repository_id": "77",
        "repository_owner_id": "1",
        "ref": "refs/heads/main",
        "event_name": "push",
    }
    assert [held.said.name for held in bound(access, GITHUB, claims)] == ["binding-77"]
    holder = who("service-77")
    actor = Actor(ActorKind.TOKEN, holder.issuer, holder.subject, credential="token00577")
    assert len(authority(access, actor, NOON).allowances) == 1
    assert len(access.tokens_held((holder,), NOON)) == 2
