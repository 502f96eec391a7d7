"""Ports that fail when told to: statements and commits of a database, the key that signs, another thread."""

import sqlite3
import threading
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Any

import sqlalchemy as sa

from adapters.ledger.seal import SealingMapper, StatementSigner
from adapters.ledger.sql_recorder import SqlRecorder
from api.services import Services
from domain.errors import KeyUnusable


class Fault(Enum):
    """What fails, once."""

    STATEMENT = "the database, at a statement"
    COMMIT = "the database, before a commit is done"
    ANSWER = "the database, after a commit is done"
    KEY = "the key, at a signature"


class Seams:
    """The seams of one process, cut open; each fault strikes once, at its n-th chance."""

    def __init__(self, services: Services) -> None:
        """Stand between *services* and what they stand on."""
        ledger: Any = services.ledger
        self.recorder: SqlRecorder = ledger._given_recorder
        self._fault: Fault | None = None
        self._chances = 0
        self._own = threading.get_ident()
        self.flaky: Random | None = None
        """When set, every other thread loses the database now and then."""
        self.struck = False
        """Whether the fault struck."""
        engine = self.recorder.database.engine
        for name in ("do_execute", "do_execute_no_params"):
            sa.event.listen(engine, name, self._statement)
        commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._committing(commit)  # this engine's own
        mapper: SealingMapper = ledger._given_mapper
        assert mapper._signer is not None
        mapper._signer = Signer(mapper._signer, self)

    def arm(self, fault: Fault, chance: int) -> None:
        """Let *fault* strike at its *chance*-th chance from now."""
        self._fault, self._chances, self.struck = fault, chance, False

    def disarm(self) -> None:
        """Let nothing fail any more."""
        self._fault = None

    def look(self, fault: Fault) -> bool:
        """Say whether *fault* strikes here."""
        if threading.get_ident() != self._own:
            return fault is Fault.STATEMENT and self.flaky is not None and self.flaky.random() < 0.2
        if self._fault is not fault:
            return False
        self._chances -= 1
        if self._chances:
            return False
        self._fault, self.struck = None, True
        return True

    def _statement(self, *_: object) -> None:
        if self.look(Fault.STATEMENT):
            raise sqlite3.OperationalError("disk I/O error")

    def _committing(self, commit: Callable[[Any], None]) -> Callable[[Any], None]:
        def failing(connection: Any) -> None:
            if self.look(Fault.COMMIT):
                raise sqlite3.OperationalError("disk I/O error")
            commit(connection)
            if self.look(Fault.ANSWER):
                raise sqlite3.OperationalError("disk I/O error")

        return failing


class Signer:
    """A key that can fail."""

    def __init__(self, key: StatementSigner, seams: Seams) -> None:
        self._key, self._seams = key, seams

    @property
    def key_id(self) -> str:
        """See `StatementSigner`."""
        return self._key.key_id

    def sign(self, data: bytes) -> bytes:
        """See `StatementSigner`."""
        if self._seams.look(Fault.KEY):
            raise KeyUnusable("the key did not answer")
        return self._key.sign(data)
