"""Which links are about what is asked: the same steps are done for every release, by the same keys.

Links of one step that say the same are one account of it. The last step's account is the one that left
the artifact; going from step to step by the rules that MATCH one with another, the account that fits
best is taken. What fits equally is tried in turn, a bounded number of times: a chain that is found is
judged in full, so that no choice here lets anything pass.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from in_toto import rulelib, verifylib  # type: ignore[import-untyped] # it ships no types

from adapters.evidence.links import Said
from domain.digest import Digest
from domain.statement import Subject

CHAINS_MAX = 16
"""How many chains are tried where several accounts fit equally."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a step took and left, and who says so: one link for each key."""

    digest: Digest
    link: Any
    said: tuple[Said, ...]

    def left(self, artifact: Mapping[str, str]) -> bool:
        """Say whether the artifact of these digests, by algorithm, is among what the step left."""
        products = (Subject(name, tuple(found.items())) for name, found in self.link.products.items())
        return any(product.matches(artifact) for product in products)

    def contradicts(self, other: "Account") -> bool:
        """Say whether both took the same and left something else, or left the same of something else."""
        ours, theirs = self.link, other.link
        if self.digest == other.digest:
            return False
        same = ours.materials and ours.materials == theirs.materials
        return bool(same or (ours.products and ours.products == theirs.products))


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule by which *source* has what *goal* had."""

    source: str
    kind: str
    """`materials` or `products`."""
    goal: str
    rule: Mapping[str, Any]

    def fitting(self, source: Account, goal: Account) -> tuple[int, int]:
        """Return how many artifacts of *source* are the same in *goal*, and how many there are."""
        artifacts = getattr(source.link, self.kind)
        try:
            same = verifylib.verify_match_rule(self.rule, set(artifacts), artifacts, {self.goal: goal.link})
        except KeyError:  # a name that the library does not find again once it took the prefix off
            return 0, len(artifacts)
        return len(same), len(artifacts)


def of_step(said: Sequence[Said]) -> tuple[Account, ...]:
    """Return the accounts that *said*, the links of one step, make; those of many keys first."""
    grouped: dict[Digest, dict[Digest, Said]] = {}
    links: dict[Digest, Any] = {}
    for each in said:
        told = json.dumps([each.link.materials, each.link.products], sort_keys=True)
        digest = Digest.of(told.encode())
        links.setdefault(digest, each.link)
        grouped.setdefault(digest, {}).setdefault(each.counted.by, each)
    made = [
        Account(digest, links[digest], tuple(sorted(by.values(), key=lambda each: each.place)))
        for digest, by in grouped.items()
    ]
    return tuple(sorted(made, key=lambda each: (-len(each.said), _size(each), each.digest.text)))


def chains(
    steps: Sequence[Any], accounts: Mapping[str, Sequence[Account]], artifact: Mapping[str, str] | None
) -> Iterator[Mapping[str, Account]]:
    """Yield what may be the chain that left *artifact*, by step, the likeliest first; at least one.

    A step that has no account of it is left out.
    """
    matches = list(_matches(steps))
    last = steps[-1].name
    about = dict(accounts)
    if artifact is not None:
        about[last] = [each for each in accounts[last] if each.left(artifact)]
    order = _order([step.name for step in steps], matches)

    def following(place: int, chosen: Mapping[str, Account]) -> Iterator[Mapping[str, Account]]:
        if place == len(order):
            yield chosen
            return
        name = order[place]
        found = _best(name, about[name], chosen, matches)
        if not found:
            yield from following(place + 1, chosen)
        for account in found:
            yield from following(place + 1, {**chosen, name: account})

    return islice(following(0, {}), CHAINS_MAX)


def _matches(steps: Sequence[Any]) -> Iterator[_Match]:
    for step in steps:
        for kind in ("materials", "products"):
            for rule in map(rulelib.unpack_rule, getattr(step, f"expected_{kind}")):
                if rule["rule_type"] == "match":
                    yield _Match(step.name, kind, rule["dest_name"], rule)


def _order(names: Sequence[str], matches: Sequence[_Match]) -> list[str]:
    """Return *names* from the last one on, each after one that it is matched with, if it is with any."""
    order: list[str] = []
    waiting = list(reversed(names))
    while waiting:
        tied = {each.goal for each in matches if each.source in order}
        tied |= {each.source for each in matches if each.goal in order}
        following = next((name for name in waiting if name in tied), waiting[0])
        waiting.remove(following)
        order.append(following)
    return order


def _best(
    name: str, accounts: Sequence[Account], chosen: Mapping[str, Account], matches: Sequence[_Match]
) -> list[Account]:
    """Return the *accounts* of which the *chosen* steps have most, those with the least besides first."""
    if len(accounts) < 2:  # noqa: PLR2004 - there is nothing to choose
        return list(accounts)
    ranked: list[tuple[int, int, Account]] = []
    for account in accounts:
        had, besides = 0, 0
        for each in matches:
            if each.goal == name and each.source in chosen:
                had += each.fitting(chosen[each.source], account)[0]
            elif each.source == name and each.goal in chosen:
                same, among = each.fitting(account, chosen[each.goal])
                besides += among - same
        ranked.append((had, besides, account))
    most = max(had for had, _, _ in ranked)
    fitting = [(besides, account) for had, besides, account in ranked if had == most]
    return [account for _, account in sorted(fitting, key=lambda each: each[0])]


def _size(account: Account) -> int:
    return len(account.link.materials) + len(account.link.products)
