"""Page cursors: where to go on, readable only by the server and only for one question.

A cursor is base64url of a tag and a small JSON object. The tag is HMAC-SHA256
(RFC 2104) over the object, the operation and the question without its `cursor`
and `limit`, so a cursor cannot be made up, nor moved to another question.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import orjson
from pydantic import BaseModel, Field

from api.refusals import FieldProblem, ForeignCursor

LENGTH_MAX = 512
KEY_BYTES_MIN = 32
_TAG_BYTES = 32
_PURPOSE = "shiplog cursor v1"
_FORM = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
CursorText = Annotated[str, Field(max_length=LENGTH_MAX, pattern=r"^[A-Za-z0-9_-]+$")]
"""The type of the query field `cursor`."""
_PAGING = {"cursor", "limit"}

Place = Mapping[str, int | str]
"""Where the next page starts, and the head that all pages are pinned to."""


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals places into cursors and opens them again.

    Whoever knows *key* can ask for pages of anything, so it stays on the server;
    a new key only sends readers back to their first page.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        assert len(self.key) >= KEY_BYTES_MIN, "cursor key too short"

    def seal(self, place: Place, *, operation: str, query: BaseModel) -> str:
        """Return the cursor that goes on from *place* in the answers to *query*."""
        written = orjson.dumps(dict(place))
        sealed = self._tag(written, operation, query) + written
        text = urlsafe_b64encode(sealed).rstrip(b"=").decode()
        assert len(text) <= LENGTH_MAX, "a place is a few numbers and names"
        return text

    def open(self, cursor: str, *, operation: str, query: BaseModel) -> dict[str, int | str]:
        """Return the place in *cursor*; raise `ForeignCursor` when it is not for *query*."""
        if len(cursor) > LENGTH_MAX or _FORM.fullmatch(cursor) is None:
            raise _foreign()
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError as wrong:
            raise _foreign() from wrong
        tag, written = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(written, operation, query)):
            raise _foreign()
        place: dict[str, int | str] = orjson.loads(written)
        return place

    def _tag(self, written: bytes, operation: str, query: BaseModel) -> bytes:
        question = query.model_dump_json(exclude=_PAGING, by_alias=True)
        bound = orjson.dumps([_PURPOSE, operation, question, written.decode("latin-1")])
        return hmac.digest(self.key, bound, "sha256")


def _foreign() -> ForeignCursor:
    detail = "cursor not given out for this question: the other parameters must stay the same"
    problem = FieldProblem(parameter="cursor", detail=detail, code="foreign_cursor")
    return ForeignCursor(detail, errors=(problem,))
