"""The repository and the commit that provenance itself says it was built from.

It is the signer's claim. Builders put it in different places; where two places would name two, none is taken.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain import repository
from domain.provenance import Material, Provenance
from domain.repository import Repository
from domain.workload import Workload

MATERIALS_MAX = 500
"""With more of them, nothing is taken from any: whoever signs can name a hundred thousand in one file."""
_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII)
_COMMITS = {
    "gitCommit": re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.ASCII),
    "sha1": _SHA1,
    "sha256": _SHA1,
}
"""Under which names a digest set has the commit: in-toto's, that of SLSA v0.x, and that of GitLab's runner,
whose `sha256` has 40 digits. `gitTag` and `gitTree` are names of other objects."""
_NUMBER = re.compile(r"[0-9]{1,30}", re.ASCII)
_NUMBERS = ("github_repository_id", "GITHUB_REPOSITORY_ID")
"""Where slsa-github-generator notes the repository's number; GitHub's own builders do as in `_number`."""


def stated_source(said: Provenance) -> Workload:
    """Return what *said* says of repository and commit, with the repository's number where it notes one."""
    places = (_named(said), said.materials if len(said.materials) <= MATERIALS_MAX else ())
    addresses = next((found for each in places if (found := _addresses(each))), frozenset())
    if len(addresses) != 1:
        return Workload()
    (address,) = addresses
    commits = {commit for place in places for each in place for commit in _commits(each, address)}
    return Workload(
        repository=str(address),
        repository_id=_number(said.noted),
        commit=commits.pop() if len(commits) == 1 else None,
    )


def _named(said: Provenance) -> tuple[Material, ...]:
    """Return the source where it is named as such: by a field of the predicate, or by a parameter."""
    if said.source is not None:
        return (said.source,)
    parameters = said.parameters or {}
    source, workflow = parameters.get("source"), parameters.get("workflow")
    if isinstance(source, Mapping):
        return (Material(_text(source, "uri"), tuple(_texts(source.get("digest")))),)
    if isinstance(workflow, Mapping):
        source = workflow.get("repository")
    return (Material(source, ()),) if isinstance(source, str) else ()


def _addresses(materials: Sequence[Material]) -> frozenset[Repository]:
    return frozenset(found for each in materials if (found := repository.read(each.uri)) is not None)


def _commits(material: Material, address: Repository) -> Iterator[str]:
    """Yield each commit that *material* has, if it is that repository."""
    if repository.read(material.uri) == address:
        known = ((_COMMITS[name], value) for name, value in material.digests if name in _COMMITS)
        yield from (value for form, value in known if form.fullmatch(value))


def _number(noted: Mapping[str, Any]) -> str | None:
    github = noted.get("github")
    places = ((github, "repository_id"),) if isinstance(github, Mapping) else ((noted, n) for n in _NUMBERS)
    said = (_text(place, name) for place, name in places)
    return next((each for each in said if each is not None and _NUMBER.fullmatch(each)), None)


def _text(said: Mapping[str, Any], name: str) -> str | None:
    """Return the text or number under *name*."""
    value = said.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value else None


def _texts(said: object) -> Iterator[tuple[str, str]]:
    if isinstance(said, Mapping):
        yield from ((name, value) for name, value in said.items() if isinstance(value, str))
