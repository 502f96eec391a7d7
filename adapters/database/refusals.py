"""What a database's failure is to a caller: a race lost, no answer, or a record that was altered."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from domain.errors import BrokenLedger, ConflictingAppend, LedgerError, LedgerUnavailable

_UNDEFINED = frozenset(("42P01", "42703"))
"""SQLSTATE of a table or a column that is not there (PostgreSQL, Appendix A)."""
_CANNOT_WRITE = frozenset(("25006", "25P03"))
"""SQLSTATE of a write to a standby that was not promoted, and after too long a silence (the same)."""
_ALTERED = ("no such table", "no such column", "Could not decode to UTF-8")
"""How sqlite3 says the same, and that a text is none; it has no code for either."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what SQLAlchemy raises inside as a refusal, unless it is a mistake of ours."""
    try:
        yield
    except exc.IntegrityError as conflict:
        raise ConflictingAppend("the ledger was busy with the same target; try again") from conflict
    except exc.DBAPIError as failure:
        refusal = _refusal(failure)
        if refusal is None:
            raise
        raise refusal from failure
    except exc.TimeoutError as failure:
        raise LedgerUnavailable(f"the database did not answer: {_first_line(failure)}") from failure


def _refusal(failure: exc.DBAPIError) -> LedgerError | None:
    """Return what *failure* is to a caller; None when it is a mistake of ours, and no refusal."""
    said, code = _first_line(failure), getattr(failure.orig, "sqlstate", None)
    if said.startswith(_ALTERED) or code in _UNDEFINED:
        return BrokenLedger(f"the database was altered: {said}")
    if isinstance(failure, (exc.OperationalError, exc.InterfaceError)) or code in _CANNOT_WRITE:
        return LedgerUnavailable(f"the database did not answer: {said}")
    if type(failure) is exc.DatabaseError:
        # The bare class is what sqlite3 raises for a file that is damaged or no database.
        return LedgerUnavailable(f"the database cannot be read: {said}")
    return None


def _first_line(failure: exc.SQLAlchemyError) -> str:
    """Return what the driver said, without the statement and its parameters."""
    original = getattr(failure, "orig", None)
    return str(original or failure).strip().splitlines()[0][:200]
