"""Values of the domain as requests and answers spell them."""

from typing import Annotated

from pydantic import Field

from api.fields import Parsed
from domain import names, target
from domain.digest import Digest
from domain.prefix import parse_known_at
from domain.target import Target

KEY_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,199}$"

DIGEST_EXAMPLE = "sha256:" + "5f" * 32


def _key(what: str, example: str) -> Parsed:
    return Parsed(lambda text: names.key(text, what), pattern=KEY_PATTERN, example=example)


def _name(what: str, example: str) -> Parsed:
    return Parsed(lambda text: names.name(text, what), pattern=NAME_PATTERN, example=example)


def _line(what: str) -> Parsed:
    return Parsed(lambda text: names.line(text, what))


Service = Annotated[str, _key("service", "payments-api")]
Environment = Annotated[str, _key("environment", "prod")]
Slot = Annotated[str, Parsed(target.slot, pattern=KEY_PATTERN, example="main")]
TargetName = Annotated[Target, Parsed(Target.parse, example="payments-api@prod")]
Build = Annotated[str, _name("build", "ci/4711")]
Deployment = Annotated[str, _name("deployment", "argo/991")]
Reporter = Annotated[str, _name("reporter", "ci")]
ReportId = Annotated[str, _name("report id", "run-4711")]
Commit = Annotated[str, Parsed(names.commit, pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$", example="9f2c" * 10)]
ContentDigest = Annotated[Digest, Parsed(Digest, pattern=r"^sha256:[0-9a-f]{64}$", example=DIGEST_EXAMPLE)]
KnownAt = Annotated[object, Parsed(parse_known_at, write=str, example="2026-03-01T12:00:00Z")]
"""An RFC 3339 instant with an offset, or `position:N`."""
Line = Annotated[str, _line("text"), Field(max_length=1000)]
Label = Annotated[str, _line("label")]
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]
