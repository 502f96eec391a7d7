"""What happens is told to those who follow, while they follow: by a real server, to clients over the wire.

Nobody who waits stands in the way of somebody who reports; and a server that stops lets everybody go.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from api.settings import Settings
from domain.access.reach import Reach
from domain.access.scopes import Scope
from tests import credentials
from tests.cli.test_serve import CONSOLE, served
from tests.credentials import BEARER, token_text
from tests.http import world as worlds
from tests.http.bootstrap import bearer

OF_STAGING = token_text("OfPaymentsXY")
MINE = bearer(OF_STAGING)
STAGING = {"service": "payments-api", "environment": "staging"}
PROD = {"service": "payments-api", "environment": "prod"}
WAITING = 4
"""Half of the threads that a server has unless told otherwise."""
MANY = 200
TOLD_SECONDS = 20.0
"""Less than a long poll waits for at the most: who hears nothing in it was not told."""


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty ledger, on each database in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return worlds.make(tmp_path / "home", database_url=url)


@contextmanager
def serving(ledger: Settings) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Lend a server of *ledger*, which also lets in who sees little."""
    reach = Reach(("payments-api",), ("staging",))
    credentials.issue_in(ledger, OF_STAGING, reach=reach, scopes=(Scope.READ,))
    named = {"SHIPLOG_DATABASE_URL": ledger.database_url} if ledger.database_url else {}
    with served(ledger.home, SHIPLOG_WORKERS="1", **named) as (server, process):
        yield server.removeprefix("http://"), process


def asking(stack: ExitStack, server: str, path: str, headers: dict[str, str], **query: Any) -> HTTPConnection:
    """Return a connection on which something was asked, and not yet answered."""
    connection = HTTPConnection(server, timeout=TOLD_SECONDS)
    stack.callback(connection.close)
    connection.request("GET", f"{path}?{urlencode(query)}", headers=headers)
    return connection


def answered(connection: HTTPConnection) -> Any:
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return json.loads(body)


