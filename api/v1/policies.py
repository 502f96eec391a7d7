"""Policies as law: propose them, settle them, and tell which decided where, as of any instant."""

from functools import partial
from typing import Annotated

from pydantic import Field

from api.fields import Input, Instant, Output
from api.operations import operation
from api.refusals import ForeignCursor
from api.replies import Reply
from api.services import Services
from api.v1.access import DECIDING, LandedShape, landed
from api.v1.asking import ANY_QUESTION, SCOPE, head
from api.v1.decided_pages import DecidedQuery, page
from api.v1.law_shapes import PoliciesShape, PolicyShape, in_force
from api.v1.shapes import LedgerShape
from api.v1.values import ContentDigest, Environment, Line, Number, ReportId
from domain import errors
from domain.access.scopes import Scope
from domain.actor import Actor
from domain.commands.propose_policy import ProposePolicy, propose_policy
from domain.commands.settle_policy import SettlePolicy, settle_policy
from domain.policy.law import Law
from domain.policy.proposal import ENVIRONMENTS_MAX, PolicyProposed, Proposed
from domain.queries.asking import Clocks
from domain.queries.decided_at import Known
from domain.queries.law_at import law_at

FILES_MAX = 500
FILE_LENGTH_MAX = 256 << 10
FileName = Annotated[str, Field(max_length=200, pattern=r"^[a-z0-9][a-z0-9._/-]*$")]
FileText = Annotated[str, Field(max_length=FILE_LENGTH_MAX)]


class PolicyBody(Input):
    """Files of policies as `shiplog policy lint --folder` reads them, by name, and which set is meant."""

    files: Annotated[dict[FileName, FileText], Field(min_length=1, max_length=FILES_MAX)]
    set: Line
    environments: Annotated[list[Environment], Field(min_length=1, max_length=ENVIRONMENTS_MAX)]
    reason: Line
    id: ReportId | None = None


class PolicySettlementBody(Input):
    """Whether the policy is approved. `effective_from`: from when on it decides; default at once."""

    approved: bool
    effective_from: Instant | None = None
    reason: Line | None = None
    id: ReportId | None = None


class PolicyProposedShape(Output):
    """The number under which it is settled, and the name of exactly this policy."""

    number: int
    digest: ContentDigest
    recorded: LandedShape


@operation(
    "POST",
    "/v1/policies",
    scope=Scope.POLICY_PROPOSE,
    status=201,
    also=(200,),
    refusals=(*DECIDING, errors.MalformedPolicy),
    tag="gate",
)
def propose_policies(*, body: PolicyBody, actor: Actor, services: Services) -> Reply[PolicyProposedShape]:
    """Propose that a policy decides in some environments; somebody else has to approve it.

    It is loaded as the gate would, and its cases are tried; of a doubtful one nothing is recorded.
    """
    command = ProposePolicy(
        actor=actor,
        id=body.id,
        files={name: text.encode() for name, text in body.files.items()},
        set=body.set,
        environments=tuple(body.environments),
        reason=body.reason,
    )
    receipt = propose_policy(
        command, ledger=services.ledger, blobs=services.evidence.blobs, engine=services.policies()
    )
    event = receipt.event
    assert isinstance(event, PolicyProposed), "that is what is recorded of a proposal"
    shape = PolicyProposedShape(number=event.number, digest=event.digest, recorded=LandedShape.of(receipt))
    return landed(shape, receipt)


@operation(
    "POST",
    "/v1/policies/<int:number>:settle",
    scope=frozenset({Scope.POLICY_APPROVE, Scope.POLICY_PROPOSE}),
    fresh=True,
    status=201,
    also=(200,),
    refusals=(*DECIDING, errors.UnknownProposal, errors.ProposalClosed, errors.SecondPersonNeeded),
    tag="gate",
)
def settle_policies(
    *, number: Number, body: PolicySettlementBody, actor: Actor, services: Services
) -> Reply[LandedShape]:
    """Approve a proposed policy, or turn it down; whoever proposed it may take it back."""
    command = SettlePolicy(
        actor=actor,
        id=body.id,
        number=number,
        approved=body.approved,
        effective_from=body.effective_from,
        reason=body.reason,
    )
    receipt = settle_policy(command, ledger=services.ledger)
    return landed(LandedShape.of(receipt), receipt)


@operation(
    "GET",
    "/v1/policies",
    scope=SCOPE,
    refusals=(*ANY_QUESTION, ForeignCursor, errors.BrokenLedger),
    tag="gate",
)
def policies(*, query: DecidedQuery, services: Services) -> Reply[PoliciesShape]:
    """Tell which policy decided in each environment, and every policy that had been proposed."""
    found = page(
        query,
        partial(law_at, ledger=services.ledger),
        _newest_first,
        operation="policies",
        services=services,
    )
    law, as_of, prefix = found.known.state, found.known.as_of, found.known.prefix
    shape = PoliciesShape(
        as_of=as_of,
        ledger=LedgerShape.of(prefix),
        in_force=in_force(law, as_of),
        policies=[PolicyShape.of(each) for each in found.rows],
        next=found.next,
    )
    return Reply(shape, head=head(prefix), settled=found.settled)


def _newest_first(known: Known[Law]) -> list[Proposed]:
    law = known.state
    return [law.policies[number] for number in sorted(law.policies, reverse=True)]


@operation(
    "GET",
    "/v1/policies/files/<digest>",
    scope=SCOPE,
    refusals=(errors.NothingFound, errors.EvidenceLost, *ANY_QUESTION, errors.BrokenLedger),
    produces="application/yaml",
    tag="gate",
)
def policy_file(*, digest: ContentDigest, services: Services) -> Reply[bytes]:
    """Return one file of a policy, byte for byte as it was proposed."""
    law = law_at(Clocks(None, None), ledger=services.ledger).state
    if not any(digest == file.digest for each in law.policies.values() for file in each.files):
        raise errors.NothingFound(f"no policy has a file {digest}")
    return Reply(services.evidence.blobs.get(digest), settled=True)


OPERATIONS = (propose_policies, settle_policies, policies, policy_file)
