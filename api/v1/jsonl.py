"""A batch of report lines: read strictly, carried out together, refused line by line."""

from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from api import strict_json
from api.access.about import check_line
from api.access.asking import Asking
from api.fields import Output
from api.problems import kind_of
from api.refusals import BatchRefused, FieldProblem, InvalidRequest, MalformedJSON, RequestRefused, TooLarge
from api.services import Services
from api.v1.lines import AnyLine
from api.validation import body_problems
from domain.access.scopes import Scope
from domain.commands.record import Command
from domain.commands.record_batch import Refused, record_batch
from domain.errors import LedgerError
from domain.ports import Receipt

LINES_MAX = 10_000
LINE_BYTES_MAX = 4 << 20
SHOWN_MAX = 100


class LineProblem(Output):
    """Why a line was refused; `type` is the problem's page."""

    type: str
    detail: str
    errors: list[FieldProblem] | None = None


Outcome = Receipt | LineProblem

_LINE: TypeAdapter[AnyLine] = TypeAdapter(AnyLine)


def record(body: bytes, asking: Asking, services: Services, *, atomic: bool) -> Sequence[tuple[int, Outcome]]:
    """Carry out the lines of *body* that *asking* may report; return (line number, what became of it).

    Blank lines are left out.

    Raises `BatchRefused` when *atomic* and a line was refused, `InvalidRequest`
    for an empty batch, `TooLarge` for too many lines.
    """
    outcomes: dict[int, Outcome | None] = {}
    commands: list[Command] = []
    for number, raw in _lines(body):
        read = _read(raw, asking)
        outcomes[number] = read if isinstance(read, LineProblem) else None
        if not isinstance(read, LineProblem):
            commands.append(read)
    malformed = any(outcome is not None for outcome in outcomes.values())
    if not outcomes:
        nothing = FieldProblem(pointer="#", detail="no lines", code="no_lines")
        raise InvalidRequest("the batch has no lines", errors=(nothing,))
    if not (atomic and malformed):
        results = iter(
            record_batch(commands, ledger=services.ledger, digests=services.digests, atomic=atomic)
        )
        for number, outcome in outcomes.items():
            if outcome is None:
                result = next(results)
                outcomes[number] = line_problem(result.refusal) if isinstance(result, Refused) else result
    done = [(number, outcome) for number, outcome in outcomes.items() if outcome is not None]
    refused = [(number, each) for number, each in done if isinstance(each, LineProblem)]
    if atomic and refused:
        raise BatchRefused(
            f"{len(refused)} of {len(outcomes)} lines are refused, nothing is recorded;"
            f" the first is line {refused[0][0]}: {refused[0][1].detail}",
            errors=_located(refused)[:SHOWN_MAX],
        )
    return done


def line_problem(refusal: Exception) -> LineProblem:
    """Return how a line tells *refusal*."""
    kind = kind_of(type(refusal))
    assert kind is not None, "every refusal has a row"
    errors = list(refusal.errors) if isinstance(refusal, RequestRefused) else []
    return LineProblem(type=kind.uri, detail=str(refusal), errors=errors or None)


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    count = 0
    for number, raw in enumerate(body.split(b"\n"), 1):
        if raw.strip():
            count += 1
            if count > LINES_MAX:
                raise TooLarge(f"the batch has more than {LINES_MAX} lines; send several")
            yield number, raw


def _read(raw: bytes, asking: Asking) -> Command | LineProblem:
    try:
        strict_json.read(raw, bytes_max=LINE_BYTES_MAX, floats=False)
        line = _LINE.validate_json(raw)
        check_line(asking.authority, Scope(f"report:{line.type}"), line)
        return line.command(asking.actor)
    except ValidationError as wrong:
        problems = body_problems(wrong, _LINE.core_schema)
        detail = f"{problems[0].pointer}: {problems[0].detail}"
        return line_problem(InvalidRequest(detail, errors=problems))
    except (MalformedJSON, TooLarge, LedgerError) as refusal:
        return line_problem(refusal)


def _located(refused: Sequence[tuple[int, LineProblem]]) -> list[FieldProblem]:
    """Return the problems with pointers into the batch: `#/LINE/…`."""
    located = []
    for number, problem in refused:
        code = problem.type.rpartition("/")[2]
        for each in problem.errors or [FieldProblem(pointer="#", detail=problem.detail, code=code)]:
            inner = (each.pointer or "#").removeprefix("#")
            located.append(FieldProblem(pointer=f"#/{number}{inner}", detail=each.detail, code=each.code))
    return located
