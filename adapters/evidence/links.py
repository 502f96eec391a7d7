"""Which links count: by a key that may do the step they speak of. Everything else is passed over.

A key id in a link is a hint that anyone can write: a link counts by its signature alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from in_toto.models.link import Link  # type: ignore[import-untyped] # it ships no types

from adapters.evidence import pinned, reading
from adapters.evidence.laid_out import LaidOut, document, fingerprint, model, unsafe
from adapters.evidence.pieces import Envelope, Metablock, Piece
from domain.digest import Digest
from domain.evidence import LINKS_MAX, EvidenceRefused
from domain.supply_chain import LinkCounted


@dataclass(frozen=True, slots=True)
class Said:
    """What one key says of one step."""

    counted: LinkCounted
    link: Any
    """As the library reads it."""
    place: int
    """Of the key among those that may do the step."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The links that count, in the order of the files."""

    by_step: Mapping[str, Sequence[Said]]
    distrusted: Mapping[str, int]
    """By step: how many links would count if their key were not distrusted."""
    truncated: bool
    """Whether there were more than are looked at."""


def counted(
    files: Iterable[bytes], layout: LaidOut, distrusted: Collection[Digest], *, at: datetime
) -> Counted:
    """Return the links in *files* that count for *layout*; raises `EvidenceRefused` for a sublayout."""
    found: dict[str, list[Said]] = {step.name: [] for step in layout.steps}
    spoilt = dict.fromkeys(found, 0)
    allowed: dict[str, list[str]] = {step.name: step.pubkeys for step in layout.steps}
    of_strangers = {name for name, key in layout.keys.items() if fingerprint(key) in distrusted}
    looked_at = 0
    for file, envelope, said in _signed(files):
        name = said.get("name") if said.get("_type") == "link" else None
        if said.get("_type") == "layout":
            _check_no_sublayout(layout, envelope, at)
        if not isinstance(name, str) or not (keys := _named(envelope, allowed.get(name, ()))):
            continue
        looked_at += 1
        if looked_at > LINKS_MAX:
            return Counted(found, spoilt, truncated=True)
        for key_id in keys:
            with suppress(EvidenceRefused):
                facts = pinned.verify(layout.keys[key_id], envelope, log=None, at=at)
                if key_id in of_strangers:
                    spoilt[name] += 1
                    continue
                by = LinkCounted(file, facts.identity.signed, facts.root)
                found[name].append(Said(by, model(Link, said, "link"), allowed[name].index(key_id)))
    return Counted(found, spoilt, truncated=False)


def _signed(files: Iterable[bytes]) -> Iterator[tuple[Digest, Envelope | Metablock, dict[str, Any]]]:
    """Yield every in-toto object in *files*, with the file it is in; nothing about it is verified."""
    for content in files:
        try:
            pieces = reading.read(content)
        except EvidenceRefused:
            continue
        file = Digest.of(content)
        for piece in pieces:
            if isinstance(piece, Piece) and isinstance(piece.content, Envelope | Metablock):
                with suppress(EvidenceRefused):
                    yield file, piece.content, document(piece.content)


def _named(envelope: Envelope | Metablock, allowed: Collection[str]) -> list[str]:
    """Return which of the *allowed* keys the signatures name, in one order."""
    return sorted({each.key_id for each in envelope.signatures if each.key_id is not None} & set(allowed))


def _check_no_sublayout(layout: LaidOut, envelope: Envelope | Metablock, at: datetime) -> None:
    """Refuse a layout that one of the keys signed: it would say what happened inside a step.

    The word of an owner does not: layouts are what an owner signs, and nothing follows from it being here.
    """
    for key_id in _named(envelope, layout.keys):
        try:
            by = pinned.verify(layout.keys[key_id], envelope, log=None, at=at).root
        except EvidenceRefused:
            continue
        if by not in layout.owners:
            raise unsafe("another layout in the place of a link")
