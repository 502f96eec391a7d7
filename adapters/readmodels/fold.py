"""What each kind of event adds to the tables. Any order of arrival is ordinary; nothing is refused."""

from functools import lru_cache
from typing import Any

from adapters.readmodels import evidence
from adapters.readmodels.batch import Batch
from adapters.readmodels.evidence_tables import TRUST
from adapters.readmodels.known import Withdrawn
from adapters.readmodels.tables import (
    ARTIFACT,
    BELIEVED,
    BUILD,
    CONFIG,
    OBSERVATION,
    PLACEMENT,
    RELEASE,
)
from domain import canonical
from domain.actor import Actor
from domain.admission import EvidenceAdmitted, EvidenceTurnedDown, EvidenceVerified
from domain.build import BuildRecorded
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.declaration import Declared, DeclaredRelease
from domain.deployment import Deployment
from domain.digest import Digest
from domain.event import Recorded
from domain.heartbeat import OF_OBSERVERS, EnvironmentHeartbeat
from domain.instant import micros
from domain.observation import EnvironmentObserved, Observed, list_digest
from domain.release import BuildName, Identity, ReleaseCut
from domain.removal import Removed
from domain.run import Run
from domain.trust import BuildersImported, SignerDistrusted
from domain.trust_root import TrustRootImported, TrustRootWithdrawn

_UNKNOWN = ("outcome", "repository", "commit", "ref", "builder")
"""What nobody knows of a declared build."""


def take(batch: Batch, recorded: Recorded) -> None:
    """Add to *batch* what *recorded* says. Events that place nothing anywhere add nothing."""
    position = recorded.position
    match recorded.event:
        case BuildRecorded() as event:
            _build(batch, event, position)
        case ConfigRecorded() as event:
            target_id = batch.target(event.target, position)
            row = {"digest": _raw(event.digest), "reference": None, "position": position}
            _config(batch, target_id, event.number, row)
        case ReleaseCut() as event:
            _release(batch, event, position)
        case Declared(implied=implied) as event:
            if implied is not None and implied.fresh:
                _implied(batch, event, implied, position)
            _run(batch, event, recorded)
        case Run() as event:
            _run(batch, event, recorded)
        case Corrected() as event:
            _corrected(batch, event, recorded)
        case EnvironmentObserved() as event:
            listed = canonical.encode(_by_service(event.running))
            _reported_on(batch, event, position, told=list_digest(event.running), running=listed)
        case EnvironmentHeartbeat() as event:
            _reported_on(batch, event, position, told=event.confirms, running=None)
        case EvidenceAdmitted() | EvidenceVerified() | EvidenceTurnedDown() as event:
            evidence.take(batch, event, position)
        case TrustRootImported() | TrustRootWithdrawn() | SignerDistrusted() | BuildersImported() as event:
            batch.add(TRUST, {"position": position, "topic": event.topic})


def _build(batch: Batch, event: BuildRecorded, position: int) -> None:
    batch.service(event.service, position)
    batch.known.builds[_reported(event.service, event.build)] = position
    row = {
        "id": position,
        "service": event.service,
        "name": event.build,
        "identity": Identity.REPORTED.value,
        "label": event.label,
        "outcome": event.outcome.value,
        "repository": event.source.repository,
        "commit": event.source.commit,
        "ref": event.source.ref,
        "builder": event.builder,
        "occurred_at": micros(event.occurred_at),
    }
    made = [[each.name, each.digest.hex, each.purl] for each in event.artifacts]
    batch.add(BUILD, {**row, "artifacts": canonical.encode(made)})
    for digest in {each.digest for each in event.artifacts}:
        batch.add(ARTIFACT, {"digest": _raw(digest), "build_id": position})


def _config(batch: Batch, target_id: int, number: int, row: dict[str, Any]) -> None:
    """Add a configuration the first time its number is heard of."""
    if (target_id, number) in batch.known.configs:
        return
    batch.known.configs[target_id, number] = row["reference"]
    batch.add(CONFIG, {"target_id": target_id, "number": number, **row})


def _release(batch: Batch, event: ReleaseCut, position: int) -> None:
    target_id = batch.target(event.target, position)
    made = {
        "number": event.release.number,
        "digest": _raw(event.release.digest),
        "build_id": batch.known.builds[_reported(event.target.service, event.build)],
        "build": event.build,
        "config_number": event.config_number,
        "config_digest": _raw(event.config_digest),
        "config_reference": batch.known.configs[target_id, event.config_number],
        "cut_at": micros(event.occurred_at),
        "commit": event.commit,
        "source": None,
        "position": position,
    }
    _add_release(batch, target_id, made)


def _implied(batch: Batch, event: Declared, implied: DeclaredRelease, position: int) -> None:
    """Add what a declaration implies: a build known by its label, a configuration, a release."""
    target_id = batch.target(event.target, position)
    config = implied.config
    row = {"digest": _raw(config.digest), "reference": config.reference, "position": position}
    _config(batch, target_id, config.number, row)
    made = {
        "number": implied.release.number,
        "digest": _raw(implied.release.digest),
        "build_id": _declared_build(batch, event, implied.label, position),
        "build": implied.label,
        "config_number": config.number,
        "config_digest": row["digest"],
        "config_reference": config.reference,
        "cut_at": micros(event.occurred_at),
        "commit": event.commit,
        "source": event.source,
        "position": position,
    }
    _add_release(batch, target_id, made)


