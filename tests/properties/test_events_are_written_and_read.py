"""Every event of every class is written as an independent encoder writes it, and read as it was."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger import codec, statement
from adapters.ledger.statement import Place
from domain import canonical, instant
from domain.access.change import Grant
from domain.access.proposal import AccessProposed
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.access.scopes import Scope
from domain.access.token import TokenIssued, TokenRevoked
from domain.actor import Actor, ActorKind, Claim, Method
from domain.admission import Attested, EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified, Referenced
from domain.build import Artifact, BuildRecorded, Source
from domain.config_version import ConfigRecorded, Entry
from domain.correction import Corrected
from domain.declaration import Declared, DeclaredConfig, DeclaredRelease
from domain.digest import Digest
from domain.errors import SecretInClear
from domain.event import Event
from domain.evidence import Reason
from domain.identity import Identity
from domain.observation import EnvironmentObserved, Observed
from domain.policy.freeze import FreezeDeclared, FreezeLifted
from domain.policy.proposal import PolicyFile, PolicyProposed, PolicySettled
from domain.policy.waiving import WaiverRequested, WaiverRevoked
from domain.release import Release, ReleaseCut
from domain.report import Report
from domain.target import Target
from domain.trust import SignerDistrusted
from domain.trust_root import TrustRootWithdrawn
from domain.verification import CertificateSigner
from tests.access import NOON, access_events, change

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
DIGESTS = HEX.map(lambda text: Digest(f"sha256:{text}"))
COMMITS = st.binary(min_size=20, max_size=20).map(bytes.hex)
KEYS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,20}", fullmatch=True)
_PRINTABLE = st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"))
LINES = st.text(_PRINTABLE | st.just(" "), max_size=30).map(lambda text: f"x{text}")
INTEGERS = st.integers(0, canonical.INTEGER_MAX)
INSTANTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(2199, 12, 31),  # noqa: DTZ001 - the strategy wants naive bounds
    timezones=st.just(UTC),
)
TARGETS = st.builds(Target, KEYS, KEYS)
VALUES = st.text(_PRINTABLE | st.sampled_from(" \n\t"), max_size=60)


def _entry(key: str, value: str | None, secret: str | None) -> Entry | None:
    try:
        return Entry(key, value=value, secret=secret)
    except SecretInClear:
        return None


ENTRY_KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_./-]{0,20}", fullmatch=True) | st.just("_type_")
SECRETS = HEX.map(lambda text: f"hmac-sha256:{text}")
ENTRIES = (
    st.builds(_entry, ENTRY_KEYS, VALUES, st.none()) | st.builds(_entry, ENTRY_KEYS, st.none(), SECRETS)
).filter(lambda entry: entry is not None)


def _many(of: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, min_size=least, max_size=4).map(tuple)


ACTORS = st.builds(
    Actor,
    st.just(ActorKind.WORKLOAD),
    LINES,
    LINES,
    display=st.none() | HEX.map(lambda text: f"person:{text}"),
    method=st.none() | st.sampled_from(Method),
    claims=st.none()
    | st.sets(st.builds(Claim, NAMES.filter(str.isalnum), LINES), min_size=1, max_size=4).map(
        lambda claims: tuple(sorted(claims))
    ),
    credential=st.none() | HEX.map(lambda text: f"sha256:{text}"),
    on_behalf_of=st.none() | st.just(Identity("https://sso.example", "00u1")),
)
REACHES = st.builds(
    Reach.of, st.lists(KEYS, max_size=3), st.lists(KEYS.map(lambda key: f"{key}*"), max_size=3)
)
IDENTITIES = st.builds(Identity, LINES.map(lambda text: text.replace("@", "")), NAMES.filter(str.isalnum))
GRANTS = st.builds(
    Grant,
    role=st.sampled_from(Role),
    reach=REACHES,
    holder=IDENTITIES,
    since=st.none() | INSTANTS,
)
PARTS: dict[type, st.SearchStrategy[Any]] = {
    Actor: st.builds(Actor, issuer=LINES, subject=LINES) | ACTORS,
    Artifact: st.builds(Artifact, name=LINES, digest=DIGESTS, purl=st.none() | LINES),
    DeclaredConfig: st.builds(DeclaredConfig, number=INTEGERS, digest=DIGESTS, reference=LINES),
    Digest: DIGESTS,
    Entry: ENTRIES,
    Observed: st.builds(
        Observed, service=KEYS, slot=KEYS, artifacts=st.sets(DIGESTS, min_size=1, max_size=3).map(tuple)
    ),
    Release: st.builds(Release, number=INTEGERS, digest=DIGESTS),
    Report: st.builds(Report, fingerprint=DIGESTS, reporter=st.none() | NAMES, id=st.none() | NAMES),
    Source: st.builds(
        Source,
        repository=LINES,
        commit=COMMITS,
        ref=st.none() | LINES,
        author=st.none() | IDENTITIES,
        merged_by=st.none() | IDENTITIES,
    ),
    Target: TARGETS,
    datetime: INSTANTS,
    int: INTEGERS,
    str: LINES,
}
for kind, strategy in PARTS.items():
    st.register_type_strategy(kind, strategy)
PARTS[DeclaredRelease] = st.builds(DeclaredRelease)
st.register_type_strategy(DeclaredRelease, PARTS[DeclaredRelease])

CHANGES = st.sampled_from(
    [event.change for event in access_events(NOON) if isinstance(event, AccessProposed)]
)
WHERE = {
    "environments": st.just(("*",)) | st.sets(KEYS, min_size=1, max_size=3).map(tuple),
    "services": st.just(("*",)) | st.sets(KEYS, min_size=1, max_size=3).map(tuple),
}
# Hypothesis builds an event from the types of its fields, but cannot see into tuple[X, ...] | None.
SPELLED_OUT: dict[type[Event], dict[str, st.SearchStrategy[Any]]] = {
    AccessProposed: {"change": GRANTS.map(change) | CHANGES, "reason": LINES},
    BuildRecorded: {"artifacts": _many(PARTS[Artifact])},
    ConfigRecorded: {"entries": st.none() | _many(ENTRIES)},
    Corrected: {},
    Declared: {"implied": st.none() | PARTS[DeclaredRelease]},
    EnvironmentObserved: {"running": _many(PARTS[Observed])},
    EvidenceAdmitted: {"references": _many(st.builds(Referenced), 1)},
    EvidenceTurnedDown: {"reason": st.sampled_from(Reason)},
    EvidenceVerified: {"certificate": st.builds(CertificateSigner), "attested": _many(st.builds(Attested))},
    ReleaseCut: {"artifacts": _many(DIGESTS)},
    SignerDistrusted: {"reason": LINES},
    TrustRootWithdrawn: {"reason": LINES},
    TokenIssued: {
        "holder": st.just(Identity("https://sso.example", "00u1")),
        "scopes": st.sets(st.sampled_from(Scope)).map(lambda scopes: tuple(sorted(scopes))),
        "reach": REACHES,
        "cidrs": st.sampled_from([(), ("10.0.0.0/8", "2001:db8::/32")]),
    },
    TokenRevoked: {"reason": LINES},
    PolicyProposed: {
        "set": KEYS,
        "files": _many(st.builds(PolicyFile, name=LINES, digest=DIGESTS)),
        "environments": st.sets(KEYS, min_size=1, max_size=3).map(tuple),
        "reason": LINES,
    },
    PolicySettled: {"approved": st.just(True), "effective_from": INSTANTS},
    FreezeDeclared: {
        "freeze": KEYS,
        "starts_at": st.just(NOON),
        "ends_at": INSTANTS.filter(lambda at: at > NOON),
        **WHERE,
    },
    FreezeLifted: {"reason": LINES},
    WaiverRequested: {
        "rule": st.just("VULN-001"),
        "artifact": st.none() | DIGESTS,
        "reason": LINES,
        "occurred_at": st.just(NOON),
        "expires_at": INSTANTS.filter(lambda at: at > NOON),
        **WHERE,
    },
    WaiverRevoked: {"reason": LINES},
}
OPTIONAL = {
    "author": st.none() | LINES,
    "builder": st.none() | LINES,
    "commit": st.none() | COMMITS,
    "corrects": st.none() | INTEGERS,
    "label": st.none() | LINES,
    "reason": st.none() | LINES,
    "report": st.none() | PARTS[Report],
    "source": st.none() | LINES,
    "sequence": INTEGERS,
    "rollback": st.booleans(),
}
PLACES = st.builds(
    Place,
    position=INTEGERS,
    recorded_at=INSTANTS,
    previous=st.none() | st.binary(min_size=32, max_size=32),
    nonce=st.binary(min_size=16, max_size=16).map(bytes.hex),
)


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Return any event of *kind*, its optional fields there or not."""
    names = kind.__dataclass_fields__
    required = {name: part for name, part in OPTIONAL.items() if name in names}
    if kind is ReleaseCut:
        required["commit"] = COMMITS
    if kind is BuildRecorded:
        required["source"] = PARTS[Source]
    if kind is Corrected:
        required["reason"] = LINES
    return st.builds(kind, **{**required, **SPELLED_OUT.get(kind, {})})


@pytest.mark.parametrize("kind", codec.EVENTS, ids=lambda kind: kind.topic)
@given(data=st.data(), place=PLACES)
@settings(deadline=None, max_examples=40)
def test_an_event_is_canonical_and_read_as_it_was(
    kind: type[Event], data: st.DataObject, place: Place
) -> None:
    event = data.draw(events(kind))
    payload = statement.encode(event, place)
    assert statement.decode(payload) == (event, place)
    document = json.loads(payload)
    assert rfc8785.dumps(document) == payload
    assert canonical.encode(document) == payload


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_a_value_is_read_as_it_was(part: type, data: st.DataObject) -> None:
    value = data.draw(PARTS[part])
    written = json.loads(json.dumps(codec.encode(value)))
    assert codec.decode(part, written) == value


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner)
    ),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_a_document_has_the_bytes_that_an_independent_encoder_gives_it(document: Any) -> None:
    assert canonical.encode(document) == rfc8785.dumps(document)


@given(INSTANTS)
def test_an_instant_is_read_as_it_was(moment: datetime) -> None:
    assert instant.parse(instant.text(moment)) == moment
    assert instant.from_micros(instant.micros(moment)) == moment
