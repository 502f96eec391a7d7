"""Exchange a workload's own token for one of ours (RFC 8693)."""

from api.access.exchange import ACCESS_TOKEN, exchange
from api.fields import Output
from api.operations import operation
from api.refusals import ExchangeRefused, FieldProblem
from api.services import Services
from api.texts import query_texts
from domain.access.access import Access
from domain.access.fold import fold
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable
from domain.stream import ACCESS

FORM = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 1 << 16
PARAMETERS = frozenset(
    {
        "grant_type",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "audience",
        "scope",
        "resource",
        "actor_token",
        "actor_token_type",
    }
)
"""RFC 8693, section 2.1. Others are refused: a mistyped one must not silently mean something else."""


class TokenGivenShape(Output):
    """The token, by the names of RFC 8693, section 2.2.1."""

    access_token: str
    issued_token_type: str
    token_type: str
    expires_in: int
    scope: str


@operation(
    "POST",
    "/v1/token",
    scope=None,
    refusals=(ExchangeRefused, BrokenLedger, EvidenceLost, LedgerUnavailable),
    tag="access",
    accepts=(FORM,),
    body_bytes_max=FORM_BYTES_MAX,
)
def exchange_token(*, body: bytes, services: Services) -> TokenGivenShape:
    """Exchange the token that a pipeline's platform signed for one of this ledger, good for minutes.

    `grant_type`, `subject_token` and `subject_token_type` as RFC 8693 has them; `audience` names the binding
    when several fit, and `scope` narrows what is given. Each token can be exchanged once.
    """
    ledger = services.ledger
    access = ledger.load(ACCESS, fold) or Access()
    at = max(ledger.now(), access.at)
    given = exchange(_form(body), access, at, workloads=services.workloads, passing=services.passing)
    return TokenGivenShape(
        access_token=given.token,
        issued_token_type=ACCESS_TOKEN,
        token_type="Bearer",  # noqa: S106 - the name of a type
        expires_in=given.seconds,
        scope=" ".join(given.scopes),
    )


def _form(body: bytes) -> dict[str, str]:
    said = query_texts(body)
    if isinstance(said, FieldProblem):
        raise ExchangeRefused(f"the form cannot be read: {said.detail}", "invalid_request")
    for name, texts in said.items():
        if name not in PARAMETERS:
            raise ExchangeRefused(f"{name[:60]!r} is no parameter of an exchange", "invalid_request")
        if len(texts) > 1 or not texts[0]:
            raise ExchangeRefused(f"{name} is expected once, and not empty", "invalid_request")
    return {name: text for name, (text,) in said.items()}


OPERATIONS = (exchange_token,)
