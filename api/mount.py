"""Operations served by a Flask app: routes, permission, arguments, answers.

What happens to a request, step by step; each step is labelled in the code:

0. nobody asks more often than they may (`api.access.limits`), whatever they ask for;
1. who is asking, may they do that at all, and did they prove lately who they are, where that is needed
   (before anything about the request is judged);
2. path, query and header fields are read, and every problem kept;
3. the bytes of the body are read within their bound;
4. an Idempotency-Key is taken for this request, or there is an answer stored under it;
5. the body is read as I-JSON and validated; now all problems are told at once;
6. may they do it there: to the service and in the environment that the request is about;
7. the handler runs, unless there is a stored answer, which is given again;
8. its answer is written, and stored under the key when it succeeded; a refused request lets the key go.

Nothing else decides whether a request is permitted, but for what only a handler can know: of which kind
each line of a batch is, what an event is about, and how far a change of access reaches.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from flask import Flask, Request, Response

from api.access.about import Places
from api.access.asking import Asking
from api.access.limits import Limits
from api.binding import Arguments, BodyBinding, ParameterBinding, ResultBinding
from api.direct import Direct
from api.idempotency import HEADER, REPLAYED_HEADER, Answer, Answers, Keyed, key_problem
from api.operations import Operation
from api.people.visitors import UNATTENDED
from api.problem_pages import serve_problem_pages
from api.problems import kind_of
from api.refusals import FieldProblem
from api.refusing import WHO_ASKS, answer_refusals
from api.replies import ALWAYS_SAID, Reply, again, hardening, http_response, not_modified
from api.routing import spell_paths_strictly
from api.validation import invalid
from domain.access.fresh import check_fresh
from domain.access.scopes import Scope
from domain.errors import LedgerError, NotPermitted

Authenticate = Callable[[Request], Asking]
"""Return who is asking; raise `Unauthenticated` or `CredentialRefused` when that cannot be told.

Called before anything else, for all operations but those that are open to everyone.
"""

_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"
_log = logging.getLogger(__name__)


def mount(
    app: Flask,
    operations: Iterable[Operation],
    *,
    services: object,
    authenticate: Authenticate,
    answers: Answers | None = None,
    limits: Limits | None = None,
    now: Callable[[], datetime] | None = None,
    https: bool = False,
) -> None:
    """Serve *operations* on *app*, with problems, their pages and the security headers.

    *services* is handed to each handler that takes it. Without *answers* an
    Idempotency-Key is checked but nothing is stored under it; without *limits*
    anybody may ask as often as they like. *https*: whether people reach it by that.
    """
    look_again = authenticate
    if limits is not None:
        authenticate = limits.guarding(authenticate)
    spell_paths_strictly(app)
    answer_refusals(app)
    harden = hardening(https=https)
    app.after_request(harden)
    serve_problem_pages(app)
    direct = Direct(app, harden, limits)
    for operation in operations:
        undescribed = [each for each in operation.refusals if kind_of(each) is None]
        assert not undescribed, f"{operation.name}: no row in api.problems for {undescribed}"
        assert now is not None or not operation.fresh, f"{operation.name} needs a clock"
        app.add_url_rule(
            operation.path,
            f"api.{operation.name}",
            direct.view(Endpoint(operation, services, authenticate, answers, now, look_again=look_again)),
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
        authenticate: Authenticate,
        answers: Answers | None,
        now: Callable[[], datetime] | None,
        *,
        look_again: Authenticate,
    ) -> None:
        hints = operation.hints
        self._operation = operation
        self._handler = operation.handler
        self._authenticate = authenticate
        self._answers = answers
        self._fresh_at = now if operation.fresh else None
        self._places = Places(operation)
        self._wants_actor = "actor" in hints
        self._wants_asking = "asking" in hints
        self._look_again = look_again if "still_asking" in hints else None
        self._always = {"services": services} if "services" in hints else {}
        self._parameters = ParameterBinding(operation)
        self._body = BodyBinding(operation)
        self._result = ResultBinding(operation)
        self._keyed = operation.method == "POST"
        self._streams = operation.streams

    def __call__(self, request: Request, path: Mapping[str, object]) -> Response:
        """Answer *request*."""
        if self._look_again is not None:
            request.environ[UNATTENDED] = True
        asking = None if self._operation.is_open else self._authenticate(request)  # 1
        if asking is not None:
            request.environ[WHO_ASKS] = asking.actor
            self._check_held(asking)
        arguments, problems = self._parameters.read(request, path)  # 2
        key = request.environ.get(_KEY) if self._keyed else None
        if key is not None and (problem := key_problem(key)) is not None:
            problems.append(problem)
            key = None
        content = self._body.content(request)  # 3
        if key is None or asking is None or self._answers is None or self._streams:
            self._read(arguments, problems, content, asking)
            if self._look_again is not None:  # Flask's own request is gone when an answer is streamed
                arguments["still_asking"] = partial(self._looked_at_again, Request(request.environ))
            return not_modified(self._run(arguments)[0], request)
        sent = (request.method, request.path, request.query_string, content)
        keyed = Keyed(self._answers, asking, key, sent)
        stored = keyed.begin()  # 4
        try:
            self._read(arguments, problems, content, asking)
            if stored is not None:
                return self._again(stored)
            response, kept = self._run(arguments)
        except Exception as refusal:
            keyed.refused(refusal)
            raise
        said = {name: text for name, text in response.headers if name not in ALWAYS_SAID}
        keyed.answered(response.status_code, said, kept)  # 8
        return response

    def _looked_at_again(self, request: Request) -> Asking:
        """Return who sent *request*, as it is by now; refuse who may not do this any more."""
        assert self._look_again is not None, "it is only asked where somebody is looked at again"
        asking = self._look_again(request)
        self._check_held(asking)
        return asking

    def _check_held(self, asking: Asking) -> None:
        """Refuse who may do this nowhere, and who has to prove again that it is them."""
        needed = self._operation.scopes
        if needed and needed.isdisjoint(asking.authority.scopes):
            if len(needed) == 1:
                asking.authority.check(*needed)
            raise NotPermitted(f"one of {', '.join(sorted(needed))} is needed, and nothing gives it")
        if self._fresh_at is not None:
            check_fresh(asking.actor, self._fresh_at())

    def _read(
        self, arguments: Arguments, problems: list[FieldProblem], content: bytes, asking: Asking | None
    ) -> None:
        """Complete *arguments*; refuse what cannot be read, and who may not do it there."""
        if self._body.wanted:
            arguments["body"], found = self._body.read(content)  # 5
            problems += found
        if problems:
            raise invalid(problems)
        if asking is None:
            return
        if isinstance(self._operation.scope, Scope):
            for service, environment in self._places.of(arguments):  # 6
                asking.authority.check(self._operation.scope, service, environment)
        if self._wants_actor:
            arguments["actor"] = asking.actor
        if self._wants_asking:
            arguments["asking"] = asking

    def _run(self, arguments: Mapping[str, object]) -> tuple[Response, bytes]:
        """Return the answer, and the body that a repetition of the request is answered with (7)."""
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
        written = self._result.write(reply.body)
        again = written if reply.again is None else self._result.write(reply.again)
        return http_response(reply, status, written, operation.produces), again

    def _again(self, answer: Answer) -> Response:
        """Return the stored answer."""
        said = {**answer.headers, REPLAYED_HEADER: "true"}
        return again(answer.status, said, answer.body, self._operation.produces)
