"""Changes of access, tokens and exchanges that are refused, in the table of `tests.http.refused`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from api.access.exchange import GRANT_TYPE, TOKEN_TYPES
from tests.http.refused import ABSENT, HIDDEN, JSON, Case, asked, other
from tests.http.refused import _posted as posted
from tests.http.world import Document, World

ANN, BEN = ({"issuer": "https://sso.example", "subject": name} for name in ("ann", "ben"))
GITHUB = "https://token.actions.githubusercontent.com"
ISSUER: Document = {
    "url": GITHUB,
    "platform": "github",
    "audience": "https://ledger.example",
    "algorithms": ["RS256"],
    "jwks_url": f"{GITHUB}/.well-known/jwks",
}
BINDING: Document = {
    "name": "payments-ci",
    "issuer": GITHUB,
    "rules": {"repository_id": ["41"], "repository_owner_id": ["7"]},
    "services": ["payments-api"],
    "role": "recorder",
}
TOKEN: Document = {
    "name": "nightly",
    "holder": BEN,
    "scopes": ["report:build"],
    "expires_at": "2026-06-01T00:00:00Z",
}
PROPOSALS, TOKENS = "/v1/access/proposals", "/v1/access/tokens"
FORM = "application/x-www-form-urlencoded"
LATE = "2027-06-01T00:00:00Z"


def prepare(world: World) -> None:
    """Say what some refusals need: an auditor, and an issuer; half a minute before it is asked about."""
    now = world.clock.at
    world.clock.at -= timedelta(seconds=30)
    for said in ({"grant": {"role": "auditor", "holder": ANN}}, {"issuer": ISSUER}):
        answer = world.client.post(PROPOSALS, json={"reason": "it is needed", **said})
        assert answer.status_code == 201, answer.text
    world.clock.at = now


def cases() -> Iterator[Case]:
    """Yield the table."""
    yield from _questions()
    yield from _grants()
    yield from _issuers_and_bindings()
    yield from _settlements()
    yield from _tokens()
    yield from _exchanges()
    yield from _sessions()


def _questions() -> Iterator[Case]:
    for noun in ("grants", "issuers", "bindings", "links", "bots", "webhooks", "proposals", "tokens"):
        yield asked(f"/v1/access/{noun}?limit=0", "limit")
        yield asked(f"/v1/access/{noun}?cursor=AAAA", "cursor", slug="foreign-cursor")
    yield asked("/v1/access/grants?as_of=yesterday", "as_of")
    yield asked("/v1/access/who-could", "scope")
    yield asked("/v1/access/who-could?scope=rule", "scope")
    yield asked("/v1/access/who-could?scope=read&service=Payments", "service")
    yield asked("/v1/access/mine?x=1", "x")


def _proposed(what: str, change: Document, *places: str, status: int = 422, slug: str = "") -> Case:
    return posted(PROPOSALS, what, {"reason": "it is needed", **change}, *places, status=status, slug=slug)


def _grants() -> Iterator[Case]:
    grant: Document = {"role": "auditor", "holder": BEN}
    contradictory = "contradictory-report"
    yield _proposed("nothing", {}, slug=contradictory)
    yield _proposed("two things", {"grant": grant, "drop_issuer": {"url": GITHUB}}, slug=contradictory)
    yield _proposed("no reason", {"grant": grant, "reason": " "}, "#/reason")
    yield _proposed("no role", {"grant": {"holder": BEN}}, "#/grant/role")
    yield _proposed("another role", {"grant": {**grant, "role": "owner"}}, "#/grant/role")
    yield _proposed("to nobody", {"grant": {"role": "auditor"}}, slug=contradictory)
    yield _proposed("a pattern", {"grant": {**grant, "services": ["*pay"]}}, "#/grant/services/0")
    yield _proposed("over before", {"grant": {**grant, "until": "2026-01-01T00:00:00Z"}}, slug=contradictory)
    yield _proposed("the same", {"grant": {**grant, "holder": ANN}}, status=409, slug="nothing-to-change")
    yield _proposed(
        "duties", {"grant": {"role": "recorder", "holder": ANN}}, status=409, slug="segregated-duties"
    )
    yield _proposed("no grant", {"revoke_grant": {"number": 99}}, status=404, slug="unknown-access")
    yield _proposed("no link", {"unlink": {"one": ANN, "other": BEN}}, status=404, slug="unknown-access")
    yield _proposed("no bot", {"not_bot": {"identity": BEN}}, status=404, slug="unknown-access")
    yield _proposed("nobody's bot", {"bot": {}}, "#/bot/identity")
    yield _proposed("a person as a bot", {"bot": {"identity": ANN}}, slug=contradictory)
    yield _proposed("itself", {"link": {"one": ANN, "other": ANN, "how": "stated"}}, slug="malformed-value")
    yield _proposed("no way", {"link": {"one": ANN, "other": BEN, "how": "hearsay"}}, "#/link/how")


def _issuers_and_bindings() -> Iterator[Case]:
    def issuer(what: str, *places: str, slug: str = "malformed-value", **changes: Any) -> Case:
        said = {name: value for name, value in {**ISSUER, **changes}.items() if value is not ABSENT}
        return _proposed(f"issuer {what}", {"issuer": said}, *places, slug="" if places else slug)

    def binding(what: str, *places: str, slug: str = "contradictory-report", **changes: Any) -> Case:
        said = {**BINDING, **changes}
        return _proposed(f"binding {what}", {"binding": said}, *places, slug="" if places else slug)

    yield issuer("in clear", url="http://ci.example")
    yield issuer("with a shared secret", algorithms=["HS256"])
    yield issuer("of no platform", "#/issuer/platform", platform="jenkins")
    yield issuer("for two hours", "#/issuer/seconds_max", seconds_max=7200)
    yield issuer("without keys", slug="contradictory-report", jwks_url=ABSENT)
    yield issuer("with a private key", jwks_url=ABSENT, jwks='{"keys":[{"kty":"oct","k":"AAAA"}]}')
    yield issuer("with keys that are none", jwks_url=ABSENT, jwks=HIDDEN)
    yield issuer("with no key of use", jwks_url=ABSENT, jwks='{"keys":[{"kty":"RSA","use":"enc"}]}')
    yield binding("by sub", rules={**BINDING["rules"], "sub": ["repo:acme/payments"]})
    yield binding("by name alone", rules={"repository": ["acme/payments"]})
    yield binding("by a pattern", slug="malformed-value", rules={**BINDING["rules"], "ref": ["refs/*"]})
    yield binding("to approve", role=None, scopes=["promotion:approve"])
    yield binding("to no scope", "#/binding/scopes/0", role=None, scopes=["report"])
    yield binding("for an hour", "#/binding/seconds", seconds=3600)
    yield _proposed("no binding", {"remove_binding": {"name": "x"}}, status=404, slug="unknown-access")
    unknown = {**BINDING, "issuer": "https://ci.example"}
    yield _proposed("a binding to nobody", {"binding": unknown}, status=404, slug="unknown-access")


def _settlements() -> Iterator[Case]:
    settle = f"{PROPOSALS}/99:settle"
    yield posted(settle, "no such proposal", {"confirmed": True}, status=404, slug="unknown-proposal")
    yield posted(settle, "no answer", {}, "#/confirmed")
    yield other("POST", f"{PROPOSALS}/x:settle", 404, "unknown-path")


def _tokens() -> Iterator[Case]:
    def token(what: str, *places: str, slug: str = "", status: int = 422, **changes: Any) -> Case:
        return posted(TOKENS, f"token {what}", {**TOKEN, **changes}, *places, slug=slug, status=status)

    yield token("without an end", "#/expires_at", expires_at=None)
    yield token("for more than a year", slug="malformed-value", expires_at=LATE)
    yield token("that has ended", slug="malformed-value", expires_at="2026-01-01T00:00:00Z")
    yield token("to approve", slug="contradictory-report", scopes=["promotion:approve"])
    yield token("to issue tokens", slug="contradictory-report", scopes=["token:issue"])
    yield token("for nothing", "#/scopes", scopes=[])
    yield token("from no network", slug="malformed-value", networks=["10.0.0.1/8"])
    yield token("of an auditor", status=409, slug="segregated-duties", holder=ANN)
    none = f"{TOKENS}/NoSuchToken1"
    yield posted(f"{none}:rotate", "nothing to rotate", {}, status=404, slug="unknown-access")
    yield posted(f"{none}:rotate", "grace of a month", {"grace_seconds": 2_592_000}, "#/grace_seconds")
    yield posted(f"{none}:revoke", "nothing to revoke", {"reason": "left"}, status=404, slug="unknown-access")
    yield posted(f"{none}:revoke", "no reason", {}, "#/reason")
    yield posted(f"{TOKENS}/short:revoke", "no id", {"reason": "left"}, "token")


def _exchanges() -> Iterator[Case]:
    good = {"grant_type": GRANT_TYPE, "subject_token": HIDDEN, "subject_token_type": TOKEN_TYPES[0]}
    wrong: dict[str, Document] = {
        "nothing": {},
        "another grant": {**good, "grant_type": "client_credentials"},
        "no token": {name: text for name, text in good.items() if name != "subject_token"},
        "another type of token": {**good, "subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        "for another type": {**good, "requested_token_type": TOKEN_TYPES[0]},
        "for a resource": {**good, "resource": "https://ledger.example"},
        "for somebody else": {**good, "actor_token": HIDDEN, "actor_token_type": TOKEN_TYPES[0]},
        "a mistyped parameter": {**good, "audiance": "payments-ci"},
        "an empty parameter": {**good, "audience": ""},
        "a token that is none": good,
    }
    for what, form in wrong.items():
        yield _exchange(what, urlencode(form))
    yield _exchange("a parameter twice", urlencode([*good.items(), ("scope", "read"), ("scope", "trust")]))
    yield _exchange("not UTF-8", "grant_type=%ff")
    yield Case("exchange: as JSON", "POST", "/v1/token", 415, "unsupported-media-type", (), b"{}", JSON)
    yield Case("exchange: too much", "POST", "/v1/token", 413, "too-large", (), b"a" * 65_537, FORM)


def _sessions() -> Iterator[Case]:
    yield other("DELETE", "/v1/session?all=true", 422, "invalid-request", "all")
    for path in ("/v1/access/names:forget", "/v1/access/sessions:end"):
        yield posted(path, "nobody", {"issuer": "https://sso.example"}, "#/subject")


def _exchange(what: str, form: str) -> Case:
    body = form.encode()
    return Case(f"exchange: {what}", "POST", "/v1/token", 400, "exchange-refused", (), body, FORM)
