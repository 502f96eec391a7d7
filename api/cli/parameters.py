"""What options and arguments hold. Every type refuses an empty value: it is a mistake, never a choice."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from api.cli import instants
from domain import names
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.subject_digest import SubjectDigest
from domain.target import Target

if TYPE_CHECKING:
    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType  # generic only since click 8.5

F = TypeVar("F", bound=Callable[..., Any])


class Text(_Type):
    """A text that *parse* accepts; what it returns is what the command gets."""

    def __init__(self, name: str, parse: Callable[[str], object] = str) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what *value* means, or fail as a usage error."""
        if not isinstance(value, str):
            return value
        if not value:
            self.fail("empty: give a value or leave it out", param, ctx)
        try:
            return self._parse(value)
        except MalformedValue as wrong:
            self.fail(str(wrong), param, ctx)


def _known(text: str) -> object:
    return text if instants.POSITION.fullmatch(text) else instants.parse(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:17]) < 2**53):
        raise MalformedValue(f"not a number: {text[:40]!r}, expected 1 or more")
    return int(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:17]) < 2**31):
        raise MalformedValue(f"not a number: {text[:40]!r}, expected 0 or more")
    return int(text)


def _repository(text: str) -> str:
    if text.startswith(("http://", "https://")) and "@" in urlsplit(text).netloc:
        raise MalformedValue("the repository's URL holds a user or a password; leave it out")
    return names.line(text, "repository")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise MalformedValue(f"expected NAME=VALUE, got {name[:80]!r}")
    return name, value


def _artifact(text: str) -> tuple[str, str]:
    name, _, digest = text.rpartition("=")
    return names.line(name, "artifact name"), str(Digest(digest))


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise MalformedValue(f"no file at {text!r}")
    return path


def _input(text: str) -> str:
    return text if text == "-" else str(_file(text))


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise MalformedValue(f"no folder at {text!r}")
    return path


def _release(text: str) -> tuple[Target, int]:
    target, sign, number = text.partition("#")
    if not sign:
        raise MalformedValue(f"not a release: {text[:220]!r}, expected service@environment#number")
    return Target.parse(target), _positive(number)


def _config(text: str) -> object:
    if text == "current":
        return text
    return str(Digest(text)) if text.startswith("sha256:") else _positive(text)


LINE = Text("text", lambda text: names.line(text, "text"))
NAME = Text("name", lambda text: names.name(text, "name"))
SERVICE = Text("service", lambda text: names.key(text, "service"))
ENVIRONMENT = Text("environment", lambda text: names.key(text, "environment"))
INSTANCE = Text("name", lambda text: names.key(text, "instance"))
SLOT = Text("slot", lambda text: names.key(text, "slot"))
TARGET = Text("service@environment", Target.parse)
RELEASE = Text("service@environment#number", _release)
ENVIRONMENT_AT = Text("environment[@instant]", instants.parse_environment)
INSTANT = Text("instant", instants.parse)
DURATION = Text("duration", instants.parse_duration)
KNOWN = Text("instant|position:N", _known)
COMMIT = Text("commit", names.commit)
REPOSITORY = Text("url", _repository)
DIGEST = Text("sha256:hex", lambda text: str(Digest(text)))
SUBJECT = Text("sha256:hex|sha512:hex", lambda text: str(SubjectDigest.parse(text)))
ARTIFACT = Text("name=sha256:hex", _artifact)
PAIR = Text("key=value", _pair)
POSITIVE = Text("number", _positive)
WHOLE = Text("number", _whole)
FILE = Text("file", _file)
INPUT = Text("file|-", _input)
OUTPUT = Text("file|-")
OUTPUT_FILE = Text("file", Path)
FOLDER = Text("folder", _folder)
CONFIG = Text("current|number|sha256:hex", _config)


def known_at(command: F) -> F:
    """Add `--known-at`."""
    return click.option(
        "--known-at",
        type=KNOWN,
        metavar="K",
        help="Use only what the ledger knew then: INSTANT or position:N.",
    )(command)
