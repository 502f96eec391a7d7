"""Where nothing is sent, whatever a URL says or a name stands for; and what comes of answers of any kind."""

import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from adapters.webhooks import addresses
from adapters.webhooks.answers import HEAD_AND_BODY_BYTES_MAX
from adapters.webhooks.sending import Sender
from domain.access.delivery import RETRY_AFTER_SECONDS_MAX, SAID_LENGTH_MAX
from tests import certificates
from tests.builders import NOON, Clock
from tests.receiver import Answer, Receiver, receiving

LOOPBACK = ip_network("127.0.0.0/8")
PUBLIC = "93.184.216.34"

INTERNAL = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - nobody binds here
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::127.0.0.1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "4000::1",
]
DISGUISED = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:93.184.216.34",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
]
EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@pytest.mark.parametrize("address", INTERNAL + DISGUISED + METADATA)
def test_nothing_is_sent_to_an_address_that_is_not_public(address: str) -> None:
    assert addresses.refusal(ip_address(address), ()) is not None


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "100.63.0.1"])
def test_a_public_address_is_sent_to(address: str) -> None:
    assert addresses.refusal(ip_address(address), ()) is None


@pytest.mark.parametrize("address", DISGUISED + METADATA + ["0.1.2.3", "224.0.0.1", "ff02::1"])
def test_some_are_not_sent_to_even_where_everything_was_named(address: str) -> None:
    assert addresses.refusal(ip_address(address), EVERYTHING) is not None


def test_a_network_that_was_named_is_sent_into_and_no_other() -> None:
    named = (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))
    assert addresses.refusal(ip_address("10.1.2.3"), named) is None
    assert addresses.refusal(ip_address("fd12::1"), named) is None
    assert addresses.refusal(ip_address("10.2.0.1"), named) == "private"
    assert addresses.refusal(ip_address("fe80::1%eth0"), (ip_network("fe80::/10"),)) == "of one link"


