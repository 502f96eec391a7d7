"""The facts of one decision, read at one prefix of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import instant
from domain.actor import Actor
from domain.placement import RanRelease
from domain.policy.facts import SCHEMA
from domain.queries.gate import of_law, of_release
from domain.queries.gate.of_evidence import of_evidence
from domain.queries.gate.sources import Moment, Sources, ref_of

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to happen, and why."""

    release: RanRelease
    requester: Actor
    from_environment: str | None = None
    """Where it has to have run before; None: nowhere."""
    reason: str = ""
    ticket: str = ""
    emergency: bool = False


def facts_for(wanted: Wanted, at: datetime, moment: Moment, sources: Sources) -> Facts:
    """Return the facts, of the form that `domain.policy.facts` says.

    What is not recorded by anything yet is empty, so that a rule about it does not hold: approvals, who
    reviewed a commit, scans, layouts. Raises `MalformedValue` when there is too much of something.
    """
    release, environment = wanted.release, wanted.release.target.environment
    artifacts = [each.digest for each in release.build.artifacts]
    evidence = of_evidence(artifacts, moment, sources)
    proven = {each["artifact"] for each in evidence["provenance"] if each["level"] > 0}
    verified = bool(artifacts) and proven == {str(each) for each in artifacts}
    before = wanted.from_environment
    soak = () if before is None else of_release.of_soak(release, before, at, moment, sources)
    return {
        "schema": SCHEMA,
        "evaluation": {
            "time": instant.text(at),
            "position": moment.prefix.position,
            "head": str(moment.prefix.digest or ""),
        },
        "promotion": _promotion(wanted, at, moment),
        "release": of_release.of_release(release, moment, sources),
        **of_release.of_build(release, moment, sources, verified=verified),
        **evidence,
        "scans": [],
        "findings": [],
        "layouts": [],
        "config": _config(release),
        "approvals": [],
        "freezes": list(of_law.freezes(moment.law, environment, at)),
        "soak": list(soak),
        "waivers": list(of_law.waivers(moment.law, moment.access, environment, at)),
        "break_glass": {"requested": False, "requester": "", "reason": "", "approvers": [], "ref": ""},
        "reviews": [],
    }


def _promotion(wanted: Wanted, at: datetime, moment: Moment) -> Facts:
    return {
        "id": "",
        "requester": of_law.name_of(moment.access, wanted.requester),
        "requested_at": instant.text(at),
        "environment": wanted.release.target.environment,
        "from_environment": wanted.from_environment or "",
        "reason": wanted.reason,
        "ticket": wanted.ticket,
        "emergency": wanted.emergency,
        "ref": ref_of(moment.prefix.position),
    }


def _config(release: RanRelease) -> Facts:
    """Return the configuration of *release*: nobody approves one, and who wrote it is no identity, yet."""
    return {
        "version": release.config.number,
        "digest": str(release.config.digest),
        "author": "",
        "approved": False,
        "approved_digest": "",
        "approvers": [],
        "ref": ref_of(release.position),
    }
