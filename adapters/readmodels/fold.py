"""What each kind of event adds to the tables. Any order of arrival is ordinary; nothing is refused."""

from functools import lru_cache
from typing import Any, NamedTuple

from adapters.readmodels import evidence, known
from adapters.readmodels.batch import Batch
from adapters.readmodels.evidence_tables import TRUST
from adapters.readmodels.known import Withdrawn
from adapters.readmodels.tables import (
    ARTIFACT,
    BELIEVED,
    BUILD,
    CHANGE,
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
from domain.release import Identity, ReleaseCut
from domain.removal import Removed
from domain.run import Run
from domain.trust import BuildersImported, SignerDistrusted
from domain.trust_root import TrustRootImported, TrustRootWithdrawn

_UNKNOWN = dict.fromkeys(("outcome", "repository", "commit", "ref", "builder"))
"""What nobody knows of a declared build."""
_NO_ARTIFACTS = canonical.encode([])


class _At(NamedTuple):
    """An event about a target."""

    position: int
    target_id: int
    occurred_at: int


class _Said(NamedTuple):
    """What one kind of change says, and others do not."""

    deployment: str | None = None
    reason: str | None = None
    commit: str | None = None
    source: str | None = None


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
        case Declared() as event:
            _declared(batch, event, recorded)
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
    batch.known.builds[known.reported(event.service, event.build)] = position
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
        "build_id": batch.known.builds[known.reported(event.target.service, event.build)],
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


def _declared(batch: Batch, event: Declared, recorded: Recorded) -> None:
    at = _At(recorded.position, batch.target(event.target, recorded.position), micros(event.occurred_at))
    if event.implied is not None and event.implied.fresh:
        _implied(batch, event, event.implied, at)
    _placed(batch, recorded, event, at, _Said(commit=event.commit, source=event.source))


def _implied(batch: Batch, event: Declared, implied: DeclaredRelease, at: _At) -> None:
    """Add what a declaration implies: a build known by its label, a configuration, a release."""
    config = implied.config
    row = {"digest": _raw(config.digest), "reference": config.reference, "position": at.position}
    _config(batch, at.target_id, config.number, row)
    made = {
        "number": implied.release.number,
        "digest": _raw(implied.release.digest),
        "build_id": _declared_build(batch, event.target.service, implied.label, at),
        "build": implied.label,
        "config_number": config.number,
        "config_digest": row["digest"],
        "config_reference": config.reference,
        "cut_at": at.occurred_at,
        "commit": event.commit,
        "source": event.source,
        "position": at.position,
    }
    _add_release(batch, at.target_id, made)


def _declared_build(batch: Batch, service: str, label: str, at: _At) -> int:
    """Return the id of the build known by *label*, introducing it when it is new."""
    build_id = batch.known.builds.setdefault(known.declared(service, label), at.position)
    if build_id == at.position:
        row = {
            "id": at.position,
            "service": service,
            "name": label,
            "identity": Identity.DECLARED.value,
            "label": label,
            "occurred_at": at.occurred_at,
            "artifacts": _NO_ARTIFACTS,
        }
        batch.add(BUILD, {**row, **_UNKNOWN})
    return build_id


def _add_release(batch: Batch, target_id: int, made: dict[str, Any]) -> None:
    together = made["build_id"], target_id
    first, since = batch.known.firsts.setdefault(together, (made["number"], made["cut_at"]))
    made["target_id"], made["first_of_build"], made["build_since"] = target_id, first, since
    batch.add(RELEASE, made)


def _run(batch: Batch, event: Run, recorded: Recorded) -> None:
    target_id = batch.target(event.target, recorded.position)
    if not event.alters:
        return
    match event:
        case Deployment():
            said = _Said(deployment=event.deployment, reason=event.reason)
        case Removed():
            said = _Said(reason=event.reason)
        case _:
            said = _Said()
    _placed(batch, recorded, event, _At(recorded.position, target_id, micros(event.occurred_at)), said)


def _placed(batch: Batch, recorded: Recorded, event: Run, at: _At, said: _Said) -> None:
    """Add that something else runs in a slot, and the change that this is."""
    slot_id = batch.slot(at.target_id, event.slot, at.position)
    runs = event.runs
    placement = {
        "slot_id": slot_id,
        "valid_from": at.occurred_at,
        "rank": event.rank,
        "position": at.position,
        "superseded": BELIEVED,
        "release": runs,
        "recorded_at": micros(recorded.recorded_at),
    }
    batch.add(PLACEMENT, placement)
    where = Withdrawn(event.target.environment, slot_id, at.occurred_at)
    _changed(batch, recorded, where, runs, said)


def _changed(batch: Batch, recorded: Recorded, where: Withdrawn, runs: int | None, said: _Said) -> None:
    """Add a change under the next number of its environment."""
    row = {
        "position": recorded.position,
        "environment": where.environment,
        "number": batch.number(where.environment),
        "slot_id": where.slot_id,
        "occurred_at": where.occurred_at,
        "recorded_at": micros(recorded.recorded_at),
        "release": runs,
        "topic": recorded.event.topic,
        "deployment": said.deployment,
        "reason": said.reason,
        "actor": _actor(recorded.event.actor),
        "commit": said.commit,
        "source": said.source,
        "withdrawn_by": None,
    }
    batch.add(CHANGE, row)


def _corrected(batch: Batch, event: Corrected, recorded: Recorded) -> None:
    """Withdraw what the event at `of` placed; an attempt that placed nothing leaves no trace."""
    if event.was in OF_OBSERVERS:
        batch.withdraw_observation(event.of, recorded.position)
        return
    withdrawn = batch.withdraw_change(event.of, recorded.position)
    if withdrawn is not None:
        where = withdrawn._replace(occurred_at=micros(event.occurred_at))
        _changed(batch, recorded, where, None, _Said(reason=event.reason))


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
