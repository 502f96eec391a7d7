"""Known layouts, tried on one tree: what each would read there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from api.gitops.documents import Unreadable
from api.gitops.history import Change, Repository
from api.gitops.patterns import Ambiguous, Bound, Pattern, Place
from api.gitops.values import WHOLE, Key
from domain.errors import MalformedValue

SAMPLE_FILES_MAX = 20
"""Files of one layout that are read to find its key."""
READ_FILES_MAX = 5000
FOUND_MAX = 50
_TAGS = ("image_tag", "image.tag", "imageTag", "tag", "version")
_IMAGES = ("images[{service}].newTag", "images[*].newTag", "images[{service}].digest", "images[*].digest")
_MAPS = ("{service}.image.tag", "{service}.tag", "{service}.imageTag", "{service}.version")
_ANY = r"[^/]+"
_USUAL = (
    r"(?:acc(?:eptance)?|canary|demo|dev(?:elopment)?|int(?:egration)?|live|perf|preprod|pre-prod|preview"
    r"|prod(?:uction)?|qa|sandbox|stag(?:e|ing)|stg|test(?:ing)?|uat)(?:[-_][a-z0-9-]+)?"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A shape of paths below any folder, and the keys to try in such files, the likeliest first."""

    shape: str
    keys: tuple[str, ...]
    environment: str = _ANY
    """What an environment must look like, so that not every pair of folders is taken for one."""


LAYOUTS = (
    Layout("image-tags/{environment}/{service}", (*_TAGS, WHOLE)),
    Layout("environments/{environment}/{service}/values.yaml", _TAGS),
    Layout("environments/{environment}/{service}.yaml", _TAGS),
    Layout("envs/{environment}/{service}/values.yaml", _TAGS),
    Layout("envs/{environment}/{service}.yaml", _TAGS),
    Layout("clusters/{environment}/{service}/values.yaml", _TAGS),
    Layout("clusters/{environment}/{service}/kustomization.yaml", _IMAGES),
    Layout("{service}/overlays/{environment}/kustomization.yaml", _IMAGES),
    Layout("overlays/{environment}/kustomization.yaml", _IMAGES[::2], _USUAL),
    Layout("{environment}/{service}/kustomization.yaml", _IMAGES, _USUAL),
    Layout("{environment}/{service}/values.yaml", _TAGS, _USUAL),
    Layout("{environment}/{service}.yaml", _TAGS, _USUAL),
    Layout("{environment}/{service}.json", _TAGS, _USUAL),
    Layout("{service}/values-{environment}.yaml", _TAGS, _USUAL),
    Layout("{service}/{environment}.yaml", _TAGS, _USUAL),
    Layout("values-{environment}.yaml", _MAPS, _USUAL),
    Layout("values/{environment}.yaml", _MAPS, _USUAL),
    Layout("{environment}/values.yaml", _MAPS, _USUAL),
)
CONFIGS = ("values-{environment}.yaml", "{environment}/values.yaml", "values/{environment}.yaml")


@dataclass(slots=True)
class Understood:
    """A layout that is there: what it would read, and how to say so."""

    pattern: str
    key: str
    files: int = 0
    labels: int = 0
    environments: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    example: str = ""
    config_pattern: str | None = None
    cut: bool = False
    """More files than were read."""


def detect(repository: Repository, head: str) -> list[Understood]:
    """Return what each known layout finds in the tree of *head*; most labels first. A file counts once."""
    fitting: dict[tuple[int, str], list[Change]] = {}
    shapes = [_shape(layout) for layout in LAYOUTS]
    for change in repository.files(head):
        for rank, shape in enumerate(shapes):
            found = shape.fullmatch(change.path)
            if found is not None:
                fitting.setdefault((rank, found["prefix"]), []).append(change)
    taken: set[str] = set()
    understood: list[Understood] = []
    for (rank, prefix), every in sorted(fitting.items()):
        files = [change for change in every if change.path not in taken]
        read = _understand(repository, LAYOUTS[rank], prefix, files)
        if read is not None and len(understood) < FOUND_MAX:
            taken |= {change.path for change in files}
            understood.append(read)
    _add_configs(understood, repository, head)
    return sorted(understood, key=lambda each: -each.labels)


def _shape(layout: Layout) -> re.Pattern[str]:
    written = re.escape(layout.shape).replace(r"\{service\}", _ANY)
    return re.compile(r"(?P<prefix>(?:[^/]+/)*?)" + written.replace(r"\{environment\}", layout.environment))


def _understand(
    repository: Repository, layout: Layout, prefix: str, files: list[Change]
) -> Understood | None:
    if not files or "{" in prefix or "}" in prefix:
        return None
    sample = files[:: max(1, len(files) // SAMPLE_FILES_MAX)][:SAMPLE_FILES_MAX]
    pattern = Pattern.parse(prefix + layout.shape)
    tried = [_counted(repository, pattern, Key.parse(key), sample) for key in layout.keys]
    best = max(tried, key=lambda each: each.labels)
    if not best.labels:
        return None
    read = _counted(repository, pattern, Key.parse(best.key), files[:READ_FILES_MAX])
    read.cut = len(files) > READ_FILES_MAX
    return read


def _counted(repository: Repository, pattern: Pattern, key: Key, files: list[Change]) -> Understood:
    counted = Understood(pattern.text, key.text)
    for change in files:
        before = counted.labels
        for place, label in _labels(repository, pattern, key, change):
            counted.labels += 1
            counted.environments.add(place.environment)
            counted.services.add(place.service)
            counted.example = counted.example or f"{change.path} says {place} runs {label}"
        counted.files += counted.labels > before
    return counted


def _labels(
    repository: Repository, pattern: Pattern, key: Key, change: Change
) -> Iterator[tuple[Place, str]]:
    assert change.blob is not None, "listed from a tree"
    try:
        about = pattern.match(change.path) or Bound()
        for bound, label in key.labels(repository.blob(change.blob), change.path, about).items():
            yield Place.of(bound), label
    except (Ambiguous, MalformedValue, Unreadable):
        return


def _add_configs(understood: list[Understood], repository: Repository, head: str) -> None:
    """Give each layout the configuration files of its environments that lie beside or above its own."""
    paths = {change.path for change in repository.files(head)} if understood else set()
    for each in understood:
        folder = each.pattern.partition("{")[0].rpartition("/")[0]
        places = [folder, folder.rpartition("/")[0]]
        for shape in (f"{place}/{shape}".lstrip("/") for place in places for shape in CONFIGS):
            filled = {Pattern.parse(shape).filled(Bound(environment)) for environment in each.environments}
            if shape != each.pattern and filled & paths:
                each.config_pattern = shape
                break
