"""The obviously right answers: go through the whole prefix, with lists and loops, every time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

from domain.actor import Actor
from domain.build import BuildRecorded
from domain.config_version import ConfigRecorded
from domain.correction import Corrected
from domain.coverage import Unknown
from domain.declaration import Declared
from domain.deployment import Deployment
from domain.digest import Digest
from domain.drift import LastSeen, Origin
from domain.event import Recorded
from domain.heartbeat import EnvironmentHeartbeat
from domain.instant import EARLIEST, LATEST, text
from domain.observation import EnvironmentObserved, list_digest
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

    def unknown(self, environment: str) -> list[Unknown]:
        """When nobody reported on the environment, newest first."""
        withdrawn = self._withdrawn()
        reports = [
            (event.occurred_at, each.position, event.observer, event.every)
            for each, event in self._observed()
            if event.environment == environment and each.position not in withdrawn
        ]
        runs = [event.occurred_at for _, event in self._runs() if event.target.environment == environment]
        claims = [at for at, *_ in reports] + runs
        if not claims:
            why = f"nothing was reported about what runs in {environment}"
            return [Unknown(environment, None, None, why)]
        why = f"nothing was reported about {environment} before {text(min(claims))}"
        found = [Unknown(environment, None, min(claims), why)]
        ends = {at + timedelta(seconds=every) for at, _, _, every in reports if every}
        moments = sorted({EARLIEST, LATEST, *claims, *ends})
        for start, end in pairwise(moments):
            silent = self._silent(sorted(reports), start)
            if not silent:
                continue
            until = None if end == LATEST else end
            if found[-1].until == start and found[-1].since is not None:
                found[-1] = replace(found[-1], until=until)
            else:
                since = ", ".join(f"from {name} since {text(at)}" for name, at in sorted(silent.items()))
                found.append(Unknown(environment, start, until, f"no report {since}"))
        return found[::-1]

    @staticmethod
    def _silent(
        reports: Sequence[tuple[datetime, int, str, int | None]], at: datetime
    ) -> dict[str, datetime]:
        """Who should have reported again by *at* and since when it did not; nobody when somebody covers."""
        last = {name: (then, every) for then, _, name, every in reports if then <= at}
        promising = {
            name: (then, then + timedelta(seconds=every)) for name, (then, every) in last.items() if every
        }
        if any(end > at for _, end in promising.values()):
            return {}
        return {name: then for name, (then, _) in promising.items()}

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

    def _observed(self) -> Iterator[tuple[Recorded, EnvironmentObserved | EnvironmentHeartbeat]]:
        for each in self.recorded:
            if isinstance(each.event, EnvironmentObserved | EnvironmentHeartbeat):
                yield each, each.event

    def emptied(self, environment: str, as_of: datetime) -> dict[tuple[str, str], datetime]:
        """Where nothing runs any more, and since when."""
        found = {}
        for target, slot in self._slots(Scope(environment=environment)):
            begun = [each for each in self._slot(target, slot) if each.since <= as_of]
            if begun and begun[-1].release is None:
                found[target.service, slot] = begun[-1].since
        return found

    def origin(self, environment: str, service: str, listed: tuple[Digest, ...]) -> Origin:
        """The newest release whose build made all that is listed, and the newest such build."""
        builds = [
            each.event.build
            for each in self.recorded
            if isinstance(each.event, BuildRecorded)
            and each.event.service == service
            and {made.digest for made in each.event.artifacts}.issuperset(listed)
        ]
        released = [
            each.number
            for each in self.releases(Target(service, environment))
            if each.build.identity is Identity.REPORTED and each.build.name in builds
        ]
        return Origin(max(released, default=None), builds[-1] if builds else None)

    def last_seen(self, environment: str, as_of: datetime) -> list[LastSeen]:
        """What each observer listed last, or confirmed; latest first."""
        withdrawn = self._withdrawn()
        lists = {
            (event.observer, list_digest(event.running)): event.running
            for _, event in self._observed()
            if isinstance(event, EnvironmentObserved) and event.environment == environment
        }
        last: dict[str, tuple[datetime, int, Digest]] = {}
        for each, event in self._observed():
            told = event.confirms if isinstance(event, EnvironmentHeartbeat) else list_digest(event.running)
            here = event.environment == environment and told is not None
            if here and event.occurred_at <= as_of and each.position not in withdrawn:
                assert told is not None, "said just before"
                fresh = (event.occurred_at, each.position, told)
                last[event.observer] = max(last.get(event.observer, fresh), fresh, key=lambda each: each[:2])
        return [
            LastSeen(
                observer,
                at,
                {(seen.service, seen.slot): tuple(sorted(seen.artifacts)) for seen in lists[observer, told]},
            )
            for at, _, observer, told in sorted(
                ((at, position, observer, told) for observer, (at, position, told) in last.items()),
                reverse=True,
            )
        ]

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
            actor=_named(event.actor),
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
        seen = self.last_seen(placed.target.environment, as_of)
        telling = [each for each in seen if each.occurred_at >= placed.since]
        if not telling:
            return Sighting.NOT_REPORTED
        place = (placed.target.service, placed.slot)
        listed = [each.running[place] for each in telling if place in each.running]
        if not listed:
            return Sighting.DIFFERS
        if not release.build.artifacts:
            return Sighting.NOT_REPORTED
        made = {artifact.digest for artifact in release.build.artifacts}
        return Sighting.MATCH if set(listed[0]) <= made else Sighting.DIFFERS


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


def _named(actor: Actor) -> Actor:
    """Return who did it as answers say it; how that was established is for the event to say."""
    return Actor(actor.kind, actor.issuer, actor.subject)
