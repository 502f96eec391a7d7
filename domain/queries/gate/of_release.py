"""Facts about a release: what it is made of, what ran where it is to run, and where it ran before."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from domain import build as builds
from domain import instant
from domain.access.answering import answers_for
from domain.build import BuildRecorded
from domain.errors import NothingFound
from domain.placement import Kind, Placement, RanRelease
from domain.ports import Scope
from domain.queries.gate.sources import Moment, Sources, ref_of
from domain.release import Identity

NEWER_MAX = 500
"""How many newer releases are looked at; with more, one of them is taken to have run."""
SOAKS_MAX = 50

Facts = dict[str, Any]


def of_release(release: RanRelease, moment: Moment, sources: Sources) -> Facts:
    """Return the section `release`."""
    target = release.target
    scope = Scope(target.environment, target.service)
    running = sources.placements.running(scope, moment.prefix.recorded_at, moment.prefix)
    numbers = [each.release.number for each in running if each.release is not None]
    return {
        "service": target.service,
        "number": release.number,
        "digest": str(release.digest),
        "label": release.build.label or "",
        "rollback": any(number > release.number for number in numbers),
        "allowed_before": False,
        "newer_ran": _newer_ran(release, moment, sources),
        "ref": ref_of(release.position),
    }


def _newer_ran(release: RanRelease, moment: Moment, sources: Sources) -> bool:
    """Say whether a newer one ran there; numbers have no gaps, so the newest says how many there are."""

    def newest(limit: int) -> Sequence[RanRelease]:
        target = release.target
        return sources.placements.releases(
            target.service, target.environment, moment.prefix, below=None, limit=limit
        )

    count = newest(1)[0].number - release.number
    if count >= NEWER_MAX:
        return True
    return count > 0 and bool(sources.placements.ran(newest(count), moment.prefix, limit=1))


def of_build(release: RanRelease, moment: Moment, sources: Sources, *, verified: bool) -> Facts:
    """Return the sections `source`, `build`, `people` and `artifacts`; *verified*: by provenance."""
    if release.build.identity is Identity.DECLARED:
        return _declared(release)
    event, position = _recorded(release, sources)
    people = answers_for(moment.access, event.source)
    return {
        "source": {
            "repository": event.source.repository,
            "commit": event.source.commit,
            "ref": event.source.ref or "",
            "protected": False,
        },
        "build": {
            "id": event.build,
            "outcome": event.outcome.value,
            "identity": "verified" if verified else "reported",
            "builder": event.builder or "",
            "finished_at": instant.text(event.occurred_at),
            "ref": ref_of(position),
        },
        "people": {
            "authors": [] if people is None else [str(people[0])],
            "unknown": ["the author"] if people is None else [],
            "commits": [],
        },
        "artifacts": [{"name": each.name, "digest": str(each.digest)} for each in event.artifacts],
    }


def _recorded(release: RanRelease, sources: Sources) -> tuple[BuildRecorded, int]:
    """Return the build as it was recorded: an index found it, and the signed event says what it is."""
    key = builds.key_of(release.target.service, release.build.name)
    found = sources.ledger.reported((key,))
    event = None if found is None else sources.ledger.at(found.position).event
    if found is None or not isinstance(event, BuildRecorded):
        raise NothingFound(f"build {release.build.name} of {release.target.service} is not recorded")
    return event, found.position


def _declared(release: RanRelease) -> Facts:
    build = release.build
    return {
        "source": {
            "repository": build.repository or "",
            "commit": build.commit or "",
            "ref": build.ref or "",
            "protected": False,
        },
        "build": {
            "id": build.name,
            "outcome": "succeeded",
            "identity": "declared",
            "builder": "",
            "finished_at": instant.text(release.build_since),
            "ref": ref_of(release.position),
        },
        "people": {"authors": [], "unknown": ["the author"], "commits": []},
        "artifacts": [],
    }


def of_soak(
    release: RanRelease, environment: str, at: datetime, moment: Moment, sources: Sources
) -> Iterator[Facts]:
    """Yield where builds like that of *release* ran in *environment*, the newest first; see `soak`."""
    scope = Scope(environment, release.target.service)
    found = sources.placements.timeline(scope, moment.prefix, start=None, end=at, after=None, limit=SOAKS_MAX)
    mine = {each.digest for each in release.build.artifacts}
    for placed in found:
        ran = placed.release
        if mine and ran is not None and mine <= {each.digest for each in ran.build.artifacts}:
            yield {
                "ref": ref_of(placed.cause.position),
                "environment": environment,
                "since": instant.text(placed.since),
                "until": instant.text(min(at, placed.until or at)),
                "artifacts": sorted(str(each.digest) for each in ran.build.artifacts),
                "incidents": 0,
                "rollbacks": _rollbacks(placed, found),
            }


def _rollbacks(placed: Placement, found: Sequence[Placement]) -> int:
    """Return how many rollbacks ended it: something older was put back in its place."""
    return sum(
        each.slot == placed.slot and each.since == placed.until and each.kind is Kind.ROLLBACK
        for each in found
    )