def _declared_build(batch: Batch, event: Declared, label: str, position: int) -> int:
    """Return the id of the build known by *label*, introducing it when it is new."""
    named = event.target.service, BuildName(label, Identity.DECLARED)
    known = batch.known.builds.setdefault(named, position)
    if known == position:
        row = {
            "id": position,
            "service": event.target.service,
            "name": label,
            "identity": Identity.DECLARED.value,
            "label": label,
            "occurred_at": micros(event.occurred_at),
            "artifacts": canonical.encode([]),
        }
        batch.add(BUILD, {**row, **dict.fromkeys(_UNKNOWN)})
    return known


def _add_release(batch: Batch, target_id: int, made: dict[str, Any]) -> None:
    together = made["build_id"], target_id
    first, since = batch.known.firsts.setdefault(together, (made["number"], made["cut_at"]))
    dated = {"first_of_build": first, "build_since": since}
    batch.add(RELEASE, {"target_id": target_id, **dated, **made})


def _run(batch: Batch, event: Run, recorded: Recorded) -> None:
    target_id = batch.target(event.target, recorded.position)
    if not event.alters:
        return
    slot_id = batch.slot(target_id, event.slot, recorded.position)
    occurred_at, recorded_at = micros(event.occurred_at), micros(recorded.recorded_at)
    placement = {
        "slot_id": slot_id,
        "valid_from": occurred_at,
        "rank": event.rank,
        "position": recorded.position,
        "superseded": BELIEVED,
        "release": event.runs,
        "recorded_at": recorded_at,
    }
    batch.add(PLACEMENT, placement)
    where = Withdrawn(event.target.environment, slot_id, occurred_at)
    change = {
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "release": event.runs,
        "topic": event.topic,
        "deployment": None,
        "reason": None,
        "actor": _actor(event.actor),
        "commit": None,
        "source": None,
    }
    match event:
        case Declared():
            change |= {"commit": event.commit, "source": event.source}
        case Deployment():
            change |= {"deployment": event.deployment, "reason": event.reason}
        case Removed():
            change["reason"] = event.reason
    batch.change(where, recorded.position, change)


def _corrected(batch: Batch, event: Corrected, recorded: Recorded) -> None:
    """Withdraw what the event at `of` placed; an attempt that placed nothing leaves no trace."""
    if event.was in OF_OBSERVERS:
        batch.withdraw_observation(event.of, recorded.position)
        return
    withdrawn = batch.known.changes.get(event.of)
    if withdrawn is None:
        return
    batch.withdraw_change(event.of, recorded.position)
    occurred_at = micros(event.occurred_at)
    where = Withdrawn(withdrawn.environment, withdrawn.slot_id, occurred_at)
    change = {
        "occurred_at": occurred_at,
        "recorded_at": micros(recorded.recorded_at),
        "release": None,
        "topic": event.topic,
        "deployment": None,
        "reason": event.reason,
        "actor": _actor(event.actor),
        "commit": None,
        "source": None,
    }
    batch.change(where, recorded.position, change)


def _reported(service: str, build: str) -> tuple[str, BuildName]:
    return service, BuildName(build, Identity.REPORTED)


def _reported_on(
    batch: Batch,
    event: EnvironmentObserved | EnvironmentHeartbeat,
    position: int,
    *,
    told: Digest | None,
    running: bytes | None,
) -> None:
    """Add what an observer reported on its environment."""
    batch.environment(event.environment, position)
    observer_id = batch.observer(event.environment, event.observer, position)
    occurred_at = micros(event.occurred_at)
    promised = None if event.every is None else occurred_at + event.every * 1_000_000
    row = {
        "position": position,
        "observer_id": observer_id,
        "occurred_at": occurred_at,
        "superseded": BELIEVED,
        "promised": promised,
        "seam": int(not _goes_on(batch.known.heard.get(observer_id), occurred_at, promised)),
        "digest": None if told is None else _raw(told),
        "running": running,
    }
    batch.add(OBSERVATION, row)
    heard = batch.known.heard.get(observer_id)
    if heard is None or heard[0] <= occurred_at:
        batch.known.heard[observer_id] = (occurred_at, promised)


def _goes_on(heard: tuple[int, int | None] | None, occurred_at: int, promised: int | None) -> bool:
    """Say whether a report follows the newest one before it as that one promised, or both promise nothing."""
    if heard is None or occurred_at < heard[0]:
        return False
    if heard[1] is None or promised is None:
        return heard[1] is promised
    return occurred_at <= heard[1]


def _by_service(running: tuple[Observed, ...]) -> dict[str, dict[str, list[str]]]:
    listed: dict[str, dict[str, list[str]]] = {}
    for seen in running:
        slots = listed.setdefault(seen.service, {})
        slots[seen.slot] = sorted(artifact.hex for artifact in seen.artifacts)
    return listed


@lru_cache(maxsize=1024)
def _actor(actor: Actor) -> str:
    content = {"issuer": actor.issuer, "kind": actor.kind.value, "subject": actor.subject}
    return canonical.encode(content).decode()


def _raw(digest: Digest) -> bytes:
    return bytes.fromhex(digest.hex)
