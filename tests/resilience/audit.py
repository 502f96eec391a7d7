"""Whether a ledger is whole: every acknowledged report once, no gap, every seal, and read models to match."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from adapters.database.database import Database
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from api import wiring
from api.settings import Settings
from domain.event import Recorded
from domain.instant import LATEST
from domain.ports import Scope
from domain.queries.verify_ledger import verify_ledger
from tests.builders import NOON
from tests.contracts.read_models import Followed, followed
from tests.replay import Replay

PAGE_EVENTS = 5000
REPLAYED_EVENTS = 400
"""How long a prefix is replayed by the plainest means, which take the square of it."""


class Audit:
    """A ledger that nobody is writing to, read past the server."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self.ledger = EventLedger(
            SqlRecorder(database), SealingMapper(None, nonce=lambda: ""), now=lambda: LATEST
        )
        self.recorded = list(self._events())

    def _events(self) -> Iterator[Recorded]:
        at = 0
        while page := self.ledger.recorded(at, PAGE_EVENTS):
            yield from page
            at = page[-1].position

    def check(self, acknowledged: Mapping[str, int], *, told: set[str], folder: Path) -> None:
        """Check all there is to check: what was *acknowledged*, of what was *told* at all."""
        self.check_order()
        self.check_reports(acknowledged, told=told)
        self.check_read_models(folder)

    def check_order(self) -> None:
        """Check seals, chains, positions without a gap, and that recorded_at increases."""
        verified = verify_ledger(
            lambda after, limit: self.ledger.sealed(after=after, limit=limit), wiring.verifier(self._settings)
        )
        assert verified.events == len(self.recorded)
        assert [each.position for each in self.recorded] == list(range(1, len(self.recorded) + 1))
        assert all(a.recorded_at < b.recorded_at for a, b in pairwise(self.recorded))

    def check_reports(self, acknowledged: Mapping[str, int], *, told: set[str]) -> None:
        """Check that every acknowledged report is where it was said to be, and nothing is there twice."""
        places = {each.event.report.id: each.position for each in self.recorded if each.event.report}
        times = Counter(each.event.report.id for each in self.recorded if each.event.report)
        assert not {name: count for name, count in times.items() if count > 1}
        lost = {name: position for name, position in acknowledged.items() if places.get(name) != position}
        assert not lost, f"acknowledged, and not there: {lost}"
        assert set(times) <= told | {None}

    def check_read_models(self, folder: Path) -> None:
        """Check that the tables are byte for byte what a rebuild makes, and answer what a replay says."""
        head = len(self.recorded)
        here = Followed(self._database)
        assert here.projector.position() == head
        with followed(f"sqlite:///{folder / f'rebuilt-{head}.db'}") as rebuilt:
            for start in range(0, head, PAGE_EVENTS):
                rebuilt.follow(self.recorded[start : start + PAGE_EVENTS])
            assert here.content() == rebuilt.content()
        known = min(head, REPLAYED_EVENTS)
        reads, prefix, replay = here.reads, self.ledger.prefix(known), Replay(self.recorded[:known])
        for as_of in (NOON, NOON + timedelta(minutes=40), LATEST):
            assert list(reads.running(Scope(), as_of, prefix)) == replay.running(Scope(), as_of)
        asked = {"start": None, "end": None, "below": None}
        listed = reads.changes("prod", prefix, **asked, limit=known)
        assert list(listed) == replay.changes("prod")[::-1]


@contextmanager
def audited(settings: Settings) -> Iterator[Audit]:
    """Lend what checks the ledger of *settings*, once whoever was in the middle of an append is through."""
    database = Database(settings.url)
    try:
        with database.appending():
            pass
        yield Audit(settings, database)
    finally:
        database.close()


def check(
    settings: Settings, acknowledged: Mapping[str, int], *, told: set[str], folder: Path
) -> Sequence[Recorded]:
    """Check everything; return what is recorded."""
    with audited(settings) as audit:
        audit.check(acknowledged, told=told, folder=folder)
        return audit.recorded
