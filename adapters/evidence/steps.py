"""Judging steps: who did each, whether anybody who may says otherwise, and whether its rules hold.

The numbers are those of `adapters.evidence.layouts`.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from in_toto import verifylib  # type: ignore[import-untyped] # it ships no types
from in_toto.exceptions import RuleVerificationError  # type: ignore[import-untyped] # it ships no types

from adapters.evidence import accounts
from adapters.evidence.accounts import Account
from adapters.evidence.laid_out import LaidOut
from adapters.evidence.links import Counted
from domain.supply_chain import LayoutJudged, StepJudged

_WORDS_LENGTH_MAX = 300
_NAMED_MAX = 3
_ONE_AT_A_TIME = threading.Lock()
"""The library keeps the rules it has been through in a variable of its module."""


def judge(layout: LaidOut, counted: Counted, artifact: Mapping[str, str] | None) -> LayoutJudged:
    """Hold what *counted* says against *layout*; the chain that holds, or else the likeliest."""
    told = {name: accounts.of_step(said) for name, said in counted.by_step.items()}
    likeliest: LayoutJudged | None = None
    for chain in accounts.chains(layout.steps, told, artifact):  # 5
        judged = _judged(layout, chain, told, counted, artifact)
        if not any(step.failures for step in judged.steps):
            return judged
        likeliest = likeliest or judged
    assert likeliest is not None, "there is always one chain, if only an empty one"
    return likeliest


def _judged(
    layout: LaidOut,
    chain: Mapping[str, Account],
    told: Mapping[str, Sequence[Account]],
    counted: Counted,
    artifact: Mapping[str, str] | None,
) -> LayoutJudged:
    names = [step.name for step in layout.steps]
    failures = {name: [*_undone(name, told, counted)] for name in names if name not in chain}
    for step in layout.steps:
        if step.name in chain:
            asked = artifact if step is layout.steps[-1] else None
            failures[step.name] = [
                *_disputed(chain[step.name], told[step.name], asked),
                *_too_few(step, chain[step.name]),
                *_broken(step, chain, [name for name in names if name not in chain]),
            ]
    last = chain.get(names[-1])
    left = {} if last is None else last.link.products
    return LayoutJudged(
        layout=layout.signed,
        owners=layout.owners,
        at=layout.at,
        expires=layout.expires,
        steps=tuple(_step(step, chain.get(step.name), failures[step.name]) for step in layout.steps),
        products=tuple((name, tuple(sorted(digests.items()))) for name, digests in sorted(left.items())),
        truncated=counted.truncated,
    )


def _undone(name: str, told: Mapping[str, Sequence[Account]], counted: Counted) -> Iterator[str]:
    if told[name]:
        yield "no link by a key that may do it has what is asked about among its products"
    else:
        yield "no link by a key that may do it"
    if counted.distrusted[name]:
        yield f"links by keys that are distrusted do not count: {counted.distrusted[name]} of them"


def _disputed(
    account: Account, others: Sequence[Account], artifact: Mapping[str, str] | None
) -> Iterator[str]:
    """Yield that somebody who may do the step says otherwise."""  # 5
    against = [
        other
        for other in others
        if account.contradicts(other)
        or (artifact is not None and other.digest != account.digest and other.left(artifact))
    ]
    if against:
        files = sorted(each.said[0].counted.file.text for each in against)
        more = " and more" if len(files) > _NAMED_MAX else ""
        yield f"links by keys that may do it say otherwise: {', '.join(files[:_NAMED_MAX])}{more}"


def _too_few(step: Any, account: Account) -> Iterator[str]:
    if len(account.said) < step.threshold:  # 6
        yield f"{len(account.said)} of the {step.threshold} keys it needs say so"


def _broken(step: Any, chain: Mapping[str, Account], missing: Sequence[str]) -> Iterator[str]:
    """Yield which of the rules of *step* does not hold."""  # 7
    if missing:
        yield f"its rules are not judged while step {missing[0]!r} is not done"
        return
    links = {name: account.link for name, account in chain.items()}
    for kind in ("materials", "products"):
        try:
            with _ONE_AT_A_TIME:
                verifylib.verify_item_rules(step.name, kind, getattr(step, f"expected_{kind}"), links)
        except RuleVerificationError as wrong:
            yield f"{kind}: {' '.join(str(wrong).split())}"[:_WORDS_LENGTH_MAX]
        except KeyError as wrong:
            yield f"{kind}: a name that no rule can be held against: {wrong}"[:_WORDS_LENGTH_MAX]


def _step(step: Any, account: Account | None, failures: Sequence[str]) -> StepJudged:
    said = () if account is None else account.said
    expected = step.expected_command
    return StepJudged(
        name=step.name,
        threshold=step.threshold,
        links=tuple(each.counted for each in said),
        command_as_expected=all(not expected or each.link.command == expected for each in said),
        failures=tuple(failures),
    )
