"""Sessions and names of people on both databases, as two servers of one ledger have them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.database import schema
from adapters.database.database import Database
from adapters.sessions.names import SqlPeopleNames
from adapters.sessions.passing import SqlPassing
from adapters.sessions.tables import DISPLAY_NAME, PASSING
from api.people.local import LIFE, LocalLogin
from api.people.sessions import AGE_MAX, IDLE, OF_ISSUER, WRITTEN_EVERY, Login, Sessions
from api.refusals import LoginRefused
from domain.actor import Actor, ActorKind, Claim, Method
from domain.digest import Digest
from domain.errors import CredentialRefused
from tests.access import SSO, who
from tests.builders import DIGESTS, Clock, digest
from tests.contracts.opened import Opened

ANN = Actor(
    ActorKind.PERSON,
    SSO,
    "00u1",
    method=Method.SESSION,
    claims=(Claim("groups", "platform"), Claim("groups", "release")),
    acr="urn:example:silver",
    amr=("hwk", "pwd"),
)
LOGIN = Login(actor=ANN, display="Ann Anderson", sid="s-1")
SECRET = b"a key for what passes"
Server = tuple[Sessions, SqlPeopleNames, Database]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, opened: Opened, tmp_path: Path, clock: Clock
) -> Callable[[], Server]:
    """Start a server of one ledger with this; each has connections of its own."""
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.db" if on_sqlite else request.getfixturevalue("postgres_url")
    schema.create(opened(url))

    def started() -> Server:
        database = opened(url)
        names = SqlPeopleNames(database, secret=b"a key for names")
        passing = SqlPassing(database, now=clock, secret=SECRET)
        return Sessions(passing, names, keyed=DIGESTS.person, now=clock), names, database

    return started


@pytest.fixture
def sessions(server: Callable[[], Server]) -> Sessions:
    return server()[0]


def has_ended(sessions: Sessions, cookie: str) -> bool:
    try:
        sessions.presented(cookie)
    except CredentialRefused:
        return True
    return False


def test_who_logged_in_is_who_asks_at_every_server(server: Callable[[], Server], clock: Clock) -> None:
    here, there = server(), server()
    cookie = here[0].begin(LOGIN, replaces=None)
    session = there[0].presented(cookie)
    assert session.actor.credential == str(session.key)
    assert session.actor.display == DIGESTS.person("Ann Anderson")
    assert replace(session.actor, credential=None, display=None) == ANN
    assert (session.since, session.until) == (clock.at, clock.at + AGE_MAX)
    assert here[0].presented(cookie) == session


def test_neither_the_cookie_nor_the_name_is_kept_with_the_session(server: Callable[[], Server]) -> None:
    sessions, _, database = server()
    cookie = sessions.begin(LOGIN, replaces=None)
    with database.reading() as connection:
        kept = b"".join(
            bytes(part) for row in connection.execute(sa.select(PASSING)) for part in row[1:4] if part
        )
    assert cookie.encode() not in kept
    assert sessions.presented(cookie).csrf.encode() not in kept
    assert b"Anderson" not in kept


def test_a_session_that_nothing_is_heard_of_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.begin(LOGIN, replaces=None)
    clock.at += IDLE - timedelta(microseconds=1)
    assert not has_ended(sessions, cookie)
    clock.at += IDLE
    assert has_ended(sessions, cookie)


def test_what_is_heard_prolongs_it_but_never_beyond_its_age(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.begin(LOGIN, replaces=None)
    began = clock.at
    while clock.at + timedelta(minutes=20) < began + AGE_MAX:
        clock.at += timedelta(minutes=20)
        assert not has_ended(sessions, cookie)
    clock.at = began + AGE_MAX - timedelta(microseconds=1)
    assert not has_ended(sessions, cookie)
    clock.at = began + AGE_MAX
    assert has_ended(sessions, cookie)


def test_silence_is_noticed_a_minute_early_at_most_and_never_late(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.begin(LOGIN, replaces=None)
    clock.at += WRITTEN_EVERY - timedelta(seconds=1)
    assert not has_ended(sessions, cookie)  # heard, and not written
    clock.at += IDLE - WRITTEN_EVERY
    assert not has_ended(sessions, cookie)
    clock.at += IDLE
    assert has_ended(sessions, cookie)


def test_reading_writes_once_a_minute(server: Callable[[], Server], clock: Clock) -> None:
    sessions, _, database = server()
    cookie = sessions.begin(LOGIN, replaces=None)
    written: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *said: written.append(said[2]))
    for _ in range(130):
        clock.at += timedelta(seconds=1)
        sessions.presented(cookie)
    assert len([text for text in written if text.startswith("UPDATE")]) == 2


def test_every_login_has_another_cookie_and_ends_the_session_before(sessions: Sessions) -> None:
    first = sessions.begin(LOGIN, replaces=None)
    second = sessions.begin(LOGIN, replaces=first)
    assert first != second
    assert has_ended(sessions, first)
    assert not has_ended(sessions, second)


def test_a_planted_cookie_is_never_the_session(sessions: Sessions) -> None:
    planted = "A" * 43
    cookie = sessions.begin(LOGIN, replaces=planted)
    assert cookie != planted
    assert has_ended(sessions, planted)


@pytest.mark.parametrize(
    "cookie", ["", "A" * 42, "A" * 44, "A" * 100_000, "ü" * 43, "A" * 42 + "\n", "%41" * 15]
)
def test_what_has_not_the_form_is_not_looked_up(sessions: Sessions, cookie: str) -> None:
    with pytest.raises(CredentialRefused) as refused:
        sessions.presented(cookie)
    assert "not the form" in refused.value.why


def test_a_logout_ends_it_at_every_server_at_once(server: Callable[[], Server]) -> None:
    here, there = server()[0], server()[0]
    cookie, other = (here.begin(LOGIN, replaces=None) for _ in range(2))
    assert not has_ended(there, cookie)
    here.end(cookie)
    assert has_ended(there, cookie)
    assert not has_ended(there, other)
    there.leave(there.presented(other))
    assert has_ended(here, other)


def test_a_request_under_way_does_not_bring_it_back(server: Callable[[], Server], clock: Clock) -> None:
    here, _, database = server()
    there = server()[0]
    cookie = here.begin(LOGIN, replaces=None)
    clock.at += WRITTEN_EVERY

    def logged_out(*said: object) -> None:
        if str(said[2]).startswith("UPDATE"):
            there.end(cookie)

    if database.is_postgres:  # SQLite has one writer: whoever logs out waits for it
        sa.event.listen(database.engine, "before_cursor_execute", logged_out)
        with pytest.raises(CredentialRefused) as refused:
            here.presented(cookie)
        assert refused.value.why == "the session has ended just now"
    else:
        there.end(cookie)
    assert has_ended(here, cookie)


def test_the_issuer_ends_all_of_a_person_or_one(server: Callable[[], Server]) -> None:
    sessions = server()[0]
    at_home, at_work = (sessions.begin(replace(LOGIN, sid=sid), replaces=None) for sid in ("s-1", "s-2"))
    twice = sessions.begin(replace(LOGIN, sid="s-2"), replaces=None)
    ben = sessions.begin(Login(actor=replace(ANN, subject="00u2"), sid="s-3"), replaces=None)
    elsewhere = sessions.begin(
        Login(actor=replace(ANN, issuer="https://other.example"), sid="s-2"), replaces=None
    )
    assert sessions.end_of(SSO, sid="s-2") == 2
    assert [has_ended(sessions, each) for each in (at_home, at_work, twice)] == [False, True, True]
    assert sessions.end_of(SSO, sid="s-2") == 0
    assert sessions.end_of(SSO, subject="00u1") == 1
    assert has_ended(sessions, at_home)
    assert sessions.end_of(SSO, subject="00u1") == 0
    assert not has_ended(sessions, ben)
    assert not has_ended(sessions, elsewhere)


class _Interrupted(SqlPassing):
    """Has something happen between two things that are added."""

    happens: Callable[[], object] | None = None

    def add(
        self, purpose: str, key: Digest, content: bytes, *, until: datetime, holder: Digest | None = None
    ) -> bool:
        added = super().add(purpose, key, content, until=until, holder=holder)
        if purpose == OF_ISSUER and self.happens is not None:
            self.happens()
        return added


def test_a_logout_at_the_issuer_in_the_middle_of_a_login_ends_it(
    server: Callable[[], Server], clock: Clock
) -> None:
    there, names, database = server()
    passing = _Interrupted(database, now=clock, secret=SECRET)
    here = Sessions(passing, names, keyed=DIGESTS.person, now=clock)
    cookie = here.begin(LOGIN, replaces=None)
    passing.happens = lambda: there.end_of(SSO, sid="s-1")
    with pytest.raises(CredentialRefused) as refused:
        here.begin(LOGIN, replaces=None)
    assert refused.value.why == "the issuer ended the session while it began here"
    assert has_ended(here, cookie)
    with database.reading() as connection:
        assert connection.execute(sa.select(PASSING)).all() == []


def test_what_another_version_kept_is_a_login_away(sessions: Sessions, clock: Clock) -> None:
    cookie = "A" * 43
    key = digest(cookie)
    sessions._passing.add("session", key, b'{"actor":{"kind":"droid"}}', until=clock.at + IDLE)
    assert has_ended(sessions, cookie)


def test_tokens_of_forms_differ_by_session(sessions: Sessions) -> None:
    cookies = [sessions.begin(LOGIN, replaces=None) for _ in range(3)]
    tokens = {sessions.presented(cookie).csrf for cookie in cookies}
    assert len(tokens) == 3
    assert not tokens & set(cookies)


def test_a_link_logs_in_once_at_one_server(server: Callable[[], Server], clock: Clock) -> None:
    offered, others = (
        LocalLogin(SqlPassing(server()[2], now=clock, secret=SECRET), keyed=DIGESTS.person, now=clock)
        for _ in range(2)
    )
    code = offered.offer("ann")
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: _taken(others, code), range(8)))
    (login,) = (each for each in taken if each is not None)
    assert (login.actor.issuer, login.actor.subject) == ("shiplog:local", "ann")
    assert (login.actor.method, login.actor.auth_time, login.display) == (Method.LOCAL, clock.at, None)
    late = offered.offer("ann")
    clock.at += LIFE
    assert _taken(others, late) is None
    assert _taken(others, "A" * 43) is None
    assert _taken(others, "no code") is None


def test_an_address_enters_the_record_as_its_digest(server: Callable[[], Server], clock: Clock) -> None:
    links = LocalLogin(SqlPassing(server()[2], now=clock, secret=SECRET), keyed=DIGESTS.person, now=clock)
    login = links.take(links.offer("ann@example.org"))
    assert login.actor.subject == DIGESTS.person("ann@example.org")
    assert login.display == "ann@example.org"


def test_a_name_is_known_until_it_is_forgotten(server: Callable[[], Server]) -> None:
    sessions, names, database = server()
    sessions.begin(LOGIN, replaces=None)
    sessions.begin(Login(actor=replace(ANN, subject="00u2"), display="Ben\tBaker  "), replaces=None)
    sessions.begin(Login(actor=replace(ANN, subject="00u3")), replaces=None)
    people = [who(name) for name in ("00u1", "00u2", "00u3")]
    assert names.of(people) == {people[0]: "Ann Anderson", people[1]: "Ben Baker"}
    sessions.begin(replace(LOGIN, display="Ann Archer"), replaces=None)
    assert names.of(people)[people[0]] == "Ann Archer"
    assert names.forget(people[0])
    assert not names.forget(people[0])
    assert names.of(people) == {people[1]: "Ben Baker"}
    with database.reading() as connection:
        rows = connection.execute(sa.select(DISPLAY_NAME)).all()
    assert [name for _, name in rows] == ["Ben Baker"]
    assert b"00u2" not in bytes(rows[0][0])


def test_a_name_that_was_forgotten_is_not_in_the_file_either(opened: Opened, tmp_path: Path) -> None:
    """Whatever a connection was set to before, as `upkeep.drop_others` sets its own."""
    file = tmp_path / "ledger.db"
    database = opened(f"sqlite:///{file}")
    schema.create(database)
    names = SqlPeopleNames(database, secret=b"a key for names")
    with database.beside() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    for number, name in enumerate(("Ann Anderson", "Ann Archer")):
        names.keep(who("00u1"), name)
        names.keep(who(f"other {number}"), "Ben Baker")
    assert names.forget(who("00u1"))
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = file.read_bytes()
    assert b"Ben Baker" in content
    assert b"Ann" not in content


def _taken(links: LocalLogin, code: str) -> Login | None:
    try:
        return links.take(code)
    except LoginRefused:
        return None
