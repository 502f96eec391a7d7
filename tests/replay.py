"""The obviously right answers: go through the whole prefix, with lists and loops, every time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from domain.build import BuildRecorded
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.declaration import Declared
from domain.deployment import Deployment
from domain.event import Recorded
from domain.observation import EnvironmentObserved
from domain.placement import (
    Cause,
    Change,
    Placement,
    RanArtifact,
    RanBuild,
    RanConfig,
    RanRelease,
    Sighting,
    kind_of,
)
from domain.ports import Scope
from domain.release import Identity, Release, ReleaseCut
from domain.removal import Removed
from domain.run import Run
from domain.target import Target


class Replay:
    """A prefix of the ledger, as a list."""

    def __init__(self, recorded: Sequence[Recorded]) -> None:
        self.recorded = recorded
        # Asked again for every placement: kept, or a history of fifty events takes seconds.
        self.changes = cache(self._changes)
        self.releases = cache(self._releases)

    def environments(self) -> list[str]:
        return sorted(
            {at.environment for at in self._targets()} | {e.environment for _, e in self._observed()}
        )

    def services(self) -> list[str]:
        built = {each.event.service for each in self.recorded if isinstance(each.event, BuildRecorded)}
        return sorted({at.service for at in self._targets()} | built)

    def running(self, scope: Scope, as_of: datetime) -> list[Placement]:
        held = []
        for target, slot in self._slots(scope):
            begun = [each for each in self._slot(target, slot) if each.since <= as_of]
            if begun and begun[-1].release is not None:
                observed = self._sighting(begun[-1], begun[-1].release, as_of)
                held.append(replace(begun[-1], until=None, observed=observed))
        return sorted(held, key=lambda each: (each.target.environment, each.target.service, each.slot))

    def timeline(self, scope: Scope, start: datetime | None, end: datetime | None) -> list[Placement]:
        overlapping = [
            each
            for target, slot in self._slots(scope)
            for each in self._slot(target, slot)
            if (end is None or each.since < end)
            and (start is None or each.until is None or each.until > start)
        ]
        if start is not None and end is not None and end <= start:
            return []
        return sorted(overlapping, key=lambda each: (each.since, each.cause.position), reverse=True)

    def _changes(self, environment: str) -> list[Change]:
        """Every change, lowest number first."""
        listed: list[Change] = []
        made: dict[int, int] = {}  # position of an event → place in the list
        for each in self.recorded:
            match each.event:
                case Run() as event if event.alters and event.target.environment == environment:
                    release = self._ran(event)
                    listed.append(self._change(len(listed) + 1, each, event.target, event.slot, release))
                    made[each.position] = len(listed) - 1
                case Corrected(of=of) if of in made:
                    withdrawn = listed[made[of]]
                    listed[made[of]] = replace(withdrawn, corrected_by=each.position)
                    number = len(listed) + 1
                    listed.append(self._change(number, each, withdrawn.target, withdrawn.slot, None))
        return listed

    def _releases(self, target: Target) -> list[RanRelease]:
        """Every release, lowest number first."""
        cut: list[RanRelease] = []
        for each in self.recorded:
            match each.event:
                case ReleaseCut() as event if event.target == target:
                    cut.append(self._cut(each, event, cut))
                case Declared() as event if event.target == target and event.implied is not None:
                    if event.implied.fresh:
                        cut.append(self._implied(each, event, cut))
        return cut

    def ran(self, releases: Sequence[RanRelease]) -> list[Placement]:
        meant = {(each.target, each.number) for each in releases}
        return [
            each
            for each in self.timeline(Scope(), None, None)
            if each.release is not None and (each.target, each.release.number) in meant
        ]

    # -- what it takes

    def _targets(self) -> set[Target]:
        return {
            e.event.target for e in self.recorded if isinstance(e.event, Run | ReleaseCut | ConfigRecorded)
        }

    def _slots(self, scope: Scope) -> set[tuple[Target, str]]:
        return {
            (event.target, event.slot)
            for _, event in self._runs()
            if scope.environment in {None, event.target.environment}
            and scope.service in {None, event.target.service}
            and scope.slot in {None, event.slot}
        }

    def _withdrawn(self) -> set[int]:
        return {each.event.of for each in self.recorded if isinstance(each.event, Corrected)}

    def _runs(self) -> Iterator[tuple[Recorded, Run]]:
        withdrawn = self._withdrawn()
        for each in self.recorded:
            if isinstance(each.event, Run) and each.event.alters and each.position not in withdrawn:
                yield each, each.event

    def _observed(self) -> Iterator[tuple[Recorded, EnvironmentObserved]]:
        for each in self.recorded:
            if isinstance(each.event, EnvironmentObserved):
                yield each, each.event

    def _slot(self, target: Target, slot: str) -> list[Placement]:
        """What the slot ran, oldest first."""
        order = sorted(
            ((event.occurred_at, event.rank, each.position), each, event)
            for each, event in self._runs()
            if (event.target, event.slot) == (target, slot)
        )
        at_instant = {event.occurred_at: (each, event) for _, each, event in order}
        ran: list[Placement] = []
        for since, (each, event) in at_instant.items():
            before = ran[-1].release if ran else None
            release = self._ran(event)
            kind = None if release is None else kind_of(release, before)
            if ran:
                ran[-1] = replace(ran[-1], until=since)
            cause = self._cause(each, self._number(each))
            ran.append(Placement(target, slot, since, None, release, kind, cause))
        return ran

    def _number(self, recorded: Recorded) -> int:
        assert isinstance(recorded.event, Run)
        listed = self.changes(recorded.event.target.environment)
        return next(c.number for c in listed if c.cause.position == recorded.position)

    def _ran(self, event: Run) -> RanRelease | None:
        if event.runs is None:
            return None
        release = self.releases(event.target)[event.runs - 1]
        if isinstance(event, Declared):
            said = replace(release.build, commit=event.commit, repository=event.source)
            return replace(release, build=said)
        return release

    def _cause(self, recorded: Recorded, number: int) -> Cause:
        event = recorded.event
        return Cause(
            position=recorded.position,
            change=number,
            topic=event.topic,
            deployment=event.deployment if isinstance(event, Deployment) else None,
            reason=event.reason if isinstance(event, Deployment | Removed | Corrected) else None,
            actor=event.actor,
            recorded_at=recorded.recorded_at,
        )

    def _change(
        self, number: int, recorded: Recorded, target: Target, slot: str, release: RanRelease | None
    ) -> Change:
        occurred_at = recorded.event.occurred_at
        return Change(number, occurred_at, target, slot, release, self._cause(recorded, number), None)

    def _cut(self, each: Recorded, event: ReleaseCut, before: list[RanRelease]) -> RanRelease:
        (built,) = (
            e.event
            for e in self.recorded
            if isinstance(e.event, BuildRecorded)
            and (e.event.service, e.event.build) == (event.target.service, event.build)
        )
        build = RanBuild(
            built.build,
            Identity.REPORTED,
            built.label,
            built.source.repository,
            built.source.commit,
            built.source.ref,
            tuple(RanArtifact(made.name, made.digest, made.purl) for made in built.artifacts),
        )
        config = RanConfig(event.config_number, event.config_digest)
        return _released(each, event.target, event.release, build=build, config=config, before=before)

    def _implied(self, each: Recorded, event: Declared, before: list[RanRelease]) -> RanRelease:
        assert event.implied is not None
        label, config = event.implied.label, event.implied.config
        build = RanBuild(label, Identity.DECLARED, label, event.source, event.commit)
        meant = RanConfig(config.number, config.digest, config.reference)
        return _released(each, event.target, event.implied.release, build=build, config=meant, before=before)

    def _sighting(self, placed: Placement, release: RanRelease, as_of: datetime) -> Sighting:
        withdrawn = self._withdrawn()
        last: dict[str, tuple[datetime, int, EnvironmentObserved]] = {}
        for each, event in self._observed():
            here = event.environment == placed.target.environment
            if here and event.occurred_at <= as_of and each.position not in withdrawn:
                fresh = (event.occurred_at, each.position, event)
                known = last.get(event.observer)
                if known is None or known[:2] < fresh[:2]:
                    last[event.observer] = fresh
        telling = [seen for seen in last.values() if seen[0] >= placed.since]
        if not telling:
            return Sighting.NOT_REPORTED
        place = (placed.target.service, placed.slot)
        listed = [
            (at, position, set(seen.artifacts))
            for at, position, event in telling
            for seen in event.running
            if (seen.service, seen.slot) == place
        ]
        if not listed:
            return Sighting.DIFFERS
        if not release.build.artifacts:
            return Sighting.NOT_REPORTED
        made = {artifact.digest for artifact in release.build.artifacts}
        return Sighting.MATCH if max(listed)[2] <= made else Sighting.DIFFERS


def _released(
    each: Recorded,
    target: Target,
    release: Release,
    *,
    build: RanBuild,
    config: RanConfig,
    before: Sequence[RanRelease],
) -> RanRelease:
    same = (build.name, build.identity)
    first = next((r for r in before if (r.build.name, r.build.identity) == same), None)
    return RanRelease(
        target,
        release.number,
        release.digest,
        each.event.occurred_at,
        each.position,
        build,
        config,
        first_of_build=first.number if first else release.number,
        build_since=first.cut_at if first else each.event.occurred_at,
    )
