"""Where the frozen events are, and what is kept of each."""

import json
from base64 import b64decode
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain import instant
from domain.event import Event

FOLDER = Path(__file__).parent / "events"
PUBLIC_KEY = FOLDER / "key.pub.pem"
SUFFIX = ".json"


@dataclass(frozen=True)
class Vector:
    """One sealed event: the exact envelope, and what it must be read as."""

    name: str
    """The topic, and a number where the topic has several forms."""
    envelope: str
    """The exact bytes of the DSSE envelope, which are ASCII."""
    digest: str
    """SHA-256 of what is signed, as receipts and chains say it."""
    event: dict[str, Any]
    """The class of the event and its fields, as `plain` writes them."""

    @property
    def payload(self) -> bytes:
        """The exact bytes that are stored and signed."""
        return b64decode(json.loads(self.envelope)["payload"])


def read() -> list[Vector]:
    """Return every frozen event."""
    paths = sorted(FOLDER.glob(f"*{SUFFIX}"))
    return [Vector(name=path.name.removesuffix(SUFFIX), **json.loads(path.read_text())) for path in paths]


def write(vector: Vector) -> None:
    """Freeze *vector*; raises `FileExistsError` when there is one of its name."""
    kept = {"digest": vector.digest, "envelope": vector.envelope, "event": vector.event}
    with (FOLDER / f"{vector.name}{SUFFIX}").open("x") as file:
        file.write(json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def plain(event: Event) -> dict[str, Any]:
    """Return class and fields of *event* by way of the standard library, not of our codec."""
    document = {"class": type(event).__name__, **asdict(event)}
    plain_document: dict[str, Any] = json.loads(json.dumps(document, default=_instant))
    return plain_document


def _instant(value: datetime) -> str:
    return instant.text(value)
