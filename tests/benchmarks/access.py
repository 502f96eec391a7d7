"""What it costs to know who asks: `python -m tests.benchmarks.access`.

A token of ours is checked as a server does it, on a ledger that knows one token and on one that knows
10,000 tokens and 5,000 bindings. A platform's token is checked with keys that are known, beside its bare
signature, and exchanged. All figures are this process's processor time; what a PostgreSQL server spends is
not in them.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import process_time

from flask import Request
from joserfc.jws import JWSRegistry
from werkzeug.test import EnvironBuilder

from adapters.identity import compact, jwks
from adapters.identity.jwks import Jwks, Key
from adapters.identity.tokens import WorkloadTokens
from api import wiring
from api.access.exchange import exchange
from api.services import Services
from api.settings import Settings
from domain.access.access import Access
from domain.access.fold import fold
from domain.access.issuer import TrustedIssuer
from domain.identity import Identity
from domain.stream import ACCESS
from tests import credentials, postgres
from tests.access import Desk, a_binding, a_token, rules
from tests.benchmarks.figures import Figure, command
from tests.builders import Clock
from tests.http.bootstrap import bearer, form, vouched
from tests.http.world import by_credential
from tests.issuer import NOW, Issuer, new_key, trusted

TOKENS, BINDINGS = 10_000, 5_000
QUICK_TOKENS, QUICK_BINDINGS = 1_000, 500
TOKEN_AT_MOST, OIDC_AT_MOST = 150, 300
"""Microseconds."""
TIMES, ROUNDS = 400, 7
BATCH = 500


def microseconds(do: Callable[[], object], times: int = TIMES) -> float:
    """Return the processor time of *do*: the median of some rounds."""
    do()
    taken = []
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(times):
            do()
        taken.append((process_time() - began) / times * 1e6)
    return median(taken)


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure on both databases."""
    tokens, bindings = (QUICK_TOKENS, QUICK_BINDINGS) if asked.quick else (TOKENS, BINDINGS)
    yield from _signatures()
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        yield from _looked_up("SQLite", Path(folder), "", tokens, bindings)
    with (
        tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder,
        postgres.server() as server,
        server.database() as url,
    ):
        yield from _looked_up("PostgreSQL", Path(folder), url, tokens, bindings)


class _Known:
    """Keys that are known."""

    def __init__(self, keys: Jwks) -> None:
        self._keys = keys

    def find(self, _: TrustedIssuer, algorithm: str, kid: str | None) -> Key | None:
        return self._keys.find(algorithm, kid)


def _signatures() -> Iterator[Figure]:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        issuer = Issuer(keys={algorithm: new_key(algorithm)})
        keys = jwks.read(issuer.jwks())
        token, agreed = issuer.token(), trusted()
        read = compact.read(token)
        key = keys.find(algorithm, "k1")
        assert key is not None
        verifier = WorkloadTokens(_Known(keys))
        signature = JWSRegistry.algorithms[algorithm]
        yield Figure(
            f"access: a platform's token checked, {algorithm}",
            microseconds(lambda: verifier.verify(token, lambda _: agreed, at=NOW)),  # noqa: B023 - called at once
            "µs",
            baseline=microseconds(lambda: signature.verify(read.signed, read.signature, key)),  # noqa: B023 - the same
            beside="its signature alone",
            at_most=OIDC_AT_MOST,
        )


def _looked_up(name: str, home: Path, url: str, tokens: int, bindings: int) -> Iterator[Figure]:
    settings = Settings(home=home, database_url=url)
    clock = Clock(NOW)
    wiring.initialise(settings, now=clock)
    services = wiring.wire(settings, now=clock)
    try:
        credentials.issue(services.ledger)
        few = microseconds(_checking(services, credentials.TOKEN))
        issuer = Issuer()
        began = process_time()
        _populate(services, issuer, tokens, bindings, clock())
        populated = process_time() - began
        yield Figure(
            "access: an API token checked",
            microseconds(_checking(services, credentials.TOKEN)),
            "µs",
            on=name,
            baseline=few,
            beside="the same with one token in the ledger",
            at_most=TOKEN_AT_MOST,
            note=f"with {tokens:,} tokens and {bindings:,} bindings, which took {populated:.0f} s to record",
        )
        yield from _exchanges(name, services, issuer, clock())
    finally:
        services.close()


def _checking(services: Services, token: str) -> Callable[[], object]:
    guard = by_credential(services)
    environ = EnvironBuilder("/v1/ledger", headers=list(bearer(token).items())).get_environ()
    environ["REMOTE_ADDR"] = "192.0.2.7"
    return lambda: guard(Request(environ))


def _populate(services: Services, issuer: Issuer, tokens: int, bindings: int, at: datetime) -> None:
    """Record what many people decided, in batches."""
    desk = Desk(services.ledger.load(ACCESS, fold), at)
    keys = services.evidence.blobs.put(issuer.jwks())
    desk.give(trusted(jwks_url=None, jwks=keys))
    for number in range(bindings):
        named = rules(repository_id=str(number), repository_owner_id="7")
        desk.give(a_binding(f"binding-{number}", rules=named))
    for number in range(tokens):
        holder = Identity("shiplog:account", f"holder-{number // 100}")
        desk.issue(a_token(f"token{number:06}", since=at, holder=holder))
    for start in range(0, len(desk.events), BATCH):
        services.ledger.append(desk.events[start : start + BATCH])


def _exchanges(name: str, services: Services, issuer: Issuer, at: datetime) -> Iterator[Figure]:
    presented = iter(range(1_000_000))
    access = services.ledger.load(ACCESS, fold) or Access()

    def exchanged() -> str:
        token = vouched(issuer, at, f"j-{next(presented)}", repository_id="41")
        asked = form(token)
        began = process_time()
        given = exchange(
            asked,
            access,
            at + timedelta(seconds=1),
            workloads=services.workloads,
            passing=services.passing,
        )
        taken.append((process_time() - began) * 1e6)
        return given.token

    taken: list[float] = []
    token = [exchanged() for _ in range(TIMES)][-1]
    yield Figure("access: a platform's token exchanged", median(taken), "µs", on=name)
    yield Figure(
        "access: an exchanged token checked",
        microseconds(_checking(services, token)),
        "µs",
        on=name,
        at_most=TOKEN_AT_MOST,
    )


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
