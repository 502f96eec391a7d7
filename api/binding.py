"""From a request to the arguments of a handler; compiled once for each operation.

Everything about the declaration that can be known before a request is worked out
in the constructors, so that a request pays only for reading itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast, get_origin

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import is_typeddict
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from api import strict_json
from api.operations import Operation
from api.refusals import FieldProblem, MalformedRequest, TooLarge, UnsupportedMediaType
from api.texts import NoParameters, TextModel, query_texts
from api.validation import body_problems, invalid, text_problems
from domain import instant
from domain.digest import Digest
from domain.subject_digest import SubjectDigest

Arguments = dict[str, object]


class ParameterBinding:
    """Reads the path, the query and the header fields of one operation."""

    def __init__(self, operation: Operation) -> None:
        hints = operation.hints
        self._paths = {
            name: TypeAdapter[Any](hints[name])
            for name in operation.path_parameters
            if hints[name] not in (str, int)
        }
        self._wants_query = "query" in hints
        query = hints["query"] if self._wants_query else NoParameters
        self._query = TextModel(query, "parameter")
        self._headers = TextModel(hints["headers"], "header") if "headers" in hints else None

    def read(self, request: Request, path: Mapping[str, object]) -> tuple[Arguments, list[FieldProblem]]:
        """Return what could be read, and every problem with the rest."""
        arguments: Arguments = dict(path)
        problems: list[FieldProblem] = []
        for name, adapter in self._paths.items():
            try:
                arguments[name] = adapter.validate_json(orjson.dumps(path[name]), strict=True)
            except ValidationError as error:
                problems += text_problems(error, "parameter", name)
        if self._wants_query or request.query_string:
            given = query_texts(request.query_string)
            if isinstance(given, FieldProblem):
                problems.append(given)
            else:
                self._keep(arguments, problems, "query", self._query.read(given))
        if self._headers is not None:
            fields = request.headers
            sent = {name: [fields[name]] for name in self._headers.names if name in fields}
            self._keep(arguments, problems, "headers", self._headers.read(sent))
        return arguments, problems

    def _keep(
        self,
        arguments: Arguments,
        problems: list[FieldProblem],
        name: str,
        read: tuple[BaseModel | None, list[FieldProblem]],
    ) -> None:
        problems += read[1]
        if name != "query" or self._wants_query:
            arguments[name] = read[0]


class BodyBinding:
    """Reads the body of one operation, in two steps: its bytes, then what they say."""

    def __init__(self, operation: Operation) -> None:
        self.wanted = "body" in operation.hints
        body = operation.hints.get("body", bytes)
        self._adapter = None if body is bytes else TypeAdapter[Any](body)
        self._accepts = frozenset(operation.accepts)
        self._bytes_max = operation.body_bytes_max
        self._floats = operation.floats

    def content(self, request: Request) -> bytes:
        """Return the bytes of the body; refuse a wrong media type before reading, and too many."""
        if not self.wanted:
            if request.environ.get("CONTENT_LENGTH") and request.content_length:
                detail = "this operation takes no body"
                raise invalid([FieldProblem(pointer="#", detail=detail, code="unexpected_body")])
            return b""
        self._check_media_type(request)
        # An empty CONTENT_LENGTH is an absent one (PEP 3333); Werkzeug takes it for zero.
        announced = request.content_length if request.environ.get("CONTENT_LENGTH") else None
        if announced is None:
            return self._streamed(request)
        if announced > self._bytes_max:
            raise TooLarge(f"body too large: {announced} bytes, at most {self._bytes_max}")
        content: bytes = request.environ["wsgi.input"].read(
            announced
        )  # bounded above; Werkzeug wraps it twice
        if len(content) != announced:  # a body whose sender went away just ends
            raise MalformedRequest(f"body cut short: {len(content)} bytes of {announced}")
        return content

    def _streamed(self, request: Request) -> bytes:
        # Werkzeug 3.1 cuts a streamed body at its own bound without a word: so it may read one byte more.
        request.max_content_length = self._bytes_max + 1
        try:
            content = request.get_data(cache=False)
        except HTTPException:
            raise
        except Exception as wrong:  # of the server's own kinds: a chunk is not as long as it says
            raise MalformedRequest("the body cannot be read: its chunks are not what they say") from wrong
        if len(content) > self._bytes_max:
            raise TooLarge(f"body too large: at most {self._bytes_max} bytes")
        return content

    def read(self, content: bytes) -> tuple[object, list[FieldProblem]]:
        """Return what *content* says, or every problem with it; raise when it is not I-JSON."""
        if self._adapter is None:
            return content, []
        strict_json.read(content, bytes_max=self._bytes_max, floats=self._floats)
        try:
            return self._adapter.validate_json(content, strict=True), []
        except ValidationError as error:
            return None, body_problems(error, cast("Any", self._adapter.core_schema))

    def _check_media_type(self, request: Request) -> None:
        environ = request.environ
        coding = environ.get("HTTP_CONTENT_ENCODING", "identity")
        said = environ.get("CONTENT_TYPE", "")
        media = said if said in self._accepts else request.mimetype
        if media in self._accepts and coding == "identity":
            return
        got = media or "no Content-Type"
        if coding != "identity":
            got = f"content coding {coding}"
        accepted = ", ".join(sorted(self._accepts))
        raise UnsupportedMediaType(f"got {got}, expected {accepted}", headers={"Accept": accepted})


class ResultBinding:
    """Writes the result of one operation.

    Models write themselves. A dict, with or without a `TypedDict` for its type, is written
    eight times as fast as it is and takes no time to build: it is for the long answers.
    """

    def __init__(self, operation: Operation) -> None:
        result = operation.result
        self._as_it_is = operation.raw_result
        bare = is_typeddict(result) or get_origin(result) in (dict, list, tuple)
        self._adapter = None if bare or operation.raw_result else TypeAdapter[Any](result)

    def write(self, result: Any) -> Any:
        """Return *result* as bytes, or as it is when it is bytes or a stream of them."""
        if self._as_it_is:
            return result
        if self._adapter is not None:
            return self._adapter.dump_json(result, by_alias=True)
        return orjson.dumps(result, _written, _NOTHING_OF_ITS_OWN)


_NOTHING_OF_ITS_OWN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def _written(value: object) -> object:
    """Return the JSON of a value that is in a dict: an instant, a model, or a value with one text."""
    match value:
        case datetime():
            return instant.text(value)
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True)
        case Digest() | SubjectDigest():
            return str(value)
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")
