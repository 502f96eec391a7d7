"""Policy sets, loaded from files and evaluated by CEL-C++ through `cel-expr-python`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib.metadata import version
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # no py.typed

from adapters.policy import values
from adapters.policy.case_files import CaseFile, cases_of
from adapters.policy.control_files import controls_of
from adapters.policy.expressions import ENVIRONMENT, Expressions, space_of
from adapters.policy.rule_files import rule_of
from adapters.policy.set_files import set_of, set_of_one, used
from domain import canonical
from domain.digest import Digest
from domain.errors import MalformedPolicy
from domain.policy.controls import Control
from domain.policy.engine import Found, RuleRun
from domain.policy.facts import FACTS
from domain.policy.rule import Rule
from domain.policy.schema import json_schema
from domain.policy.sets import PolicySet
from domain.policy.trying import Trial

ENGINE = {
    "language": "CEL",
    "contract": "shiplog/policy/v1",
    "implementation": "cel-expr-python",
    "version": version("cel-expr-python"),
}
FILES_MAX = 500
SETS, RULES, TESTS, CONTROLS = "sets/", "rules/", "tests/", "controls.yaml"
_convert = values.converter(FACTS)
_ERROR = cel.Type.ERROR


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    when: Any
    evidence: Any
    checks: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class CelSet:
    """Implements `domain.policy.engine.LoadedSet`."""

    policy: PolicySet
    rules: tuple[Rule, ...]
    files: Mapping[str, bytes]
    compiled: tuple[_Compiled, ...]
    parameters: Mapping[str, Any]

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """All that decides what it means."""
        return {
            "engine": ENGINE,
            "environment": str(Digest.of(ENVIRONMENT.encode())),
            "facts": str(canonical.digest(json_schema())),
            "set": self.policy.name,
            "files": {name: str(Digest.of(content)) for name, content in sorted(self.files.items())},
        }

    @cached_property
    def digest(self) -> Digest:
        """SHA-256 of the manifest."""
        return canonical.digest(self.manifest)

    def run(self, facts: Mapping[str, Any]) -> tuple[RuleRun, ...]:
        """Apply every rule to *facts*."""
        assert _convert is not None, "facts hold instants"
        data = {"facts": _convert(facts), **self.parameters}
        activation = _ANY.Activation(data)  # shared: to convert the facts costs more than all the rules
        return tuple(_run(each, activation) for each in self.compiled)


class CelEngine:
    """Implements `domain.policy.engine.PolicyEngine`."""

    def load(self, files: Mapping[str, bytes], name: str) -> CelSet:
        """Return the set *name* of *files*, which lie under `sets/` and `rules/`."""
        rule_files = _rules(files)
        file, wanted = _set_file(files, name)
        rules = {id_: rule for id_, (_, rule) in rule_files.items()}
        policy = set_of(files[file], file, rules)
        used_files = (file, *(rule_files[id_][0] for id_ in wanted))
        return _loaded(policy, rules, {each: files[each] for each in used_files})

    def names(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Return the names of the sets in *files*, in order."""
        return tuple(sorted(used(files[file], file)[0] for file in files if file.startswith(SETS)))

    def rules(self, files: Mapping[str, bytes]) -> tuple[Rule, ...]:
        """Return every rule in *files*, used or not, in order of id; each is compiled once."""
        found = {id_: rule for id_, (_, rule) in _rules(files).items()}
        for rule in found.values():
            _compiled(rule)
        return tuple(found[id_] for id_ in sorted(found))

    def controls(self, files: Mapping[str, bytes]) -> Mapping[str, Control]:
        """Return the table of controls in *files*, by id; an empty one when there is none."""
        return controls_of(files[CONTROLS], CONTROLS) if CONTROLS in files else {}

    def trials(self, files: Mapping[str, bytes]) -> tuple[Trial, ...]:
        """Return the cases in *files*, each with what they are of."""
        rules = {id_: rule for id_, (_, rule) in _rules(files).items()}
        names = (file for file in sorted(files) if file.startswith(TESTS) and file.endswith(".yaml"))
        load = cache(partial(self.load, files))  # many files may be of one set, which takes a while
        return tuple(self._trial(load, rules, cases_of(files[file], file)) for file in names)

    def _trial(self, load: Callable[[str], CelSet], rules: Mapping[str, Rule], said: CaseFile) -> Trial:
        if said.rule is None:
            loaded = load(str(said.set))
        else:
            loaded = _loaded(set_of_one(said.rule, said.given, rules), rules, {})
        return Trial(
            place=said.place,
            loaded=loaded,
            of_rule=said.rule is not None,
            facts=said.facts,
            cases=said.cases,
        )


