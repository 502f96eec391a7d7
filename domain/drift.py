"""Drift: where what observers saw running, what was released and what was deployed do not agree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import instant
from domain.coverage import Unknown
from domain.digest import Digest
from domain.placement import Placement, RanRelease
from domain.release import Identity
from domain.target import Target

Place = tuple[str, str]
"""Service and slot, in the environment that is asked about."""
Listed = tuple[Digest, ...]


class FindingKind(StrEnum):
    """What does not agree."""

    OBSERVED_NOT_RELEASED = "observed-not-released"
    RELEASED_NOT_OBSERVED = "released-not-observed"
    DIFFERS = "differs"
    DATED_BEFORE_RELEASE = "dated-before-release"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What one observer listed last, or confirmed."""

    observer: str
    occurred_at: datetime
    running: Mapping[Place, Listed]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where artifacts that were seen in a slot come from."""

    release: int | None
    """The newest release of the target whose build made all of them."""
    build: str | None
    """The newest build of the service that made all of them."""


NOWHERE = Origin(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not agree, in one slot; or, without a slot, in the environment."""

    kind: FindingKind
    service: str | None = None
    slot: str | None = None
    since: datetime | None
    """Since when it is so by the ledger; None where the ledger has nothing."""
    seen_at: datetime | None = None
    """When the observer last reported what tells so."""
    observer: str | None = None
    release: int | None = None
    """The release that is deployed there."""
    runs: int | None = None
    """The release whose build was seen instead."""
    build: str | None = None
    """The build that made what was seen, where no release has it."""
    observed: Listed = ()
    position: int | None = None
    """Of the event that put there what is deployed."""
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger says of one slot: what is deployed, or since when nothing is."""

    since: datetime | None
    placement: Placement | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One slot by the ledger, and what the observer said that decides."""

    place: Place
    kept: Kept
    seen: LastSeen

    @property
    def listed(self) -> Listed | None:
        """What was seen in the slot; None when it is not listed."""
        return self.seen.running.get(self.place)

    @property
    def release(self) -> RanRelease | None:
        """What is deployed."""
        return None if self.kept.placement is None else self.kept.placement.release


def differing(
    running: Iterable[Placement], emptied: Mapping[Place, datetime], seen: Sequence[LastSeen]
) -> Sequence[Compared]:
    """Return the slots in which something else was seen than is deployed, by service and slot.

    *emptied* are slots in which nothing runs any more, and since when; *seen* is
    what each observer saw last, latest first. Whoever looked before a slot
    changed cannot tell. Of those who can, the latest that lists the slot
    decides, and when none lists it, the latest of all. A release known by its
    label alone has nothing to compare.
    """
    ledger = {(each.target.service, each.slot): Kept(each.since, each) for each in running}
    ledger.update((place, Kept(since, None)) for place, since in emptied.items())
    listed = {place for each in seen for place in each.running}
    found = []
    for place in sorted(ledger.keys() | listed):
        known = ledger.get(place, Kept(None, None))
        telling = [each for each in seen if known.since is None or each.occurred_at >= known.since]
        if telling:
            deciding = next((each for each in telling if place in each.running), telling[0])
            compared = Compared(place, known, deciding)
            if not _agree(compared):
                found.append(compared)
    return found


def _agree(compared: Compared) -> bool:
    listed, release = compared.listed, compared.release
    if listed is None or release is None:
        return listed is None and release is None
    if not release.build.artifacts:
        return True
    return {artifact.digest for artifact in release.build.artifacts}.issuperset(listed)


def findings(
    environment: str,
    running: Iterable[Placement],
    compared: Iterable[Compared],
    origins: Mapping[tuple[str, Listed], Origin],
    unknown: Iterable[Unknown],
) -> Sequence[Finding]:
    """Return every finding; those about the environment first, then by service and slot."""
    found = [Finding(kind=FindingKind.UNKNOWN, since=each.since, why=each.why) for each in unknown]
    found += [dated for place in running for dated in _dated_early(place)]
    for each in compared:
        listed = each.listed
        if listed is None:
            found.append(_not_observed(each))
        else:
            found.append(_seen(environment, each, listed, origins.get((each.place[0], listed), NOWHERE)))
    return sorted(found, key=lambda each: (each.service or "", each.slot or "", each.kind))


def _dated_early(place: Placement) -> Iterable[Finding]:
    """Yield a finding for a deployment dated before its release was cut; what was declared has no cut."""
    release = place.release
    if release is None or release.build.identity is Identity.DECLARED or place.since >= release.cut_at:
        return
    yield Finding(
        kind=FindingKind.DATED_BEFORE_RELEASE,
        service=place.target.service,
        slot=place.slot,
        since=place.since,
        release=release.number,
        position=place.cause.position,
        why=f"deployed at {instant.text(place.since)}, before release {release.number} was cut at"
        f" {instant.text(release.cut_at)}",
    )


def _not_observed(each: Compared) -> Finding:
    placement, release = each.kept.placement, each.release
    assert placement is not None, "where nothing is deployed, nothing is missed"
    assert release is not None, "a placement of nothing does not run"
    return Finding(
        kind=FindingKind.RELEASED_NOT_OBSERVED,
        service=each.place[0],
        slot=each.place[1],
        since=placement.since,
        seen_at=each.seen.occurred_at,
        observer=each.seen.observer,
        release=release.number,
        position=placement.cause.position,
        why=f"release {release.number} is deployed, and {each.seen.observer} does not list it",
    )


def _seen(environment: str, each: Compared, listed: Listed, origin: Origin) -> Finding:
    service, slot = each.place
    saw = f"{each.seen.observer} saw"
    deployed = f"release {each.release.number} is deployed" if each.release else "nothing is deployed there"
    if origin.release is not None:
        kind = FindingKind.DIFFERS
        why = f"{saw} the build of release {origin.release}, and {deployed}"
    else:
        kind = FindingKind.OBSERVED_NOT_RELEASED
        made = f"build {origin.build} made it" if origin.build else f"no build of {service} made it"
        why = f"{saw} what no release of {Target(service, environment)} contains; {made}"
    return Finding(
        kind=kind,
        service=service,
        slot=slot,
        since=each.kept.since,
        seen_at=each.seen.occurred_at,
        observer=each.seen.observer,
        release=None if each.release is None else each.release.number,
        runs=origin.release,
        build=None if origin.release is not None else origin.build,
        observed=listed,
        position=None if each.kept.placement is None else each.kept.placement.cause.position,
        why=why,
    )
