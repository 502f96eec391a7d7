"""Real provenance says the source that its certificate says; where it does not, a stranger signed it."""

from collections import Counter

from domain import predicates
from domain.expectations.origin import Agreement, Compared, origin
from domain.expectations.stated import stated_source
from domain.provenance import Provenance
from domain.verification import Verified
from domain.workload import of_signer
from tests.corpus.cases import listed, needed, outcome

STRANGER = "https://github.com/loosebazooka/aa-test"
"""Signed, as itself, what it says is the provenance of a rule set of Bazel's."""


@needed()
def test_statements_and_certificates_name_one_source() -> None:
    found: dict[object, tuple[str | None, Compared, Compared]] = {}
    for case in (each for each in listed() if each.valid):
        verified = outcome(case)
        if not isinstance(verified, Verified) or verified.statement is None:
            continue
        said = predicates.read(verified.statement)
        if isinstance(said, Provenance):
            signer = of_signer(verified.signer)
            compared = origin((), signer, stated_source(said))
            found[verified.identity] = (signer.repository, compared.repository, compared.commit)
    pairs = [
        (repository.signer_provenance, commit.signer_provenance) for _, repository, commit in found.values()
    ]
    counted = Counter(pairs)
    assert counted[Agreement.SAME, Agreement.SAME] >= 60
    assert counted.keys() <= {(each, each) for each in Agreement}
    differing = {
        name for name, repository, _ in found.values() if repository.signer_provenance is Agreement.DIFFERS
    }
    assert differing == {STRANGER}
