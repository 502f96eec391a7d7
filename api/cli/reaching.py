"""How far something reaches, as options say it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from api.cli import parameters
from domain import names

F = TypeVar("F", bound=Callable[..., Any])


def _pattern(text: str) -> str:
    names.key(text.removesuffix("*"), "name, or beginning of one with * behind it")
    return text


PATTERN = parameters.Text("name|beginning*", _pattern)


def reach_options(command: F) -> F:
    """Add `--service` and `--environment`, each as often as wanted."""
    service = click.option(
        "--service",
        "services",
        type=PATTERN,
        multiple=True,
        help="Only this service, or those that begin so: pay*; may be repeated. [default: any]",
    )
    environment = click.option(
        "--environment",
        "environments",
        type=PATTERN,
        multiple=True,
        help="Only this environment, or those that begin so; may be repeated. [default: any]",
    )
    return service(environment(command))


def reaching(services: tuple[str, ...], environments: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the members of a body that say how far it reaches."""
    return {"services": list(services), "environments": list(environments)}
