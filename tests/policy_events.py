"""The law of a ledger in tests: a policy put in force, a freeze, a waiver, and whoever decides about them."""

from datetime import datetime, timedelta
from typing import Any

from domain.actor import Actor
from domain.digest import Digest
from domain.event import Event
from domain.policy.freeze import FreezeDeclared, FreezeLifted
from domain.policy.proposal import PolicyFile, PolicyProposed, PolicySettled
from domain.policy.waiving import WaiverApproved, WaiverRequested, WaiverRevoked
from domain.stream import POLICY
from tests.access import OPERATOR, TOLD, person

POLICY_DIGEST = Digest.of(b"a policy")
FILE = PolicyFile("sets/baseline.yaml", Digest.of(b"a set"))


def policy_events(at: datetime) -> list[Event]:
    """Return one event of each form, in an order in which they can happen."""
    waiver: dict[str, Any] = {
        "rule": "VULN-001",
        "term": "CVE-2026-10001",
        "environments": ("prod",),
        "services": ("*",),
        "reason": "not reachable",
        "ticket": "SEC-7",
        "expires_at": at + timedelta(days=30),
    }
    told: list[tuple[type[Event], Actor, dict[str, Any]]] = [
        (
            PolicyProposed,
            person("sally"),
            {
                "number": 1,
                "set": "baseline",
                "digest": POLICY_DIGEST,
                "files": (FILE,),
                "environments": ("prod", "staging"),
                "cases": 12,
                "reason": "a beginning",
            },
        ),
        (PolicySettled, OPERATOR, {"number": 1, "approved": True, "effective_from": at}),
        (
            FreezeDeclared,
            person("rita"),
            {
                "freeze": "frz-1",
                "name": "Black Friday",
                "starts_at": at + timedelta(days=1),
                "ends_at": at + timedelta(days=4),
                "environments": ("prod",),
                "services": ("*",),
            },
        ),
        (FreezeLifted, person("rita"), {"freeze": "frz-1", "reason": "nobody came"}),
        (WaiverRequested, person("rita"), {"number": 1, **waiver}),
        (WaiverApproved, person("sally"), {"number": 1}),
        (WaiverApproved, person("anna"), {"number": 1, "reason": "seen"}),
        (WaiverRevoked, person("sally"), {"number": 1, "reason": "mended"}),
        (WaiverRequested, person("rita"), {"number": 2, "artifact": Digest.of(b"bytes"), **waiver}),
        (
            PolicyProposed,
            person("sally"),
            {
                "number": 2,
                "set": "regulated",
                "digest": Digest.of(b"another policy"),
                "files": (FILE,),
                "environments": ("prod",),
                "cases": 0,
                "reason": "we are regulated now",
            },
        ),
        (PolicySettled, person("tom"), {"number": 2, "approved": False, "reason": "not yet"}),
    ]
    return [
        kind(stream=POLICY, version=number, occurred_at=at, actor=actor, report=TOLD, **said)
        for number, (kind, actor, said) in enumerate(told, 1)
    ]
