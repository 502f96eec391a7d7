"""Requests that are refused, as a table: what is sent, and the status, problem and places of the answer.

Each is one step away from a request that is accepted; the ledger was told the story, and `prepare`.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from api.v1.jsonl import LINES_MAX
from api.v1.reports import BATCH_BYTES_MAX, OBSERVATION_BYTES_MAX
from tests.http.world import AFTER_THE_STORY, FIRST, REPOSITORY, SECOND, THIRD, Document, World, image

JSON, JSONL = "application/json", "application/jsonl"
HIDDEN = "hunter2hunter2"
"""Stands in whatever a caller would not want to read again in an answer or a log."""
NOW = "2026-03-01T19:00:00Z"
FUTURE = "2026-03-01T19:06:01Z"
"""A moment later than anyone may claim."""
OF_PROD = {"service": "payments-api", "environment": "prod"}
ABSENT = object()

BASES: dict[str, Document] = {
    "builds": {
        "service": "payments-api",
        "build": "ci/4720",
        "occurred_at": NOW,
        "source": {"repository": REPOSITORY, "commit": FIRST},
        "artifacts": [{"name": "payments-api", "digest": image("ci/4720")}],
    },
    "configs": {**OF_PROD, "occurred_at": NOW, "entries": {"LOG_LEVEL": {"value": "info"}}},
    "releases": {**OF_PROD, "occurred_at": NOW, "build": "ci/4712", "config": 2},
    "deployments": {**OF_PROD, "occurred_at": NOW, "release": 2, "deployment": "argo/1000"},
    "removals": {**OF_PROD, "occurred_at": NOW},
    "observations": {
        "environment": "prod",
        "occurred_at": NOW,
        "reporter": "agent",
        "running": [{"service": "payments-api", "artifacts": [image("ci/4711")]}],
    },
    "heartbeats": {"environment": "prod", "occurred_at": NOW, "reporter": "agent", "every": 120},
    "declarations": {**OF_PROD, "occurred_at": NOW, "label": "v3", "config": "git-blob:1"},
    "corrections": {"occurred_at": NOW, "of": 12, "reason": "it was not so"},
}
"""One request for each report, which is accepted as it is."""


def prepare(world: World) -> None:
    """Tell what some refusals need: an open attempt, a corrected start, two commits that begin alike."""
    started = {**OF_PROD, "release": 3, "outcome": "started"}
    world.recorded("deployments", **started, deployment="argo/996")
    wrong = world.recorded("deployments", **started, deployment="argo/997")
    right = {**started, "deployment": "argo/998", "type": "deployment", "occurred_at": world.now}
    world.recorded("corrections", of=wrong["position"], reason="another attempt", replacement=right)
    alike = {"repository": REPOSITORY, "commit": SECOND[:9] + "f" * 31}
    world.recorded("builds", service="payments-api", build="ci/4714", outcome="failed", source=alike)
    world.clock.at = AFTER_THE_STORY + timedelta(minutes=1)


POSITIONS = {"opened": 1, "build": 2, "config": 3, "release": 4, "deployed": 12, "corrected": 23}
"""What is at which position after the story."""


@dataclass(frozen=True)
class Case:
    """One request, and how it is refused."""

    what: str
    method: str
    path: str
    status: int
    slug: str
    places: tuple[str, ...] = ()
    """Every pointer, parameter or header in `errors`, in order."""
    body: bytes | None = None
    media: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def changed(noun: str, **changes: Any) -> Document:
    """Return the accepted request with *changes*; a name with `__` reaches inside."""
    body = deepcopy(BASES[noun])
    for name, value in changes.items():
        *way, last = name.split("__")
        inner: Any = body
        for step in way:
            inner = inner[int(step) if step.isdigit() else step]
        if value is ABSENT:
            del inner[last]
        else:
            inner[last] = value
    return body


def told(noun: str, what: str, *places: str, status: int = 422, slug: str = "", **changes: Any) -> Case:
    """Return a report that breaks a rule at *places*, or else is refused with *slug*."""
    body = json.dumps(changed(noun, **changes)).encode()
    return Case(
        f"{noun}: {what}", "POST", f"/v1/{noun}", status, slug or "invalid-request", places, body, JSON
    )


def raw(what: str, body: bytes, *places: str, status: int = 400, slug: str = "malformed-json") -> Case:
    """Return a body that is not even a document of one meaning."""
    return Case(f"body: {what}", "POST", "/v1/builds", status, slug, places, body, JSON)


def sent(what: str, status: int, slug: str, *, media: str | None = JSON, **headers: str) -> Case:
    """Return an acceptable build that is sent in an unacceptable way."""
    body = json.dumps(BASES["builds"]).encode()
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    places = ("Idempotency-Key",) if slug == "invalid-request" else ()
    return Case(f"sent: {what}", "POST", "/v1/builds", status, slug, places, body, media, spelled)


def batch(
    what: str,
    lines: bytes,
    *places: str,
    status: int = 422,
    slug: str = "batch-refused",
    media: str | None = JSONL,
    query: str = "",
) -> Case:
    """Return a batch of *lines*."""
    return Case(f"batch: {what}", "POST", f"/v1/reports:batch{query}", status, slug, places, lines, media)


def asked(path: str, *places: str, status: int = 422, slug: str = "invalid-request") -> Case:
    """Return a question."""
    return Case(f"ask: {path[:90]}", "GET", path, status, slug, places)


def other(method: str, path: str, status: int, slug: str, *places: str) -> Case:
    """Return a request with another method, or to nowhere."""
    return Case(f"{method} {path[:60]}", method, path, status, slug, places)


def cases() -> Iterator[Case]:
    """Yield the whole table."""
    yield from _names_and_texts()
    yield from _instants()
    yield from _builds()
    yield from _configs()
    yield from _releases_and_deployments()
    yield from _other_reports()
    yield from _corrections()
    yield from _bodies()
    yield from _batches()
    yield from _clocks_and_pages()
    yield from _questions()
    yield from _evidence()
    yield from _components()
    yield from _trust()
    yield from _layouts()
    yield from _impact()
    yield from _paths_and_methods()


def _names_and_texts() -> Iterator[Case]:
    for name in ("", "Payments", "pay ments", "-pay", "pay\u00e9", "p" * 101, "pay/ments", 7, None, ["pay"]):
        yield told("builds", f"service {str(name)[:12]!r}", "#/service", service=name)
    for name in ("", "Prod", "prod\n", "p" * 101, True):
        yield told("removals", f"environment {str(name)[:12]!r}", "#/environment", environment=name)
        yield told("removals", f"slot {str(name)[:12]!r}", "#/slot", slot=name)
    for name in ("", "-1", "ci 1", "ci\u0000", "b" * 201, "ci#1", 1):
        if name == "ci\u0000":
            yield told("builds", "build with NUL", "#/build", status=400, slug="malformed-json", build=name)
        else:
            yield told("builds", f"build {str(name)[:12]!r}", "#/build", build=name)
    for name in ("", "-1", "argo 1", "d" * 201):
        yield told("deployments", f"name {name[:12]!r}", "#/deployment", deployment=name)
    for name in ("", "no spaces", "i" * 201):
        yield told("builds", f"id {name[:12]!r}", "#/id", id=name)
        yield told("builds", f"reporter {name[:12]!r}", "#/reporter", reporter=name)
    for text in ("", "   ", "a\u0007b", "a\nb", "a\u2028b", "r" * 1001, 7):
        shown = str(text)[:12]
        yield told("builds", f"repository {shown!r}", "#/source/repository", source__repository=text)
        yield told("removals", f"reason {shown!r}", "#/reason", reason=text)


def _instants() -> Iterator[Case]:
    malformed = (
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T24:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T12:00:00.123456789Z",
        "2026-03-01T12:00:00+25:00",
        "2026-03-01T12:00:00+0100",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "\u0662026-03-01T12:00:00Z",
        1772366400,
        None,
        ABSENT,
    )
    for text in malformed:
        shown = "absent" if text is ABSENT else repr(text)
        yield told("removals", f"occurred_at {shown}", "#/occurred_at", occurred_at=text)
    for noun in BASES:
        yield told(noun, "from the future", slug="from-the-future", occurred_at=FUTURE)


def _builds() -> Iterator[Case]:
    hexes = image("ci/4720").removeprefix("sha256:")
    for digest in ("", hexes, f"sha512:{hexes * 2}", f"sha256:{hexes.upper()}", f"sha256:{hexes[:63]}", 1):
        place = "#/artifacts/0/digest"
        yield told("builds", f"digest {str(digest)[:12]!r}", place, artifacts__0__digest=digest)
    for commit in ("", FIRST[:7], FIRST + "0", FIRST.upper(), "g" * 40, f" {FIRST}"):
        yield told("builds", f"commit {commit[:12]!r}", "#/source/commit", source__commit=commit)
    one = BASES["builds"]["artifacts"][0]
    yield told("builds", "no source", "#/source", source=ABSENT)
    yield told("builds", "no commit", "#/source/commit", source__commit=ABSENT)
    yield told("builds", "unknown outcome", "#/outcome", outcome="fine")
    yield told("builds", "label too long", "#/label", label="l" * 201)
    yield told("builds", "unknown member", "#/branch", branch="main")
    yield told("builds", "unknown member inside", "#/source/branch", source__branch="main")
    bot, half = {"issuer": "https://forge.example", "subject": "1"}, {"subject": "ann@acme.example"}
    yield told("builds", "half an author", "#/source/author/issuer", source__author=half)
    yield told("builds", "no merger", "#/source/merged_by/subject", source__merged_by={**bot, "subject": ""})
    yield told("builds", "author as text", "#/source/author", source__author="ann")
    yield told("builds", "member of another case", "#/service", "#/Service", service=ABSENT, Service="pay")
    yield told("builds", "artifacts not a list", "#/artifacts", artifacts=one)
    yield told("builds", "too many artifacts", "#/artifacts", artifacts=[one] * 1025)
    yield told("builds", "empty purl", "#/artifacts/0/purl", artifacts__0__purl="")
    contradictory: dict[str, Document] = {
        "one artifact twice": {"artifacts": [one, one]},
        "failed with artifacts": {"outcome": "failed"},
        "succeeded without artifacts": {"artifacts": ABSENT},
    }
    for what, changes in contradictory.items():
        yield told("builds", what, slug="contradictory-report", **changes)
    several: Document = {"service": "", "source__commit": "HEAD", "occurred_at": "now", "branch": "main"}
    places = ("#/occurred_at", "#/service", "#/source/commit", "#/branch")
    yield told("builds", "everything at once", *places, **several)
    recorded: Document = {"status": 409, "slug": "already-recorded"}
    yield told("builds", "told otherwise before", **recorded, build="ci/4711")
    yield told("builds", "succeeded after it failed", **recorded, build="ci/4713")
    yield told("builds", "id of another report", **recorded, id="run-4711")


def _configs() -> Iterator[Case]:
    for key in ("", "1ST", "a b", "K" * 201, "\u00c9"):
        entries = {key: {"value": "1"}}
        place = f"#/entries/{key if key.isascii() else '%C3%89'}".replace(" ", "%20")
        yield told("configs", f"key {key[:8]!r}", place, entries=entries)
    digest = image("a configuration")
    yield told("configs", "both forms", slug="contradictory-report", digest=digest)
    yield told("configs", "neither form", slug="contradictory-report", entries=ABSENT)
    yield told("configs", "digest ill-formed", "#/digest", entries=ABSENT, digest=digest[:-1])
    yield told("configs", "entries a list", "#/entries", entries=[])
    yield told("configs", "empty author", "#/author", author="")
    many = {f"K{n}": {"value": ""} for n in range(2001)}
    yield told("configs", "too many entries", "#/entries", entries=many)
    credentials = (
        f"-----BEGIN EC PRIVATE KEY-----\n{HIDDEN}",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 6,
        "glpat-" + "a1B2" * 5,
        "xoxb-" + "1234567890",
        "sk_live_" + "a1B2" * 6,
        f"postgresql://shop:{HIDDEN}@db.example/shop",
    )
    for value in credentials:
        entries = {"A": {"value": "1"}, "B": {"value": value}}
        yield told("configs", f"clear {value[:11]!r}", slug="secret-in-clear", entries=entries)
    for value in ("a\u0007", "a\u200b"):
        entries = {"K": {"value": value}}
        yield told("configs", f"value {value!r}", slug="malformed-value", entries=entries)


def _releases_and_deployments() -> Iterator[Case]:
    missing: Document = {"status": 404}
    yield told("releases", "unknown build", **missing, slug="unknown-build", build="ci/9")
    yield told(
        "releases", "of another service", **missing, slug="unknown-build", service="search-api", config=1
    )
    yield told("releases", "failed build", status=409, slug="failed-build", build="ci/4713")
    yield told("releases", "unknown config", **missing, slug="unknown-config", config=9)
    yield told("releases", "unknown digest", **missing, slug="unknown-config", config=image("none"))
    early = "2026-03-01T11:00:00Z"
    yield told("releases", "none yet", **missing, slug="unknown-config", config="current", occurred_at=early)
    yield told("releases", "in no environment", **missing, slug="unknown-config", environment="qa")
    yield told("releases", "empty build", "#/build", build="")
    yield told("deployments", "unknown release", **missing, slug="unknown-release", release=9)
    yield told("deployments", "unknown target", **missing, slug="unknown-release", environment="qa")
    for number in (0, -1, "1", True, None, ABSENT):
        shown = "absent" if number is ABSENT else repr(number)
        yield told("deployments", f"release {shown}", "#/release", release=number)
    for number in (-1, 2**31, "0"):
        yield told("deployments", f"sequence {number!r}", "#/sequence", sequence=number)
    yield told("deployments", "unknown outcome", "#/outcome", outcome="done")
    yield told("deployments", "rollback not a boolean", "#/rollback", rollback="yes")
    nameless: Document = {"outcome": "started", "deployment": ABSENT}
    yield told("deployments", "started without a name", slug="contradictory-report", **nameless)
    conflict: Document = {"status": 409}
    ended: Document = {"deployment": "argo/991", "release": 1, "outcome": "failed"}
    yield told("deployments", "ended otherwise", **conflict, slug="already-recorded", **ended)
    opened: Document = {"slug": "deployment-mismatch", "deployment": "argo/996"}
    yield told("deployments", "another release than begun", **conflict, **opened, release=2)
    yield told("deployments", "another slot than begun", **conflict, **opened, release=3, slot="canary")
    again: Document = {"deployment": "argo/998", "outcome": "started"}
    yield told("deployments", "begun already", **conflict, slug="deployment-closed", **again)
    for number in (1, 3):
        forward = {"rollback": True, "release": number}
        yield told("deployments", f"back to {number}", **conflict, slug="not-a-rollback", **forward)


def _other_reports() -> Iterator[Case]:
    one = BASES["observations"]["running"][0]
    digest = one["artifacts"][0]
    yield told("observations", "no reporter", "#/reporter", reporter=ABSENT)
    yield told("observations", "null reporter", "#/reporter", reporter=None)
    yield told("observations", "no list", "#/running", running=ABSENT)
    yield told("observations", "no artifacts", "#/running/0/artifacts", running__0__artifacts=[])
    many = [image(str(n)) for n in range(65)]
    yield told("observations", "too many artifacts", "#/running/0/artifacts", running__0__artifacts=many)
    twice: Document = {"running__0__artifacts": [digest, digest]}
    yield told("observations", "one artifact twice", slug="contradictory-report", **twice)
    yield told("observations", "one slot twice", slug="contradictory-report", running=[one, one])
    yield told("observations", "unknown member", "#/running/0/version", running__0__version="1")
    for every in (-1, 31 * 86_400 + 1, "2m", True, None):
        yield told("heartbeats", f"every {every!r}", "#/every", every=every)
    yield told("heartbeats", "no promise, and not said so", "#/every", every=ABSENT)
    yield told("heartbeats", "a list", "#/running", running=[one])
    yield told("observations", "every 0 seconds", "#/every", every=0)
    yield told("declarations", "no label", "#/label", label=ABSENT)
    yield told("declarations", "empty label", "#/label", label="")
    yield told("declarations", "short commit", "#/commit", commit=FIRST[:12])
    yield told("declarations", "blank source", "#/source", source=" ")
    yield told("declarations", "removal with a configuration", slug="contradictory-report", label=None)
    yield told("declarations", "sequence too great", "#/sequence", sequence=2**31)


def _corrections() -> Iterator[Case]:
    for position in (0, -1, "12", None, ABSENT):
        shown = "absent" if position is ABSENT else repr(position)
        yield told("corrections", f"of {shown}", "#/of", of=position)
    yield told("corrections", "of nothing", status=404, slug="unknown-event", of=9999)
    yield told("corrections", "of far away", status=404, slug="unknown-event", of=2**53 - 1)
    for kind in ("opened", "build", "config", "release"):
        position = POSITIONS[kind]
        yield told("corrections", f"of a {kind}", status=409, slug="not-correctable", of=position)
    again: Document = {"of": POSITIONS["corrected"]}
    yield told("corrections", "corrected before", status=409, slug="already-corrected", **again)
    withdrawal = {"of": POSITIONS["corrected"] + 1}
    yield told("corrections", "of a correction", status=409, slug="not-correctable", **withdrawal)
    yield told("corrections", "no reason", "#/reason", reason=ABSENT)
    deployed = {"type": "deployment", **BASES["deployments"]}
    elsewhere: Document = {"slug": "correction-elsewhere"}
    staging = {**deployed, "environment": "staging"}
    yield told("corrections", "about another target", **elsewhere, replacement=staging)
    removal = {"type": "removal", **BASES["removals"]}
    yield told("corrections", "of another kind", **elsewhere, replacement=removal)
    unknown = {**deployed, "release": 99}
    yield told("corrections", "to nothing", status=404, slug="unknown-release", replacement=unknown)
    later = {**deployed, "occurred_at": FUTURE}
    yield told("corrections", "to the future", slug="from-the-future", replacement=later)
    for named in ("build", "", None, ABSENT):
        replacement: Document = {**deployed, "type": named}
        if named is ABSENT:
            del replacement["type"]
        shown = "absent" if named is ABSENT else repr(named)
        yield told("corrections", f"by {shown}", "#/replacement/type", replacement=replacement)
    ill = {**deployed, "release": "1"}
    yield told("corrections", "by an ill-formed one", "#/replacement/release", replacement=ill)


def _bodies() -> Iterator[Case]:
    document = json.dumps(BASES["builds"])
    yield raw("empty", b"")
    yield raw("not JSON", b"{service: 1}")
    yield raw("cut short", document[:-1].encode())
    yield raw("more after it", document.encode() + b"{}")
    yield raw("byte order mark", b"\xef\xbb\xbf" + document.encode())
    yield raw("not UTF-8", document.replace("payments", "pay\u00e9").encode("latin-1"))
    yield raw("UTF-16", document.encode("utf-16"))
    yield raw("one name twice", document.replace("{", '{"build":"x",', 1).encode(), "#/build")
    inside = document.replace('"commit"', '"commit":"0","commit"').encode()
    yield raw("one name twice inside", inside, "#/source/commit")
    for text, place in {
        "NaN": "#/x",
        "Infinity": "#/x",
        "-Infinity": "#/x",
        "1.0": "#/x",
        "1e3": "#/x",
        "1e999": "#/x",
        "9007199254740992": "#/x",
        "9" * 5000: "#/x",
        r'"\u0000"': "#/x",
        r'"\ud800"': "#/x",
        r'"\uffff"': "#/x",
        r'{"\udc00":1}': "#/x",
    }.items():
        yield raw(f"has {text[:12]}", document.replace("{", f'{{"x":{text},', 1).encode(), place)
    yield raw("too deep", b'{"x":' + b"[" * 32 + b"]" * 32 + b"}")
    yield raw("far too deep", b"[" * 500_000)
    for text in ("[]", '"text"', "7", "null", "true"):
        yield raw(f"{text} for an object", text.encode(), "#", status=422, slug="invalid-request")
    large = b" " * ((1 << 20) + 1)
    yield raw("too large", large, status=413, slug="too-large")
    body = b" " * (OBSERVATION_BYTES_MAX + 1)
    for noun in ("observations", "corrections"):
        yield Case(f"{noun}: too large", "POST", f"/v1/{noun}", 413, "too-large", (), body, JSON)
    unsupported = (415, "unsupported-media-type")
    for media in (None, "text/plain", JSONL, "application/x-www-form-urlencoded", "application/problem+json"):
        yield sent(f"as {media}", *unsupported, media=media)
    yield sent("gzipped", *unsupported, Content_Encoding="gzip")
    for key in ("", "two words", "k" * 256, "schl\u00fcssel"):
        yield sent(f"under the key {key[:12]!r}", 422, "invalid-request", Idempotency_Key=key)
    build = json.dumps(BASES["builds"]).encode()
    for query in ("?dry_run=true", "?mode=each", "?a=%FF"):
        place = {"?a=%FF": "?"}.get(query, query[1:].partition("=")[0])
        path = f"/v1/builds{query}"
        yield Case(f"sent: to {path}", "POST", path, 422, "invalid-request", (place,), build, JSON)


def _line(noun: str, kind: str, **changes: Any) -> bytes:
    return json.dumps({"type": kind, **changed(noun, **changes)}).encode()


def _batches() -> Iterator[Case]:
    good = _line("removals", "removal")
    yield batch("empty", b"", "#", slug="invalid-request")
    yield batch("blank", b"\n \r\n\t\n", "#", slug="invalid-request")
    yield batch("not JSON", good + b"\n{", "#/2")
    yield batch("a list", b"[" + good + b"]", "#/1")
    yield batch("no type", good + b"\n" + json.dumps(BASES["removals"]).encode(), "#/2/type")
    yield batch("unknown type", _line("removals", "promotion"), "#/1/type")
    yield batch("member missing", _line("removals", "removal", service=ABSENT), "#/1/service")
    both = _line("removals", "removal", slot="A") + b"\n\n" + _line("builds", "build", source__commit="x")
    yield batch("two lines", both, "#/1/slot", "#/3/source/commit")
    yield batch(
        "one name twice", good.replace(b"{", b'{"slot":"a",', 1).replace(b"}", b',"slot":"b"}'), "#/1/slot"
    )
    yield batch("a fraction", good.replace(b"{", b'{"sequence":1.0,', 1), "#/1/sequence")
    yield batch("NUL", good.replace(b"prod", rb"\u0000"), "#/1/environment")
    yield batch("not UTF-8", good.replace(b"prod", b"\xff"), "#/1")
    yield batch("too deep", b"[" * 40 + b"]" * 40, "#/1")
    yield batch("unknown release", good + b"\n" + _line("deployments", "deployment", release=9), "#/2")
    yield batch("from the future", _line("removals", "removal", occurred_at=FUTURE), "#/1")
    clear = {"B": {"value": f"https://shop:{HIDDEN}@db.example"}}
    yield batch("clear secret", _line("configs", "config", entries=clear), "#/1")
    one = _line("builds", "build")
    other = _line("builds", "build", label="another")
    yield batch("told otherwise in the same batch", one + b"\n" + other, "#/2")
    too_many = b"{}\n" * (LINES_MAX + 1)
    yield batch("too many lines", too_many, status=413, slug="too-large")
    large = b" " * (BATCH_BYTES_MAX + 1)
    yield batch("too large", large, status=413, slug="too-large")
    for media in (JSON, None, "text/csv"):
        yield batch(f"as {media}", good, status=415, slug="unsupported-media-type", media=media)
    for query, place in {"?mode=maybe": "mode", "?mode=": "mode", "?mode=each&mode=each": "mode"}.items():
        yield batch(query, good, place, slug="invalid-request", query=query)


STATE = "/v1/environments/prod/state"
CHANGES = "/v1/environments/prod/changes"


def _clocks_and_pages() -> Iterator[Case]:
    instants = (
        "",
        "now",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:60Z",
        "2026-03-01T12:00:00.1234567Z",
        "2026-03-01T12:00:00+01:00",
        "1772366400",
        "2300-01-01T00:00:00Z",
        "2026-03-01T12:00:00Z%0A",
    )
    for text in instants:
        yield asked(f"{STATE}?as_of={text}", "as_of")
        yield asked(f"{CHANGES}?from={text}", "from")
    for text in (*instants, "position:", "position:-1", "position:1.0", "position:0x1", "POSITION:1"):
        yield asked(f"{STATE}?known_at={text}", "known_at")
    yield asked(f"{STATE}?known_at=position:{'1' * 16}", "known_at")
    yield asked(f"{STATE}?known_at=8", "known_at")
    for path in (STATE, CHANGES, "/v1/state", "/v1/environments", f"/v1/where?name={FIRST}"):
        to = f"{path}{'&' if '?' in path else '?'}known_at="
        yield asked(f"{to}2026-03-01T19:01:00.000001Z", slug="known-in-the-future")
        yield asked(f"{to}position:9999", status=404, slug="beyond-the-head")
    yield asked(f"{STATE}?known_at=position:8&known_at=position:9", "known_at")
    yield asked(f"{STATE}?as_of={NOW}&as_of={NOW}", "as_of")
    yield asked(f"{STATE}?asof={NOW}", "asof")
    yield asked(f"{STATE}?As_of={NOW}", "As_of")
    yield asked(f"{STATE}?as_of", "as_of")
    yield asked(f"{STATE}?%FF=1", "?")
    yield asked(f"{STATE}?{'&'.join(f'p{n}=1' for n in range(101))}", "?")
    yield asked("/v1/ledger?known_at=position:1", "known_at")
    yield asked("/livez?verbose=1", "verbose")
    for limit in ("", "0", "501", "-1", "+5", "05", "5.0", "1_0", "five", "9" * 30):
        yield asked(f"{CHANGES}?limit={limit}", "limit")
    yield asked("/v1/events?limit=1001", "limit")
    yield asked("/v1/events?after=-1", "after")
    for wait in ("31", "-1", "0.5", "", "soon"):
        yield asked(f"/v1/events?wait={wait}", "wait")
    for where in ("/v1/events", "/v1/events:stream"):
        yield asked(f"{where}?after=9999", status=404, slug="beyond-the-head")
        yield asked(f"{where}?after={2**53}", "after")
        for topic in ("removed", "Removed.v1", "removed.v0", "%25.v1", "removed.v1%0A"):
            yield asked(f"{where}?topic={topic}", "topic")
        yield asked(f"{where}?service=No-Body&environment=Prod", "service", "environment")
    yield asked("/v1/events:stream?wait=1&limit=1", "wait", "limit")
    for cursor in ("", "a b", "!", "c" * 513):
        yield asked(f"{CHANGES}?cursor={cursor}", "cursor")
    timeline = "/v1/services/payments-api/timeline"
    for cursor in ("A", "AAAA", "c" * 512):
        yield asked(f"{timeline}?cursor={cursor}", "cursor", slug="foreign-cursor")


def _questions() -> Iterator[Case]:
    nowhere: Document = {"status": 404}
    for path in ("state", "changes", "changes/1", f"diff?from={NOW}", "diff?against=prod", "drift"):
        yield asked(f"/v1/environments/qa/{path}", **nowhere, slug="unknown-environment")
        yield asked(f"/v1/environments/Prod/{path}", "environment")
    yield asked("/v1/environments/prod/diff?against=qa", **nowhere, slug="unknown-environment")
    for path in ("state", "timeline"):
        yield asked(f"/v1/services/nobody/{path}", **nowhere, slug="unknown-service")
        yield asked(f"/v1/services/No-Body/{path}", "service")
    yield asked(f"{STATE}?service=nobody", **nowhere, slug="unknown-service")
    yield asked(f"{STATE}?service=", "service")
    yield asked(f"{STATE}?slot=Main", "slot")
    timeline = "/v1/services/payments-api/timeline"
    yield asked(f"{timeline}?environment=qa", **nowhere, slug="unknown-environment")
    yield asked(f"{timeline}?environment=Prod", "environment")
    yield asked(f"{CHANGES}/0", "number")
    yield asked(f"{CHANGES}/99", **nowhere, slug="unknown-change")
    yield asked("/v1/environments/prod/diff", "from")
    yield asked(f"/v1/environments/prod/diff?to={NOW}", "from")
    yield asked(f"/v1/environments/prod/diff?from={NOW}&against=staging", "against")
    yield asked(f"/v1/environments/prod/diff?from={NOW}&as_of={NOW}", "as_of")
    for target in ("payments-api", "payments-api@", "@prod", "a@b@c", "Pay@prod"):
        yield asked(f"/v1/targets/{target}/releases", "target")
    yield asked("/v1/targets/payments-api@qa/releases", **nowhere, slug="unknown-environment")
    yield asked("/v1/targets/nobody@prod/releases", **nowhere, slug="unknown-service")
    yield asked("/v1/targets/payments-api@prod/releases/0", "number")
    for target, number in (("payments-api@prod", 9), ("nobody@prod", 1), ("payments-api@qa", 1)):
        yield asked(f"/v1/targets/{target}/releases/{number}", **nowhere, slug="unknown-release")
    nothing: Document = {"status": 404, "slug": "nothing-found"}
    for question in ("where", "who"):
        yield asked(f"/v1/{question}", "name")
        yield asked(f"/v1/{question}?name=", "name")
        yield asked(f"/v1/{question}?name={'n' * 401}", "name")
        yield asked(f"/v1/{question}?name=a%00b", "name")
        for name in (FIRST[:6], "0" * 40, image("none"), "payments-api/none", "payments-api@prod%239", "x"):
            yield asked(f"/v1/{question}?name={name}", **nothing)
        yield asked(f"/v1/{question}?name={SECOND[:9]}", slug="ambiguous-name")
    yield asked(f"/v1/commits/{THIRD[:12]}", "commit")
    yield asked(f"/v1/commits/{'0' * 40}", **nothing)
    yield asked(f"/v1/artifacts/{image('none')[:-1]}", "digest")
    yield asked(f"/v1/artifacts/{image('none')}", **nothing)
    yield asked("/v1/events/0", "position")
    yield asked("/v1/events/9999", **nowhere, slug="unknown-event")
    early = f"{STATE}?known_at=position:1"
    yield asked(early, **nowhere, slug="unknown-environment")
    yield Case("ask: with a body", "GET", STATE, 422, "invalid-request", ("#",), b"{}", JSON)


def _evidence() -> Iterator[Case]:
    def handed_in(
        what: str, body: bytes, *places: str, query: str = "", slug: str = "invalid-request"
    ) -> Case:
        return Case(f"evidence: {what}", "POST", f"/v1/evidence{query}", 422, slug, places, body, JSON)

    for what, body in (
        ("nothing", b""),
        ("text", b"hello"),
        ("not UTF-8", b"\xff\xfe"),
        ("compressed", b"\x1f\x8b\x08\x00"),
        ("JSON of no known form", b'{"hello":"world"}'),
        ("more than 4 MB of no SBOM", b'{"payloadType":"' + b"a" * (4 << 20) + b'"}'),
        ("XML of another kind", b"<html/>"),
    ):
        yield handed_in(what, body, slug="unreadable-evidence")
    kept = b'{"version":"2.1.0","runs":[]}'
    yield handed_in("for no digest", kept, "for", query="?for=sha256:5f")
    yield handed_in("for a digest that is not SHA-256", kept, "for", query=f"?for=sha512:{'5f' * 64}")
    yield handed_in("with an empty name", kept, "name", query="?name=")
    yield handed_in("with a name in lines", kept, "name", query="?name=a%0Ab")
    yield handed_in("later", kept, slug="from-the-future", query=f"?occurred_at={FUTURE}")
    yield Case(
        "evidence: of no kind", "POST", "/v1/evidence", 415, "unsupported-media-type", (), kept, "text/html"
    )
    none = image("none")
    for path in (f"/v1/evidence/{none}", f"/v1/evidence/{none}/content"):
        yield asked(path, status=404, slug="nothing-found")
        yield asked(path.replace(none, none[:-1]), "digest")
    yield asked(f"/v1/evidence/{none}?known_at=soon", "known_at")
    yield asked("/v1/artifacts/sha1:aa/evidence", "digest")
    yield asked(f"/v1/artifacts/{none}/evidence?known_at=soon", "known_at")

    verify = "/v1/evidence:verify"
    yield _posted(verify, "unknown", {"evidence": none}, status=404, slug="nothing-found")
    yield _posted(verify, "no digest", {"evidence": "all"}, "#/evidence")
    expecting = f"/v1/artifacts/{none}:check-provenance"
    yield _posted(expecting, "unknown", {"sauce": "x"}, "#/sauce")
    yield _posted(expecting, "empty", {"source": ""}, "#/source")
    yield _posted(expecting, "level", {"level": 4}, "#/level")
    yield _posted(expecting, "neither yes nor no", {"same_source": "perhaps"}, "#/same_source")
    yield _posted(expecting, "no root", {"root": "public-good"}, "#/root")
    yield _posted(expecting, "an odd instance", {"instance": ""}, "#/instance")
    yield _posted(expecting, "no triggers", {"triggers": []}, "#/triggers")
    yield _posted("/v1/artifacts/sha256:aa:check-provenance", "no digest", {}, "digest")


def _components() -> Iterator[Case]:
    asking = "/v1/components?purl="
    for question in ("jinja2", "pkg:pypi/", "pkg:pypi/jinja2@*", "pkg:npm/a@vers:pypi/*", "name:a@%3E1"):
        yield asked(f"{asking}{question}", slug="unclear-component")
    yield asked("/v1/components", "purl")
    yield asked(f"{asking}pkg:pypi/{'a' * 4096}", "purl")
    yield asked(f"{asking}pkg:pypi/jinja2&purl=pkg:pypi/flask", "purl")
    jinja2 = f"{asking}pkg:pypi/jinja2"
    yield asked(f"{jinja2}&environment=qa", status=404, slug="unknown-environment")
    yield asked(f"{jinja2}&from=yesterday&limit=0", "limit", "from")
    yield asked(f"{jinja2}&known_at=position:9999", status=404, slug="beyond-the-head")
    digests = (image("ci/4711"), image("none"))
    inside, other_inside = (f"/v1/artifacts/{each}/components" for each in digests)
    yield asked("/v1/artifacts/sha1:aa/components", "digest")
    yield asked(f"{inside}?evidence=sha256:aa", "evidence")
    yield asked(f"{other_inside}?limit=501", "limit")


def _trust() -> Iterator[Case]:
    none = image("none")
    yield asked("/v1/trust/roots?known_at=position:9999", status=404, slug="beyond-the-head")
    yield asked(f"/v1/trust/roots/{none}/content", status=404, slug="nothing-found")
    roots, root = "/v1/trust/roots", {"kind": "sigstore", "name": "a root", "content": "{}"}
    yield _posted(roots, "no root", root, slug="unusable-trust-root")
    yield _posted(roots, "no JSON", {**root, "content": HIDDEN}, slug="unusable-trust-root")
    yield _posted(roots, "no key", {**root, "kind": "key"}, slug="unusable-trust-root")
    yield _posted(roots, "no kind", {**root, "kind": "pgp"}, "#/kind")
    yield _posted(roots, "no name", {**root, "name": ""}, "#/name")
    yield _posted(roots, "a span for a root", {**root, "valid_from": NOW}, slug="contradictory-report")
    yield _posted(roots, "an odd instance", {**root, "instance": "Public Good"}, "#/instance")
    of_a_key = {**root, "kind": "key", "instance": "a"}
    yield _posted(roots, "an instance of a key", of_a_key, slug="contradictory-report")
    withdrawn, gone = "/v1/trust/withdrawn", {"root": none, "from": NOW, "reason": "left"}
    yield _posted(withdrawn, "unknown", gone, status=404, slug="nothing-found")
    yield _posted(withdrawn, "no digest", {**gone, "root": "a root"}, "#/root")
    yield _posted(withdrawn, "no instant", {"root": none, "reason": "left"}, "#/from")
    yield _posted(withdrawn, "no reason", {**gone, "reason": " "}, "#/reason")
    builders = "/v1/trust/builders"
    yield _posted(builders, "no table", {"content": "{}"}, slug="unusable-builders")
    yield _posted(builders, "no JSON", {"content": HIDDEN}, slug="unusable-builders")
    yield _posted(builders, "no content", {"source": "by hand"}, "#/content")
    yield asked(builders, status=404, slug="nothing-found")
    distrusted, who = "/v1/trust/distrusted", {"identity": "a@b.example", "from": NOW, "reason": "left"}
    yield _posted(distrusted, "nobody", {"from": NOW, "reason": "left"}, slug="contradictory-report")
    yield _posted(distrusted, "two", {**who, "key": none}, slug="contradictory-report")
    yield _posted(distrusted, "no instant", {"identity": "a@b.example", "reason": "left"}, "#/from")
    yield _posted(distrusted, "no reason", {**who, "reason": " "}, "#/reason")


def _posted(path: str, what: str, body: Document, *places: str, status: int = 422, slug: str = "") -> Case:
    told = json.dumps(body).encode()
    return Case(f"{path[:30]}: {what}", "POST", path, status, slug or "invalid-request", places, told, JSON)


def _layouts() -> Iterator[Case]:
    none = image("none")

    def checked(
        what: str, body: Document, *places: str, slug: str = "invalid-request", about: str = none
    ) -> Case:
        path = f"/v1/artifacts/{about}:check-layout"
        status = 404 if slug == "nothing-found" else 422
        return Case(f"layout: {what}", "POST", path, status, slug, places, json.dumps(body).encode(), JSON)

    layout = {"layout": none}
    yield checked("not admitted", layout, slug="nothing-found")
    yield checked("none", {}, "#/layout")
    yield checked("no digest", {"layout": "layout.json"}, "#/layout")
    yield checked("an owner without a fingerprint", {**layout, "owners": [none, "ann"]}, "#/owners/1")
    yield checked("too many owners", {**layout, "owners": [none] * 65}, "#/owners")
    yield checked("a naive time", {**layout, "at": "2026-03-01T12:00:00"}, "#/at")
    yield checked("unknown", {**layout, "links": []}, "#/links")
    yield checked("for no digest", layout, "digest", about="sha256:aa")
    yield checked("for a digest that is not SHA-256", layout, "digest", about=f"sha512:{'5f' * 64}")


def _impact() -> Iterator[Case]:
    none, path = image("none"), "/v1/trust/impact"
    since = "from=2026-03-01T12:00:00Z"
    yield asked(f"{path}?{since}", slug="contradictory-report")
    yield asked(f"{path}?identity=a&key={none}&{since}", slug="contradictory-report")
    yield asked(f"{path}?issuer=b&{since}&key={none}", slug="contradictory-report")
    yield asked(f"{path}?identity=a", "from")
    yield asked(f"{path}?identity=a&from=2026-03-01T12:00:00", "from")
    yield asked(f"{path}?identity=&{since}", "identity")
    yield asked(f"{path}?key=sha256:aa&{since}", "key")
    yield asked(f"{path}?identity=a&limit=501&{since}", "limit")
    yield asked(f"{path}?identity=a&as_of=2026-03-01T12:00:00Z&{since}", "as_of")
    yield asked(f"{path}?identity=a&cursor=abc&{since}", "cursor", slug="foreign-cursor")
    yield asked(f"{path}?identity=b&known_at=position:9999&{since}", status=404, slug="beyond-the-head")


def _paths_and_methods() -> Iterator[Case]:
    for path in (
        "/v1",
        "/v1/",
        "/v2/builds",
        "/v1/Builds",
        "/v1/builds/",
        "//v1/builds",
        "/v1/environments//state",
        "/v1/environments/prod/changes/x",
        "/v1/environments/prod/changes/007",
        f"/v1/events/{2**53}",
        "/v1/events/-1",
        "/v1/environments/a%00b/state",
        "/v1/environments/%FF/state",
        f"/v1/environments/{'e' * 401}/state",
        "/problems/no-such-problem",
        "/favicon.ico",
    ):
        yield other("GET", path, 404, "unknown-path")
    for method, path in (
        ("GET", "/v1/builds"),
        ("PUT", "/v1/builds"),
        ("DELETE", "/v1/events/1"),
        ("PATCH", "/v1/releases"),
        ("POST", STATE),
        ("OPTIONS", "/v1/builds"),
        ("POST", "/livez"),
        ("TRACE", "/v1/ledger"),
    ):
        yield other(method, path, 405, "method-not-offered")
