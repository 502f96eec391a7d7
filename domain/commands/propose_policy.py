"""Propose that a policy set decides in some environments."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain import canonical, report
from domain.commands.deciding_access import Decided
from domain.commands.deciding_law import make_law
from domain.digest import Digest
from domain.errors import MalformedPolicy
from domain.policy.controls import check_known
from domain.policy.proposal import PolicyFile, PolicyProposed
from domain.policy.trying import TryingEngine, try_all
from domain.ports import Blobs, Ledger, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposePolicy(Decided):
    """The command: files, the set among them, and where it is to decide."""

    files: Mapping[str, bytes]
    set: str
    environments: tuple[str, ...]
    reason: str


def propose_policy(command: ProposePolicy, *, ledger: Ledger, blobs: Blobs, engine: TryingEngine) -> Receipt:
    """Load the set, try its cases, keep its files, and append the proposal to *ledger*.

    Nothing is recorded of a set that does not load, of which a case comes out otherwise than it says, or of
    which a rule has no case: `MalformedPolicy`. Raises besides what `Decider.propose` refuses with.
    """
    loaded = engine.load(command.files, command.set)
    if outside := set(command.environments) - set(loaded.policy.environments or command.environments):
        raise MalformedPolicy(f"{command.set} is not for {', '.join(sorted(outside))[:200]}")
    tried = try_all(engine.trials(command.files), command.files)
    if tried.wrong:
        raise MalformedPolicy(
            f"{len(tried.wrong)} cases are wrong or missing, the first: {tried.wrong[0]}"[:500]
        )
    if untried := sorted({rule.id for rule in loaded.rules} - set(tried.rules)):
        raise MalformedPolicy(f"{', '.join(untried)[:200]} have no cases: nobody has seen them fail")
    known = engine.controls(command.files)
    if known:
        check_known(loaded.rules, known)
    kept = [PolicyFile(name, Digest.of(content)) for name, content in sorted(loaded.files.items())]
    environments = tuple(sorted(command.environments))
    said = {
        "digest": str(loaded.digest),
        "environments": environments,
        "reason": command.reason,
        "by": command.by(),
    }
    told = command.report(report.fingerprint("policy-proposal", said))
    for content in (*loaded.files.values(), canonical.encode(loaded.manifest)):
        blobs.put(content)
    return make_law(
        command,
        told,
        lambda law: report.key(PolicyProposed.topic, str(len(law.policies) + 1)),
        lambda decider: decider.propose(
            set_name=command.set,
            digest=loaded.digest,
            files=kept,
            environments=environments,
            cases=tried.cases,
            reason=command.reason,
        ),
        ledger=ledger,
    )
