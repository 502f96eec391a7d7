"""Controls: what frameworks ask for, in our words, and which rules answer to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import MalformedPolicy
from domain.policy.rule import Rule


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that a framework asks for."""

    id: str
    """Framework and number, as `SOC2:CC8.1`."""
    framework: str
    """Its full name."""
    asks: str
    """What it comes to; a paraphrase, no quotation."""


def check_known(rules: Iterable[Rule], known: Mapping[str, Control]) -> None:
    """Refuse rules that name a control that is not in the table; raises `MalformedPolicy`."""
    for rule in rules:
        for control in rule.controls:
            if control not in known:
                raise MalformedPolicy(f"{rule.id}: control {control} is not in the table of controls")


def answering(
    rules: Iterable[Rule], known: Mapping[str, Control]
) -> tuple[tuple[Control, tuple[Rule, ...]], ...]:
    """Return every control that some of *rules* answer to, with these, in order of the table."""
    chosen = tuple(rules)
    found = (
        (control, tuple(rule for rule in chosen if control.id in rule.controls)) for control in known.values()
    )
    return tuple((control, rules) for control, rules in found if rules)
