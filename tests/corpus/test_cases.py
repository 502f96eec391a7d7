"""Every case is judged as its origin judges it."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.evidence import Reason
from domain.verification import CertificateSigner, Refused, Verified
from tests.corpus import cases
from tests.corpus.cases import Case

pytestmark = cases.needed()

LIBRARY_LIMITS: dict[str, str] = {}
"""Valid cases that we refuse, by id, with what the library cannot do.

Of the six that research found in the full collection none is among the cases that are here: leaf keys of
RSA, P-384, P-521 and Ed25519 under Rekor v1 or v2, and a timestamp in the last instant of its authority.
Most of that is read by an engine of ours by now; see ADR 0013 for what is left.
"""

ENGINES = {
    "sigstore": {"sigstore", "sigstore-legacy"},
    "set-only": {"sigstore-legacy"},
    "tsa-only": {"timestamped"},
    "key": {"pinned-key"},
    "dsse-key": {"pinned-key"},
    "gcb-kms": {"pinned-key"},
}


@pytest.mark.parametrize("case", cases.listed(), ids=lambda case: case.id)
def test_a_case_is_judged_as_its_origin_judges_it(case: Case) -> None:
    wrong = cases.wrong(case)
    expected = case.valid and case.id not in LIBRARY_LIMITS
    assert (wrong is None) == expected, f"{case.row['path']} ({case.row['why']}): {wrong}"


def valid() -> dict[str, list[Case]]:
    """The valid cases, by where they come from."""
    found: dict[str, list[Case]] = {}
    for case in cases.listed():
        if case.valid and case.id not in LIBRARY_LIMITS:
            found.setdefault(case.row["source"], []).append(case)
    return found


@pytest.mark.parametrize("source", valid())
def test_the_facts_are_those_the_origin_knows(source: str) -> None:
    assert [told for case in valid()[source] for told in misstated(case)] == []


def misstated(case: Case) -> Iterator[str]:
    """Say each fact that differs from what the case's row says."""
    found, row = cases.outcome(case), case.row
    assert isinstance(found, Verified)
    if found.engine not in ENGINES[row["engine"]]:
        yield f"{case.id}: by {found.engine}"
    if row["stock_sigstore_python"] and found.engine != "sigstore":
        yield f"{case.id}: by {found.engine}, and the library can"
    if isinstance(found.signer, CertificateSigner):
        # The one signer with a name of another kind is listed with the two bytes of DER before it.
        said = (row["signer"].removeprefix("\x0c\x0e"), row["signer_issuer"])
        if said != (found.signer.identity, found.signer.issuer) or not found.times:
            yield f"{case.id}: by {found.signer} at {found.times}"
    if found.statement is not None:
        if row.get("predicateType") not in (None, "", found.statement.predicate_type):
            yield f"{case.id}: {found.statement.predicate_type}"
        if row.get("subjects", len(found.subjects)) != len(found.subjects):
            yield f"{case.id}: {len(found.subjects)} subjects"


@pytest.mark.parametrize("source", valid())
def test_what_was_signed_later_is_not_known_yet(source: str) -> None:
    for case in valid()[source]:
        found = cases.outcome(case)
        assert isinstance(found, Verified)
        if found.times:
            earlier = cases.outcome(case, found.times[-1].instant - timedelta(seconds=1))
            assert isinstance(earlier, Refused)
            assert earlier.reason is Reason.NOT_YET


def test_no_refusal_is_an_unforeseen_exception() -> None:
    refused = [found for case in cases.listed() if isinstance(found := cases.outcome(case), Refused)]
    reasons = Counter(each.reason for each in refused)
    assert [each.words for each in refused if each.reason is Reason.NOT_VERIFIED] == [], reasons
