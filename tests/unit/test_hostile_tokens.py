"""Tokens that must be refused, each for its reason, and nothing of them believed."""

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest

from adapters.identity import jwks
from adapters.identity.compact import TOKEN_LENGTH_MAX
from adapters.identity.jwks import Key
from adapters.identity.tokens import WorkloadTokens
from domain.access.binding import Binding, Rule
from domain.access.issuer import Platform, TrustedIssuer
from domain.access.reach import Reach
from domain.access.roles import Role
from domain.errors import CredentialRefused
from tests.issuer import AUDIENCE, NOW, SECONDS, URLS, Issuer, base64url, new_key, trusted

HERE = {platform: Issuer(platform) for platform in Platform}
"""Made once: a key takes a while."""
GITHUB, GITLAB, BUILDKITE = HERE[Platform.GITHUB], HERE[Platform.GITLAB], HERE[Platform.BUILDKITE]
RSA = Issuer(keys={"RS256": new_key("RS256", "r1")})
STRANGER = Issuer(keys={"ES256": new_key("ES256", "k1")})
UUID = "0184990a-0000-4000-8000-000000000000"


class Known:
    """The keys of the issuers above, as their key sets say them."""

    def find(self, issuer: TrustedIssuer, algorithm: str, kid: str | None) -> Key | None:
        mine = HERE[issuer.platform]
        every = {**mine.keys, **RSA.keys} if issuer.platform is Platform.GITHUB else mine.keys
        return jwks.read(Issuer(keys=every).jwks()).find(algorithm, kid)


def verify(token: str, **said: Any) -> Any:
    def find(url: str) -> TrustedIssuer | None:
        platform = next((each for each, known in URLS.items() if known == url), None)
        return None if platform is None else trusted(platform, **said)

    return WorkloadTokens(Known()).verify(token, find, at=NOW)


def header(**said: Any) -> Callable[[], str]:
    return lambda: GITHUB.token(header=said)


def claims(issuer: Issuer = GITHUB, **said: Any) -> Callable[[], str]:
    return lambda: issuer.token(**said)


