"""Values of the domain as requests and answers spell them."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from api.access.about import About
from api.fields import INSTANT_PATTERN, Parsed
from domain import names, target
from domain.digest import Digest
from domain.prefix import parse_known_at
from domain.subject_digest import PATTERN as SUBJECT_DIGEST_PATTERN
from domain.subject_digest import SubjectDigest
from domain.target import Target
from domain.trust_root import PUBLIC_GOOD

KEY_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,199}$"
_PRINTABLE = r"\p{L}\p{M}\p{N}\p{P}\p{S} "
LINE_PATTERN = f"^ *[{_PRINTABLE[:-1]}][{_PRINTABLE}]*$"
"""Printable and not blank; `domain.names.line` decides."""
VALUE_PATTERN = rf"^[{_PRINTABLE}\n\t]*$"
"""Printable, in lines; `domain.config_version` decides."""
POSITION_PATTERN = r"^position:[0-9]{1,15}$"

DIGEST_EXAMPLE = "sha256:" + "5f" * 32


def key(what: str, example: str) -> Parsed:
    """Mark a field as a name in small letters."""
    return Parsed(lambda text: names.key(text, what), pattern=KEY_PATTERN, example=example)


def _name(what: str, example: str) -> Parsed:
    return Parsed(lambda text: names.name(text, what), pattern=NAME_PATTERN, example=example)


def line(what: str, length_max: int = names.LINE_LENGTH_MAX, example: str | None = None) -> Parsed:
    """Mark a field as one line meant for people."""
    return Parsed(
        lambda text: names.line(text, what),
        length_max=length_max,
        pattern=LINE_PATTERN,
        example=example,
    )


Service = Annotated[str, key("service", "payments-api"), About.SERVICE]
Environment = Annotated[str, key("environment", "prod"), About.ENVIRONMENT]
Slot = Annotated[str, Parsed(target.slot, pattern=KEY_PATTERN, example="main")]
TargetName = Annotated[
    Target,
    Parsed(
        Target.parse,
        pattern=f"{KEY_PATTERN[:-1]}@{KEY_PATTERN[1:]}",
        example="payments-api@prod",
    ),
    About.TARGET,
]
Build = Annotated[str, _name("build", "ci/4711")]
Deployment = Annotated[str, _name("deployment", "argo/991")]
Reporter = Annotated[str, _name("reporter", "ci")]
ReportId = Annotated[str, _name("report id", "run-4711")]
Commit = Annotated[str, Parsed(names.commit, pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$", example="9f2c" * 10)]
ContentDigest = Annotated[Digest, Parsed(Digest, pattern=r"^sha256:[0-9a-f]{64}$", example=DIGEST_EXAMPLE)]
ArtifactDigest = Annotated[
    SubjectDigest,
    Parsed(SubjectDigest.parse, pattern=SUBJECT_DIGEST_PATTERN, example=DIGEST_EXAMPLE),
]
KnownAt = Annotated[
    object,
    Parsed(parse_known_at, write=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN},
                {"type": "string", "pattern": POSITION_PATTERN},
            ],
            "examples": ["position:20"],
        }
    ),
]
"""An RFC 3339 instant with an offset, or `position:N`."""
Instance = Annotated[str, key("instance", PUBLIC_GOOD)]
Line = Annotated[str, line("text")]
Label = Annotated[str, line("label", names.NAME_LENGTH_MAX)]
Number = Annotated[int, Field(ge=1, le=2**53 - 1, examples=[1])]
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]
