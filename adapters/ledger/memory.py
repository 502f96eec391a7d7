"""The recorder in a list: a real one, for tests and trials; it passes the same contracts."""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventsourcing.persistence import ListenNotifySubscription, Subscription

from adapters.ledger.recorder import Head, LedgerRecorder, Prepare, in_form
from adapters.ledger.seal import Row
from domain.digest import Digest
from domain.errors import ConflictingAppend
from domain.ports import Reported


@dataclass(slots=True)
class _Store:
    rows: list[Row] = field(default_factory=list)
    streams: dict[str, dict[int, Row]] = field(default_factory=dict)
    """By stream and version, in the order of versions."""
    reports: dict[Digest, Reported] = field(default_factory=dict)
    closed: int = 0


class MemoryRecorder(LedgerRecorder):
    """Rows in a list, forgotten with the process."""

    def __init__(self) -> None:
        """Start empty."""
        self._store = _Store()
        self._lock = threading.RLock()
        self._listeners: set[threading.Event] = set()

    @property
    def position(self) -> int:
        """The last position; see `Tail`."""
        return len(self._store.rows)

    @property
    def floor(self) -> int:
        """The latest instant used or closed; see `Tail`."""
        last = self._store.rows[-1].recorded_at if self._store.rows else 0
        return max(last, self._store.closed)

    def digest_of(self, stream: str, version: int) -> bytes | None:
        """Return the digest of an event; see `Tail`."""
        found = self._store.streams.get(stream, {}).get(version)
        return None if found is None else found.digest

    def digest_at(self, position: int) -> bytes | None:
        """Return the digest of the event at *position*; see `Tail`."""
        found = self.rows((position,))
        return found[0].digest if found else None

    def write(self, prepare: Prepare) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        with self._lock:
            prepared = prepare(self)
            taken: set[object] = set()
            for each in prepared:
                stream, version = str(each.row.originator_id), each.row.originator_version
                places = {(stream, version), *each.keys}
                known = version in self._store.streams.get(stream, ())
                if known or taken & places or any(key in self._store.reports for key in each.keys):
                    raise ConflictingAppend(f"{stream} {version} is taken, or what it tells was told")
                taken |= places
            for each in prepared:
                self._store.rows.append(each.row)
                stream = str(each.row.originator_id)
                self._store.streams.setdefault(stream, {})[each.row.originator_version] = each.row
                for key in each.keys:
                    assert each.fingerprint is not None, "a row with keys has a fingerprint"
                    self._store.reports[key] = Reported(each.row.id, each.fingerprint)
            for listener in self._listeners:
                listener.set()
            return [each.row for each in prepared]

    def page(self, *, after: int | None, limit: int) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        first = after or 0
        return self._store.rows[first : first + limit]

    def rows(self, positions: Sequence[int]) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        rows = self._store.rows
        return [rows[position - 1] for position in positions if 1 <= position <= len(rows)]

    def last_at(self, recorded_at: int | None) -> Head | None:
        """See `LedgerRecorder`."""
        with self._lock:
            rows = self._store.rows
            place = len(rows)
            if recorded_at is not None:
                place = bisect_right(rows, recorded_at, key=lambda row: row.recorded_at)
            last = rows[place - 1] if place else None
            return None if last is None else Head(last.id, last.recorded_at, last.digest)

    def close_instant(self, until: int) -> None:
        """See `LedgerRecorder`."""
        with self._lock:
            self._store.closed = max(self._store.closed, until)

    def moves(self, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """See `LedgerRecorder`."""
        return [(row.id, str(row.originator_id)) for row in self._store.rows[after : after + limit]]

    def existing(self, streams: Sequence[str]) -> Sequence[str]:
        """See `LedgerRecorder`."""
        return [stream for stream in streams if 1 in self._store.streams.get(stream, ())]

    def version_at(self, stream: str, position: int) -> int:
        """See `LedgerRecorder`."""
        rows = self._store.streams.get(stream, {}).values()
        return max((row.originator_version for row in rows if row.id <= position), default=0)

    def of_stream(self, stream: str, versions: Sequence[int]) -> Sequence[Row]:
        """See `LedgerRecorder`."""
        rows = self._store.streams.get(stream, {})
        return [rows[version] for version in versions if version in rows]

    def reported_each(self, keys: Iterable[Digest]) -> Mapping[Digest, Reported]:
        """See `LedgerRecorder`."""
        return {key: self._store.reports[key] for key in keys if key in self._store.reports}

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[Row]:
        """Return rows of one stream, as the library asks for them."""
        stream = str(originator_id)
        found = [
            row
            for _, row in sorted(self._store.streams.get(stream, {}).items())
            if (gt is None or row.originator_version > gt) and (lte is None or row.originator_version <= lte)
        ]
        assert all(in_form(stream, originator_id) == row.originator_id for row in found)
        return (found[::-1] if desc else found)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Row]:
        """Return rows in order of position, as the library asks for them."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        rows = self._store.rows[max(first, 1) - 1 : stop]
        return [row for row in rows if not topics or row.topic in topics][:limit]

    def max_notification_id(self) -> int | None:
        """Return the last position, or None for an empty ledger."""
        return len(self._store.rows) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription["MemoryRecorder"]:
        """Return an iterator over rows after *gt*, present and future."""
        return MemorySubscription(recorder=self, gt=gt, topics=topics)

    def listen(self, listener: threading.Event) -> None:
        """Set *listener* after every commit."""
        with self._lock:
            self._listeners.add(listener)

    def unlisten(self, listener: threading.Event) -> None:
        """Leave *listener* alone from now on."""
        with self._lock:
            self._listeners.discard(listener)


class MemorySubscription(ListenNotifySubscription[MemoryRecorder]):
    """Rows after a position, present and future, woken by every commit."""

    def __init__(self, recorder: MemoryRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        """Start following *recorder* after position *gt*."""
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.listen(self._has_been_notified)
        self._has_been_notified.set()

    def __exit__(self, *args: object, **kwargs: object) -> None:
        """Stop following."""
        self._recorder.unlisten(self._has_been_notified)
        super().__exit__(*args, **kwargs)