def unsigned(algorithm: str) -> str:
    head = base64url(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    return f"{head}.{base64url(json.dumps(GITHUB.claims()).encode())}."


def confused() -> str:
    """Sign with the public key as if it were a shared secret."""
    head = base64url(b'{"alg":"HS256","kid":"r1","typ":"JWT"}')
    body = base64url(json.dumps(RSA.claims()).encode())
    public = RSA.keys["RS256"].as_pem(private=False)
    return f"{head}.{body}.{base64url(hmac.digest(public, f'{head}.{body}'.encode(), 'sha256'))}"


def changed(part: int, how: Callable[[str], str]) -> Callable[[], str]:
    def make() -> str:
        parts = GITHUB.token().split(".")
        parts[part] = how(parts[part])
        return ".".join(parts)

    return make


def payload(text: str) -> Callable[[], str]:
    return lambda: GITHUB.signed(text.encode())


def with_claims(extra: str) -> Callable[[], str]:
    """Write *extra* into the claims as it is, which no dictionary could hold."""
    return payload(json.dumps(GITHUB.claims())[:-1] + extra + "}")


def other_claims(text: str) -> str:
    said = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return base64url(json.dumps({**said, "repository_id": "42"}).encode())


HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: unsigned("none"), "alg is 'none'"),
    "alg None": (lambda: unsigned("None"), "alg is 'None'"),
    "alg nOnE": (lambda: unsigned("nOnE"), "alg is 'nOnE'"),
    "no alg": (header(alg=None), "alg is None"),
    "alg a number": (header(alg=256), "alg is 256"),
    "alg a list": (header(alg=["ES256"]), "alg is"),
    "key confusion: the public key as a shared secret": (confused, "alg is 'HS256'"),
    "key confusion: another algorithm's key": (header(alg="RS256"), "no key 'k1' for RS256"),
    "an algorithm that is known but not agreed on": (header(alg="ES384"), "alg is 'ES384'"),
    "PS256": (header(alg="PS256"), "alg is 'PS256'"),
    "signed by a stranger under our key's name": (STRANGER.token, "does not verify"),
    "an unknown key": (header(kid="k2"), "no key 'k2'"),
    "kid with a path": (header(kid="../../../../dev/null"), "no key"),
    "kid with a blank": (header(kid="k1 "), "kid is"),
    "kid with SQL": (header(kid="k1' OR '1'='1"), "kid is"),
    "kid with a NUL": (header(kid="k1\0"), "kid is"),
    "kid a number": (header(kid=1), "kid is 1"),
    "kid an object": (header(kid={"$ne": ""}), "kid is"),
    "kid of 300 characters": (header(kid="k" * 300), "kid is"),
    "kid empty": (header(kid=""), "kid is ''"),
    "a key in the header": (header(jwk={"kty": "EC"}), "the header has 'jwk'"),
    "a URL of keys in the header": (header(jku="https://evil.example/jwks"), "the header has 'jku'"),
    "a certificate in the header": (header(x5c=["MII"]), "the header has 'x5c'"),
    "a URL of certificates": (header(x5u="https://evil.example"), "the header has 'x5u'"),
    "crit": (header(crit=["exp"]), "the header has 'crit'"),
    "b64": (header(b64=False), "the header has 'b64'"),
    "zip": (header(zip="DEF"), "the header has 'zip'"),
    "an encrypted token's typ": (header(typ="JWE"), "typ is 'JWE'"),
    "typ a list": (header(typ=["JWT"]), "typ is"),
    "a logout token": (header(typ="logout+jwt"), "a logout token"),
    "five parts": (lambda: GITHUB.token() + ".a.b", "a token of 5 parts"),
    "two parts": (lambda: GITHUB.token().rpartition(".")[0], "a token of 2 parts"),
    "empty": (lambda: "", "a token of 1 parts"),
    "oversized": (lambda: GITHUB.token(padding="x" * TOKEN_LENGTH_MAX), "characters, at most"),
    "a claim changed": (changed(1, other_claims), "does not verify"),
    "the signature cut": (changed(2, lambda text: text[:-6]), "does not verify"),
    "the signature empty": (changed(2, lambda _: ""), "does not verify"),
    "padding": (changed(2, lambda text: text + "=="), "one spelling"),
    "stray bits in base64url": (changed(0, lambda text: text + "\n"), "base64url"),
    "plain base64": (changed(0, lambda text: text + "+/"), "base64url"),
    "not ASCII": (changed(1, lambda text: text + "é"), "base64url"),
    "claims that are a list": (payload("[]"), "no object"),
    "claims that are no JSON": (payload("{"), "cannot be read"),
    "claims with NaN": (with_claims(',"x":NaN'), "cannot be read"),
    "duplicate claims": (with_claims(',"repository_id":"41"'), "given twice"),
    "duplicate claims inside an object": (with_claims(',"x":{"a":1,"a":2}'), "given twice"),
    "a claim beside its own path": (with_claims(',"x":{"a":1},"x.a":2'), "given twice"),
    "a bomb of brackets": (payload("[" * 5000 + "]" * 5000), "nested deeper"),
    "a byte order mark": (payload("\ufeff{}"), "cannot be read"),
    "no issuer": (claims(iss=None), "iss is None"),
    "a list of issuers": (claims(iss=[URLS[Platform.GITHUB]]), "iss is"),
    "a foreign issuer": (claims(iss="https://evil.example"), "is not listened to"),
    "the issuer with a slash more": (claims(iss=URLS[Platform.GITHUB] + "/"), "is not listened to"),
    "the issuer in capitals": (claims(iss=URLS[Platform.GITHUB].upper()), "is not listened to"),
    "a wrong audience": (claims(aud="https://github.com/acme"), "aud is"),
    "our audience among others": (claims(aud=[AUDIENCE, "sigstore"]), "aud is"),
    "no audience": (claims(aud=None), "aud is None"),
    "an audience that begins like ours": (claims(aud=AUDIENCE + "-staging"), "aud is"),
    "expired": (claims(exp=SECONDS - 31), "expired"),
    "no expiry": (claims(exp=None), "exp is None"),
    "expiry as text": (claims(exp=str(SECONDS + 60)), "exp is"),
    "expiry true": (claims(exp=True), "exp is True"),
    "expiry beyond time": (claims(exp=10**17), "exp is"),
    "issued in the future": (claims(iat=SECONDS + 31, nbf=None), "not good before"),
    "not yet good": (claims(nbf=SECONDS + 60), "not good before"),
    "issued never": (claims(iat=None), "iat is None"),
    "good for two hours": (claims(exp=SECONDS + 7200), "at most 3600 s"),
    "over before it began": (claims(iat=SECONDS + 10, exp=SECONDS + 5, nbf=None), "is good for"),
    "jti a number": (claims(jti=5), "jti is 5"),
    "jti empty": (claims(jti=""), "jti is ''"),
    "no subject": (claims(sub=None), "sub is None"),
    "GitHub without the repository's number": (claims(repository_id=None), "repository_id is None"),
    "GitHub without the owner's number": (claims(repository_owner_id=None), "repository_owner_id is None"),
    "GitHub with a name for a number": (claims(repository_id="acme/payments"), "repository_id is"),
    "GitHub with a true number": (claims(repository_id=41), "repository_id is 41"),
    "GitLab with a true boolean": (claims(GITLAB, ref_protected=True), "expected the text"),
    "GitLab with True": (claims(GITLAB, ref_protected="True"), "expected the text"),
    "GitLab without the project's number": (claims(GITLAB, project_id=None), "project_id is None"),
    "GitLab with an empty namespace": (claims(GITLAB, namespace_id=""), "namespace_id is ''"),
    "Buildkite without the organisation": (claims(BUILDKITE, organization_id=None), "organization_id is"),
    "Buildkite with the organisation's name": (
        claims(BUILDKITE, organization_id="acme"),
        "organization_id is",
    ),
    "Google with an address": (claims(HERE[Platform.GOOGLE], sub="ci@acme.example"), "sub is"),
    "Kubernetes without the account's UID": (
        claims(HERE[Platform.KUBERNETES], **{"kubernetes.io": {"namespace": "payments"}}),
        "kubernetes.io.serviceaccount.uid is None",
    ),
    "another issuer without what tells tenants apart": (
        claims(HERE[Platform.OTHER], tenant_uuid=None),
        "tenant_uuid is None",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    make, reason = HOSTILE[name]
    with pytest.raises(CredentialRefused) as refused:
        verify(make())
    assert reason in refused.value.why
    assert str(refused.value) == "the credential is not accepted"


@pytest.mark.parametrize("platform", Platform)
def test_a_good_token_of_each_platform_is_accepted(platform: Platform) -> None:
    vouched = verify(HERE[platform].token())
    assert vouched.issuer.platform is platform
    assert vouched.subject == HERE[platform].claims()["sub"]


def test_an_algorithm_is_agreed_on_for_each_issuer() -> None:
    with pytest.raises(CredentialRefused) as refused:
        verify(GITHUB.token(), algorithms=("RS256",))
    assert "expected RS256" in refused.value.why


def test_the_same_token_has_the_same_mark_however_it_is_signed() -> None:
    one, other = verify(GITHUB.token()), verify(GITHUB.token())
    assert one.once == other.once  # ECDSA signs differently each time; the jti is what counts
    assert one.once != verify(GITHUB.token(jti="j-2")).once
    assert one.once != verify(GITLAB.token()).once


def binding(platform: Platform, **rules: str) -> Binding:
    return Binding(
        name="ci",
        issuer=URLS[platform],
        rules=tuple(Rule(claim, (rules[claim],)) for claim in sorted(rules)),
        reach=Reach(),
        role=Role.RECORDER,
    )


ON_GITHUB = binding(Platform.GITHUB, repository_id="41", repository_owner_id="7", ref="refs/tags/v1.4.0")
ON_GITLAB = binding(Platform.GITLAB, project_id="41", namespace_id="7", ref_protected="true")
ON_BUILDKITE = binding(
    Platform.BUILDKITE,
    organization_id="0184990a-477b-4fa8-9968-496074483cee",
    pipeline_id="0184990a-4782-42b5-afc1-16715b10b8ff",
)
UNBOUND: dict[str, tuple[Issuer, Binding, dict[str, Any]]] = {
    "a repository made again under the old name": (GITHUB, ON_GITHUB, {"repository_id": "99"}),
    "an owner that took over the name": (GITHUB, ON_GITHUB, {"repository_owner_id": "99"}),
    "a pull request of a fork": (GITHUB, ON_GITHUB, {"event_name": "pull_request"}),
    "a pull request with the target's rights": (GITHUB, ON_GITHUB, {"event_name": "pull_request_target"}),
    "another ref": (GITHUB, ON_GITHUB, {"ref": "refs/heads/main"}),
    "a ref that ends alike": (GITHUB, ON_GITHUB, {"ref": "refs/heads/refs/tags/v1.4.0"}),
    "no event": (GITHUB, ON_GITHUB, {"event_name": None}),
    "a ref that is not protected": (GITLAB, ON_GITLAB, {"ref_protected": "false"}),
    "a fork's project": (GITLAB, ON_GITLAB, {"project_id": "99"}),
    "a fork's job in the project's name": (GITLAB, ON_GITLAB, {"job_project_id": "99"}),
    "a foreign organisation of Buildkite's": (BUILDKITE, ON_BUILDKITE, {"organization_id": UUID}),
    "another pipeline": (BUILDKITE, ON_BUILDKITE, {"pipeline_id": UUID}),
}


@pytest.mark.parametrize("name", UNBOUND)
def test_a_true_token_of_somebody_else_is_bound_to_nothing(name: str) -> None:
    issuer, bound, said = UNBOUND[name]
    good, other = verify(issuer.token()), verify(issuer.token(**said))
    assert bound.matches(good.claims, good.issuer)
    assert not bound.matches(other.claims, other.issuer)
