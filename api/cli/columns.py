"""Columns that several answers share: what a slot runs, and what it is made of."""

from typing import Any

from api.cli.output import Column, Row


def inside(row: Row | None, *path: str) -> Any:
    """Return what is at *path* in *row*; None as soon as there is nothing."""
    found: Any = row
    for name in path:
        if found is None:
            return None
        found = found.get(name)
    return found


def at(title: str, *path: str) -> Column:
    """Return the column of what is at *path*."""
    return Column(title, lambda row: inside(row, *path))


def artifacts(row: Row) -> str | None:
    """Return the digests of the artifacts of a row's build."""
    made = inside(row, "build", "artifacts")
    return ",".join(each["digest"] for each in made) if made else None


def version(row: Row | None) -> str | None:
    """Return the build by its label, or else by its name."""
    name: str | None = inside(row, "build", "label") or inside(row, "build", "id")
    return name


def release(row: Row | None) -> str | None:
    """Return the number of the release as people say it: `v3`."""
    number = inside(row, "release", "number")
    return None if number is None else f"v{number}"


RUNNING = (
    at("service", "service"),
    at("environment", "environment"),
    at("slot", "slot"),
    Column("release", release),
    Column("build", version),
    at("commit", "build", "source", "commit"),
    at("config", "config", "version"),
    at("kind", "deployment", "kind"),
    at("since", "since"),
)
OBSERVED = at("observed", "observed")
CHANGE = at("change", "deployment", "change")
ARTIFACTS = Column("artifacts", artifacts)