class Names:
    """Names that stand for what a test says, another thing each time it is asked for."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if not self._answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def sender(*networks: str, names: Names | None = None, seconds: float = 15.0, **more: object) -> Sender:
    return Sender(
        tuple(map(ip_network, networks)),
        now=Clock(),
        resolve=names or Names(),
        total_seconds=seconds,
        **more,  # type: ignore[arg-type]  # a context for TLS
    )


def sent(url: str, sender: Sender) -> tuple[int | None, str]:
    outcome = sender.send(url, {"webhook-id": "evt_1_chat"}, b"{}")
    assert outcome.delivered is (outcome.status is not None and 200 <= outcome.status < 300)
    return outcome.status, outcome.said


HOSTILE = {
    "https://127.0.0.1/": [],
    "https://localhost/": ["127.0.0.1"],
    "https://[::1]/": [],
    "https://[::ffff:169.254.169.254]/": [],
    "https://169.254.169.254/latest/meta-data/": [],
    "https://2130706433/": ["127.0.0.1"],
    "https://0x7f000001/": ["127.0.0.1"],
    "https://0177.0.0.1/": ["127.0.0.1"],
    "https://127.1/": ["127.0.0.1"],
    "https://0/": ["0.0.0.0"],  # noqa: S104 - nobody binds here
    "https://metadata.google.internal/": ["169.254.169.254"],
    "https://127.0.0.1.nip.example/": ["127.0.0.1"],
    "https://both.example/": [PUBLIC, "10.0.0.1"],
    "https://other.example/": [PUBLIC, "fd00::1"],
    "https://nobody.example/": [],
    "https://hooks.example:22/": [PUBLIC],
    "https://hooks.example:5432/": [PUBLIC],
    "https://hooks.example:80/": [PUBLIC],
    "http://hooks.example/": [PUBLIC],
    "http://hooks.example:443/": [PUBLIC],
}


@pytest.mark.parametrize(("url", "stands_for"), HOSTILE.items())
def test_nothing_is_sent_where_it_may_not_be(
    url: str, stands_for: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("nobody is talked to")

    monkeypatch.setattr(socket, "create_connection", nobody)
    status, said = sent(url, sender(names=Names(stands_for) if stands_for else Names()))
    assert status is None
    assert said.startswith("not sent: ")


def test_without_tls_it_is_for_this_machine_alone_even_where_networks_are_named() -> None:
    said = sent("http://hooks.example:8080/", sender("10.0.0.0/8", names=Names(["10.0.0.1"])))[1]
    assert "for this machine alone" in said
    assert "this machine" in sent("http://127.0.0.1:8080/", sender())[1]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as lent:
        yield lent


def test_a_name_is_resolved_once_and_the_connection_goes_where_was_looked(receiver: Receiver) -> None:
    """As when whoever has the name answers something else the second time (DNS rebinding)."""
    names = Names(["127.0.0.1"], ["10.255.255.1"])
    url = f"http://rebinding.example:{receiver.port}/hook"
    assert sent(url, sender("127.0.0.0/8", names=names)) == (200, "thanks")
    assert names.asked == ["rebinding.example"]
    (told,) = receiver.told
    assert told.headers["host"] == f"rebinding.example:{receiver.port}"
    assert told.body == b"{}"
    assert not {"authorization", "cookie", "proxy-authorization"} & told.headers.keys()


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
        assert sent(receiver.url, sender("127.0.0.0/8"))[0] == 200
        assert proxy.told == []


def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            moved = Answer(status, {"Location": elsewhere.url})
            receiver.answer = lambda _, moved=moved: moved  # type: ignore[misc]  # bound now
            assert sent(receiver.url, sender("127.0.0.0/8"))[0] == status
        assert elsewhere.told == []


def test_an_address_that_does_not_answer_is_not_the_last(receiver: Receiver) -> None:
    silent = socket.create_server(("127.0.0.2", 0))
    port = silent.getsockname()[1]
    silent.close()
    assert port != receiver.port
    names = Names(["127.0.0.2", "127.0.0.1"])
    url = f"http://two.example:{receiver.port}/"
    assert sent(url, sender("127.0.0.0/8", names=names))[0] == 200
    assert sent(f"http://127.0.0.1:{port}/", sender("127.0.0.0/8"))[1].startswith("the connection failed")


ODD: dict[str, tuple[bytes, int | None, str]] = {
    "nothing": (b"", None, "the connection failed"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", None, "the answer is not HTTP"),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200, None, "the answer is not HTTP"),
    "a line without end": (b"HTTP/1.1 200 " + b"a" * 100_000, None, "the head of the answer is too large"),
    "a large head": (
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"A: %s\r\n" % (b"b" * 60_000) for _ in range(3)),
        None,
        "the head of the answer is too large",
    ),
    "a large body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"a" * (HEAD_AND_BODY_BYTES_MAX * 4),
        200,
        "a" * SAID_LENGTH_MAX,
    ),
    "a body that breaks off": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 200, "abc"),
    "a wrong chunk": (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 500, ""),
    "what disturbs a terminal": (
        b"HTTP/1.1 500 No\r\nContent-Length: 17\r\n\r\n\x1b[2Ja\nb\0c\xff\xe2\x80\xaed",
        500,
        "[2Ja b c",
    ),
}


@pytest.mark.parametrize(("raw", "status", "said"), ODD.values(), ids=ODD)
def test_an_answer_of_any_kind_is_told_as_what_it_is(
    receiver: Receiver, raw: bytes, status: int | None, said: str
) -> None:
    receiver.answer = lambda _: Answer(raw=raw)
    found = sent(receiver.url, sender("127.0.0.0/8"))
    assert found[0] == status
    assert found[1].startswith(said)
    assert len(found[1]) <= SAID_LENGTH_MAX
    assert found[1].isprintable()


def test_a_receiver_that_says_nothing_is_waited_for_as_long_as_it_has(receiver: Receiver) -> None:
    never = threading.Event()
    receiver.answer = lambda _: Answer(wait=never)
    try:
        assert sent(receiver.url, sender("127.0.0.0/8", seconds=0.05)) == (
            None,
            "no answer within 0.05 seconds",
        )
    finally:
        never.set()


def test_a_receiver_that_says_little_by_little_has_no_more_time(receiver: Receiver) -> None:
    receiver.answer = lambda _: Answer(raw=b"HTTP/1.1 200 ", drips=True)
    assert sent(receiver.url, sender("127.0.0.0/8", seconds=0.1)) == (None, "no answer within 0.1 seconds")


ASKED = {
    "120": 120,
    "0": 0,
    " 7 ": 7,
    "999999999": RETRY_AFTER_SECONDS_MAX,
    format_datetime(NOON + timedelta(minutes=3), usegmt=True): 180,
    format_datetime(NOON - timedelta(minutes=3), usegmt=True): 0,
    "-5": None,
    "soon": None,
    "1e3": None,
    "Sun, 32 Feb 2026 25:00:00 GMT": None,
    "Mon, 02 Mar 2026 12:00:00 +99999999999999999999": None,
    "Mon, 02 Mar 99999999999999999999 12:00:00 GMT": None,
}


@pytest.mark.parametrize(("said", "seconds"), ASKED.items())
def test_how_long_a_receiver_asks_to_be_left_alone(
    receiver: Receiver, said: str, seconds: int | None
) -> None:
    receiver.answer = lambda _: Answer(503, {"Retry-After": said})
    assert sender("127.0.0.0/8").send(receiver.url, {}, b"").retry_after == seconds


def test_tls_is_verified_for_the_name_that_was_said(tmp_path: Path) -> None:
    server, client = certificates.of_server("hooks.example", tmp_path)
    with receiving(server) as receiver:
        names = Names(["127.0.0.1"])
        trusting = sender("127.0.0.0/8", names=names, tls=lambda: client)
        assert sent(f"https://hooks.example:{receiver.port}/", trusting) == (200, "thanks")
        status, said = sent(f"https://other.example:{receiver.port}/", trusting)
        assert (status, said.startswith("TLS failed: ")) == (None, True)
        assert "other.example" in said
        stranger = sender("127.0.0.0/8", names=names)
        assert sent(f"https://hooks.example:{receiver.port}/", stranger)[1].startswith("TLS failed: ")
        assert len(receiver.told) == 1
