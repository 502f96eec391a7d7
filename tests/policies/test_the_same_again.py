"""A decision is a function of the policy and the facts: the same everywhere, for ever, on any thread."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from domain.policy.decide import decide
from domain.policy.schema import json_schema
from tests.policies import library
from tests.policies.test_what_is_refused import RULE, SET, load

ALONE = """
import json
from domain.policy.decide import decide
from tests.policies import library
outcome = decide(library.loaded(), library.ready())
print(json.dumps([str(library.loaded().digest), str(outcome.outcome_digest), str(outcome.result_digest)]))
"""


def _digests() -> list[str]:
    outcome = decide(library.loaded(), library.ready())
    return [str(library.loaded().digest), str(outcome.outcome_digest), str(outcome.result_digest)]


def test_in_other_processes_time_zones_and_orders_of_hashing() -> None:
    for seed, zone in (("0", "UTC"), ("1", "Pacific/Chatham"), ("4711", "America/New_York")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        ran = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-c", ALONE], env=environment, capture_output=True, check=True
        )
        assert json.loads(ran.stdout) == _digests()


def test_on_many_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: _digests(), range(200)))
    assert all(each == found[0] for each in found)


def test_a_policy_is_named_by_every_byte_of_its_files_and_of_no_other() -> None:
    name = load().digest
    assert load(RULE.replace(b"why: To see", b"why:  To see")).digest != name
    assert load(policy=SET + b"# a remark\n").digest != name
    other = RULE.replace(b"TRY-001", b"TRY-002")
    assert load(**{"rules/try-002.yaml": other}).digest == name


def test_an_outcome_is_the_same_in_other_words() -> None:
    facts = library.ready()
    facts["provenance"][0]["level"] = 1
    one = decide(load(), facts)
    two = decide(load(RULE.replace(b'message: "p.builder"', b"message: \"'by ' + p.builder\"")), facts)
    assert one.result_digest != two.result_digest
    assert one.outcome_digest == two.outcome_digest


def test_the_schema_of_facts_is_what_documents_are_held_to() -> None:
    schema = json_schema()
    assert schema["$defs"]["Facts"]["required"] == sorted(library.ready())
    assert schema["$defs"]["Release"]["additionalProperties"] is False
