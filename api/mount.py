"""Operations served by a Flask app: routes, permission, arguments, answers.

What happens to a request, step by step; each step is labelled in the code:

1. who is asking, and may they (before anything about the request is judged);
2. path, query and header fields are read, and every problem kept;
3. the bytes of the body are read within their bound;
4. an Idempotency-Key is taken for this request, or the answer stored under it is given again;
5. the body is read as I-JSON and validated; now all problems are told at once;
6. the handler runs;
7. its answer is written, and stored under the key when it succeeded; a refused request lets the key go.
"""

import logging
from collections.abc import Callable, Iterable, Mapping

from flask import Flask, Request, Response

from api.binding import Arguments, BodyBinding, ParameterBinding, ResultBinding
from api.direct import Direct
from api.idempotency import HEADER, REPLAYED_HEADER, Answer, Answers, Caller, Keyed, key_problem
from api.operations import Operation
from api.problem_pages import serve_problem_pages
from api.problems import kind_of
from api.refusals import FieldProblem
from api.refusing import answer_refusals
from api.replies import Reply, hardened, http_response, not_modified
from api.routing import spell_paths_strictly
from api.validation import invalid
from domain.errors import LedgerError

Authorise = Callable[[Operation, Request], Caller]
"""Return who is asking; raise `Unauthenticated` or `Forbidden` for who may not.

Called before anything else, for operations with a scope or a parameter `actor`.
"""

_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"
_log = logging.getLogger(__name__)


def mount(
    app: Flask,
    operations: Iterable[Operation],
    *,
    services: object,
    authorise: Authorise,
    answers: Answers | None = None,
) -> None:
    """Serve *operations* on *app*, with problems, their pages and the security headers.

    *services* is handed to each handler that takes it. Without *answers* an
    Idempotency-Key is checked but nothing is stored under it.
    """
    spell_paths_strictly(app)
    answer_refusals(app)
    app.after_request(hardened)
    serve_problem_pages(app)
    direct = Direct(app)
    for operation in operations:
        undescribed = [each for each in operation.refusals if kind_of(each) is None]
        assert not undescribed, f"{operation.name}: no row in api.problems for {undescribed}"
        app.add_url_rule(
            operation.path,
            f"api.{operation.name}",
            direct.view(Endpoint(operation, services, authorise, answers)),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    app.wsgi_app = direct  # type: ignore[method-assign]  # Flask's documented place for middleware


class Endpoint:
    """One operation, ready to be called with the parameters of its path."""

    def __init__(
        self,
        operation: Operation,
        services: object,
        authorise: Authorise,
        answers: Answers | None,
    ) -> None:
        hints = operation.hints
        self._operation = operation
        self._handler = operation.handler
        self._authorise = authorise
        self._answers = answers
        self._guarded = operation.scope is not None or "actor" in hints
        self._wants_actor = "actor" in hints
        self._always = {"services": services} if "services" in hints else {}
        self._parameters = ParameterBinding(operation)
        self._body = BodyBinding(operation)
        self._result = ResultBinding(operation)
        self._keyed = operation.method == "POST"
        self._streams = operation.streams

    def __call__(self, request: Request, path: Mapping[str, object]) -> Response:
        """Answer *request*."""
        caller = self._authorise(self._operation, request) if self._guarded else None  # 1
        arguments, problems = self._parameters.read(request, path)  # 2
        key = request.environ.get(_KEY) if self._keyed else None
        if key is not None and (problem := key_problem(key)) is not None:
            problems.append(problem)
            key = None
        content = self._body.content(request)  # 3
        if key is None or caller is None or self._answers is None or self._streams:
            return not_modified(self._carried_out(arguments, problems, content, caller), request)
        sent = (request.method, request.path, request.query_string, content)
        keyed = Keyed(self._answers, caller, key, sent)
        if (answer := keyed.begin()) is not None:  # 4
            return self._again(answer)
        try:
            response = self._carried_out(arguments, problems, content, caller)
        except Exception as refusal:
            keyed.refused(refusal)
            raise
        said = {name: text for name, text in response.headers if not name.startswith("Content-")}
        keyed.answered(response.status_code, said, response.get_data())  # 7
        return response

    def _carried_out(
        self, arguments: Arguments, problems: list[FieldProblem], content: bytes, caller: Caller | None
    ) -> Response:
        if self._body.wanted:
            arguments["body"], found = self._body.read(content)  # 5
            problems += found
        if problems:
            raise invalid(problems)
        if self._wants_actor:
            arguments["actor"] = caller
        return self._run(arguments)  # 6

    def _run(self, arguments: Mapping[str, object]) -> Response:
        operation = self._operation
        try:
            result = self._handler(**arguments, **self._always)
        except LedgerError as refusal:
            if not isinstance(refusal, operation.refusals):
                _log.warning("%s raised %s undeclared", operation.name, type(refusal).__name__)
            raise
        reply = result if isinstance(result, Reply) else Reply(result)
        status = operation.status if reply.status is None else reply.status
        assert status == operation.status or status in operation.also, f"undeclared {status}"
        return http_response(reply, status, self._result.write(reply.body), operation.produces)

    def _again(self, answer: Answer) -> Response:
        """Return the stored answer."""
        said = {**answer.headers, REPLAYED_HEADER: "true"}
        return Response(answer.body, answer.status, said, content_type=self._operation.produces)