_ANY = cel.NewEnv(config=cel.NewEnvConfigFromYaml(ENVIRONMENT))


def _check_names(files: Mapping[str, bytes]) -> None:
    """Refuse files that would not be read: whoever wrote them believes that they are."""
    if len(files) > FILES_MAX:
        raise MalformedPolicy(f"{len(files)} files, at most {FILES_MAX}")
    for name in files:
        known = name == CONTROLS or (name.startswith((SETS, RULES, TESTS)) and name.endswith(".yaml"))
        if not known and not (name.startswith(TESTS) and name.endswith(".json")):
            raise MalformedPolicy(f"{name[:120]}: not read, expected sets/, rules/ or tests/, and .yaml")


def _rules(files: Mapping[str, bytes]) -> dict[str, tuple[str, Rule]]:
    _check_names(files)
    found: dict[str, tuple[str, Rule]] = {}
    for file in sorted(files):
        if file.startswith(RULES):
            rule = rule_of(files[file], file)
            if rule.id in found:
                raise MalformedPolicy(f"{file}: rule {rule.id} is in {found[rule.id][0]} already")
            found[rule.id] = file, rule
    return found


def _set_file(files: Mapping[str, bytes], name: str) -> tuple[str, tuple[str, ...]]:
    said = {file: used(files[file], file) for file in sorted(files) if file.startswith(SETS)}
    found = [(file, rules) for file, (each, rules) in said.items() if each == name]
    if len(found) != 1:
        known = ", ".join(sorted(each for each, _ in said.values()))[:200]
        raise MalformedPolicy(
            f"{len(found)} policy sets are named {name[:60]!r}, there are {known or 'none'}"
        )
    return found[0]


def _loaded(policy: PolicySet, rules: Mapping[str, Rule], files: Mapping[str, bytes]) -> CelSet:
    chosen = tuple(rules[use.rule] for use in policy.uses)
    parameters = {
        f"{space_of(rules[use.rule])}.params.{parameter}": values.parameter(given)
        for use in policy.uses
        for parameter, given in use.given.items()
    }
    return CelSet(policy, chosen, files, tuple(map(_compiled, chosen)), parameters)


def _compiled(rule: Rule) -> _Compiled:
    expressions = Expressions(rule)
    checks = tuple((check.id, expressions.violations(check)) for check in rule.checks)
    compiled = _Compiled(rule, expressions.when(), expressions.evidence(), checks)
    expressions.check_all_decide()
    return compiled


def _run(compiled: _Compiled, activation: Any) -> RuleRun:
    rule = compiled.rule
    try:
        if not _value(compiled.when, activation):
            return RuleRun(rule=rule, applies=False)
        evidence = tuple(_value(compiled.evidence, activation))
        found = tuple(
            Found(check, term, message)
            for check, program in compiled.checks
            for term, message in _value(program, activation)
        )
    except Exception as failure:  # whatever the engine raises: the rule could not be evaluated
        return RuleRun(rule=rule, error=str(failure) or type(failure).__name__)
    return RuleRun(rule=rule, evidence=evidence, found=found)


class _EvaluationFailed(Exception):
    """The engine says that there is no value, and why."""


def _value(program: Any, activation: Any) -> Any:
    value = program.eval(activation)
    if value.type() == _ERROR:
        raise _EvaluationFailed(str(value.value()))
    return value.plain_value()
