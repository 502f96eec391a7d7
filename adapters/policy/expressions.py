"""Expressions of one rule: each part checked by itself, and then put together to what is evaluated.

Every part is compiled against the types of facts, which finds what is misspelt; then the whole is compiled
for maps, which is how it runs. A part is a whole expression of its own before it stands inside another one,
so none can reach out of its parentheses.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # no py.typed

from adapters.policy.trees import Made, made_of
from adapters.policy.types import pool_of, type_name
from domain.errors import MalformedPolicy
from domain.policy.facts import FACTS
from domain.policy.rule import EXPRESSION_LENGTH_MAX, NO_TERM, Check, ParameterType, Rule

ENVIRONMENT = """\
name: shiplog-policy-v1
extensions:
- name: lists
- name: sets
- name: math
- name: optional
- name: bindings
"""
"""Without `strings`: a chain of replacements could fill the memory. CEL itself has no clock and no chance."""

_T = cel.Type
_TYPES = {
    ParameterType.BOOL: _T.BOOL,
    ParameterType.INT: _T.INT,
    ParameterType.TEXT: _T.STRING,
    ParameterType.DURATION: _T.DURATION,
    ParameterType.TEXTS: _T.List(_T.STRING),
    ParameterType.COUNTS: _T.Map(_T.STRING, _T.INT),
}
_FACTS = _T.Map(_T.STRING, _T.DYN)
_LISTED = re.compile(r"(?:LIST|list)[<(](.+)[>)]")
_CONFIG = cel.NewEnvConfigFromYaml(ENVIRONMENT)
_POOL = pool_of(FACTS)

Variables = dict[str, Any]


def space_of(rule: Rule) -> str:
    """Return the name space in which the parameters of *rule* are: all rules share one set of variables."""
    return rule.id.replace("-", "_")


class Expressions:
    """Compiles what a rule says; raises `MalformedPolicy` with the rule and the part."""

    def __init__(self, rule: Rule) -> None:
        """Check the names under `let`, each after those that it may use."""
        self._rule = rule
        self._space = space_of(rule)
        parameters = {f"{self._space}.params.{p.name}": _TYPES[p.type] for p in rule.parameters}
        self._runs = cel.NewEnv(
            config=_CONFIG, container=self._space, variables={"facts": _FACTS, **parameters}
        )
        self._variables: Variables = {"facts": _T(type_name(FACTS)), **parameters}
        self._made: dict[str, Made] = {}
        self._deciding: set[str] = set()
        self._types = self._with({})
        for name, text in rule.lets:
            self._variables[name], self._made[name] = self._checked(text, f"let {name}")
            self._types = self._with({})

    def when(self) -> Any:
        """Return what says whether the rule applies."""
        found, made = self._checked(self._rule.when, "when")
        self._expect(found, _T.BOOL, "when")
        if not made.names and self._rule.when != "true":
            raise self._wrong("when", "is always true, or never")
        self._deciding |= made.names
        return self._composed(self._rule.when)

    def evidence(self) -> Any:
        """Return what says which references were looked at."""
        found, made = self._checked(self._rule.evidence, "evidence")
        self._expect(found, _T.List(_T.STRING), "evidence")
        self._expect_facts(made, "evidence")
        return self._composed(self._rule.evidence)

    def violations(self, check: Check) -> Any:
        """Return what lists term and message of everything that is not as *check* requires."""
        said = f"[{_inside(check.term)}, {_inside(check.message)}]"
        if check.for_each is None:
            self._parts(check, self._types, self._made)
            return self._composed(f"{_inside(check.require)} ? [] : [{said}]")
        each = check.for_each
        found, made = self._checked(each.source, f"{check.id}/in")
        if not made.names:
            raise self._wrong(f"{check.id}/in", "says nothing about the facts")
        self._deciding |= made.names
        types = self._with({each.item: self._item_type(found, check)})
        self._parts(check, types, {**self._made, each.item: made})
        failing = f"{_inside(each.source)}.filter({each.item}, !{_inside(check.require)})"
        return self._composed(f"{failing}.map({each.item}, {said})")

    def check_all_decide(self) -> None:
        """Refuse a parameter that no condition asks for: a set would say it, and nothing would come of it."""
        for parameter in self._rule.parameters:
            if f"{self._space}.params.{parameter.name}" not in self._deciding:
                raise self._wrong(f"parameter {parameter.name}", "is in no condition")

    def _parts(self, check: Check, types: Any, known: Mapping[str, Made]) -> None:
        for text, wanted, part in (
            (check.require, _T.BOOL, "require"),
            (check.message, _T.STRING, "message"),
            (check.term, _T.STRING, "term"),
        ):
            if text != NO_TERM:
                found, made = self._checked(text, f"{check.id}/{part}", types, known)
                self._expect(found, wanted, f"{check.id}/{part}")
                if part == "require":
                    self._deciding |= made.names
                    if text != "false":
                        self._expect_facts(made, f"{check.id}/{part}")

    def _with(self, more: Variables) -> Any:
        """Return what checks types, knowing *more* names."""
        variables = {**self._variables, **more}
        return cel.NewEnv(_POOL, config=_CONFIG, container=self._space, variables=variables)

    def _checked(
        self, text: str, part: str, types: Any = None, known: Mapping[str, Made] | None = None
    ) -> tuple[Any, Made]:
        """Return the type of *text*, and what it is made of."""
        if len(text) > EXPRESSION_LENGTH_MAX:
            raise self._wrong(part, f"{len(text)} characters, at most {EXPRESSION_LENGTH_MAX}")
        chosen = self._types if types is None else types
        compiled = self._compiled(lambda: chosen.compile(text), part)
        try:
            return compiled.return_type(), made_of(
                compiled.serialize(), self._made if known is None else known
            )
        except MalformedPolicy as wrong:
            raise self._wrong(part, str(wrong)) from None

    def _composed(self, text: str) -> Any:
        """Return what is evaluated: *text* with every name under `let` bound around it."""
        for name, said in reversed(self._rule.lets):
            text = f"cel.bind({name}, {_inside(said)}, {_inside(text)})"
        return self._compiled(lambda: self._runs.compile(text), "put together")

    def _compiled(self, compile_: Callable[[], Any], part: str) -> Any:
        try:
            return compile_()
        except Exception as wrong:  # whatever the engine raises, it did not understand
            raise self._wrong(part, _cleaned(str(wrong))) from None

    def _expect(self, found: Any, wanted: Any, part: str) -> None:
        if found != wanted:
            raise self._wrong(part, f"is {found.name()}, expected {wanted.name()}")

    def _expect_facts(self, made: Made, part: str) -> None:
        if "facts" not in made.names:
            raise self._wrong(part, "says nothing about the facts")

    def _item_type(self, found: Any, check: Check) -> Any:
        listed = _LISTED.fullmatch(found.name())
        if listed is None:
            raise self._wrong(f"{check.id}/in", f"is {found.name()}, expected a list")
        item = _T(listed[1]) if "." in listed[1] else getattr(_T, listed[1].upper(), None)
        if item is None:
            raise self._wrong(f"{check.id}/in", f"is {found.name()}, of which items are no single values")
        return item

    def _wrong(self, part: str, what: str) -> MalformedPolicy:
        return MalformedPolicy(f"{self._rule.id} {part}: {what}"[:500])


def _inside(text: str) -> str:
    """Return *text* as a part: a comment in its last line must not take the parenthesis with it."""
    return f"({text}\n)"


def _cleaned(message: str) -> str:
    text = re.sub(r'^"?INVALID_ARGUMENT: ', "", message).replace("\\n", "\n")
    return text.split("\n", 1)[0].removeprefix("ERROR: <input>:").strip('" ')