def report(server: str, **where: str) -> int:
    """Report something that happened there, and return its position."""
    connection = HTTPConnection(server, timeout=TOLD_SECONDS)
    body = json.dumps({"occurred_at": "2026-03-01T12:00:00Z", **where})
    headers = {**BEARER, "Content-Type": "application/json"}
    connection.request("POST", "/v1/removals", body=body, headers=headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 201, said
    return int(said["position"])


def head(server: str) -> int:
    with ExitStack() as stack:
        return int(answered(asking(stack, server, "/v1/events", BEARER))["ledger"]["position"])


def next_event(stream: HTTPResponse) -> dict[str, str]:
    """Return what the stream tells next, past comments; nothing when it ends."""
    said: dict[str, str] = {}
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name in ("id", "event", "data"):
            said[name] = value
        elif not name and "data" in said:
            return said
    return {}


def those_who_wait(asked: list[HTTPConnection], count: int) -> list[HTTPConnection]:
    """Return those *count* of *asked* that are left when all others were told to come back."""
    with selectors.DefaultSelector() as answers:
        for each in asked:
            assert isinstance(each.sock, socket.socket)
            answers.register(each.sock, selectors.EVENT_READ, each)
        while len(answers.get_map()) > count:
            ready = answers.select(timeout=TOLD_SECONDS)
            assert ready, f"{len(answers.get_map())} wait"
            for key, _ in ready:
                answer = key.data.getresponse()
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                answers.unregister(key.fileobj)
        return [key.data for key in answers.get_map().values()]


def test_two_who_follow_hear_of_what_a_third_and_a_fourth_report(ledger: Settings) -> None:
    with serving(ledger) as (server, _), ExitStack() as stack:
        after = head(server)
        stream = asking(stack, server, "/v1/events:stream", BEARER, after=after).getresponse()
        assert stream.readline() == b"retry: 3000\n"
        polled = asking(stack, server, "/v1/events", MINE, after=after, wait=30)
        hidden = report(server, **PROD)
        told = report(server, **STAGING)
        found = answered(polled)
        assert [each["position"] for each in found["events"]] == [told]
        assert found["through"] == told, "and what is hidden was looked through"
        for position in (hidden, told):
            event = next_event(stream)
            assert (event["id"], event["event"]) == (str(position), "removed.v1")
            assert json.loads(event["data"])["position"] == position

        polled = asking(stack, server, "/v1/events", MINE, after=told, wait=30)
        subprocess.run(  # noqa: S603 - our own console script, on the same ledger
            [CONSOLE, "record", "removal", "payments-api@staging", "--slot", "canary"],
            env={
                "PATH": os.environ["PATH"],
                "SHIPLOG_HOME": str(ledger.home),
                "SHIPLOG_DATABASE_URL": ledger.url,
            },
            check=True,
            capture_output=True,
        )
        assert [each["position"] for each in answered(polled)["events"]] == [told + 1]
        assert next_event(stream)["id"] == str(told + 1)


def test_a_stream_ends_with_the_token_and_is_not_taken_up_again(ledger: Settings) -> None:
    with serving(ledger) as (server, _), ExitStack() as stack:
        stream = asking(stack, server, "/v1/events:stream", MINE, after=head(server)).getresponse()
        assert stream.readline() == b"retry: 3000\n"
        revoking = HTTPConnection(server, timeout=TOLD_SECONDS)
        stack.callback(revoking.close)
        body = json.dumps({"reason": "it leaked"})
        headers = {**MINE, "Content-Type": "application/json"}
        revoking.request("POST", "/v1/access/tokens/OfPaymentsXY:revoke", body=body, headers=headers)
        assert revoking.getresponse().status == 201
        report(server, **STAGING)
        assert next_event(stream) == {}, "nothing is told, and it ends"
        assert asking(stack, server, "/v1/events:stream", MINE).getresponse().status == 401


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from api.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""`shiplog`, which can be interrupted even where the shell that runs these tests is in the background."""


def test_the_command_line_follows_a_server_until_it_is_interrupted(tmp_path: Path) -> None:
    with serving(worlds.make(tmp_path / "home")) as (server, _):
        after = head(server)
        following = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", INTERRUPTED, "events", "--follow", "--after", str(after), "-o", "jsonl"],
            env={
                "PATH": os.environ["PATH"],
                "SHIPLOG_SERVER": f"http://{server}",
                "SHIPLOG_TOKEN": OF_STAGING,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert following.stdout is not None
        hidden, told = report(server, **PROD), report(server, **STAGING)
        assert json.loads(following.stdout.readline())["position"] == told
        following.send_signal(signal.SIGINT)
        rest, said = following.communicate(timeout=TOLD_SECONDS)
        assert (following.returncode, rest) == (130, "")
        went_on = int(said.split("go on with --after ")[1].split()[0])
        assert went_on in (after, told), "and rather twice than never, when it was interrupted in between"
        assert hidden < told


def test_of_two_hundred_who_would_wait_none_stands_in_the_way_of_a_report(tmp_path: Path) -> None:
    with serving(worlds.make(tmp_path / "home")) as (server, _), ExitStack() as stack:
        after = head(server)
        asked = [asking(stack, server, "/v1/events", MINE, after=after, wait=30) for _ in range(MANY)]
        waiting = those_who_wait(asked, WAITING)
        position = report(server, **STAGING)
        for each in waiting:
            assert [event["position"] for event in answered(each)["events"]] == [position]


def test_a_server_that_stops_lets_everybody_go(tmp_path: Path) -> None:
    with serving(worlds.make(tmp_path / "home")) as (server, process), ExitStack() as stack:
        after = head(server)
        streams = [
            asking(stack, server, "/v1/events:stream", MINE, after=after).getresponse() for _ in range(2)
        ]
        assert [each.readline() for each in streams] == [b"retry: 3000\n"] * 2
        asked = [asking(stack, server, "/v1/events", MINE, after=after, wait=30) for _ in range(3)]
        polls = those_who_wait(asked, WAITING - len(streams))
        process.send_signal(signal.SIGTERM)
        assert [next_event(each) for each in streams] == [{}, {}]
        assert [each.isclosed() for each in streams] == [True, True], "to its end, as HTTP sees it"
        for each in polls:
            assert answered(each)["events"] == []
        assert process.wait(timeout=10) == 0
