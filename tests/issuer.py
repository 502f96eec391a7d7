"""An issuer of tokens: keys that can be rotated, tokens of every platform, a server of its keys."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from domain.access.issuer import Platform, TrustedIssuer

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
AUDIENCE = "shiplog:ledger-of-acme"
URLS: Mapping[Platform, str] = {
    Platform.GITHUB: "https://token.actions.githubusercontent.com",
    Platform.GITLAB: "https://gitlab.acme.example",
    Platform.BUILDKITE: "https://agent.buildkite.com",
    Platform.GOOGLE: "https://accounts.google.com",
    Platform.KUBERNETES: "https://cluster.acme.example",
    Platform.OTHER: "https://ci.acme.example",
}
CLAIMS: Mapping[Platform, Mapping[str, Any]] = {
    Platform.GITHUB: {
        "sub": "repo:acme@7/payments@41:environment:prod",
        "repository": "acme/payments",
        "repository_id": "41",
        "repository_owner": "acme",
        "repository_owner_id": "7",
        "repository_visibility": "private",
        "ref": "refs/tags/v1.4.0",
        "sha": "a" * 40,
        "event_name": "push",
        "workflow_ref": "acme/payments/.github/workflows/release.yml@refs/tags/v1.4.0",
        "workflow_sha": "a" * 40,
        "job_workflow_ref": "acme/payments/.github/workflows/release.yml@refs/tags/v1.4.0",
        "job_workflow_sha": "a" * 40,
        "run_id": "4711",
        "run_attempt": "1",
        "runner_environment": "github-hosted",
        "environment": "prod",
    },
    Platform.GITLAB: {
        "sub": "project_path:acme/payments:ref_type:tag:ref:v1.4.0",
        "project_path": "acme/payments",
        "project_id": "41",
        "namespace_path": "acme",
        "namespace_id": "7",
        "ref": "v1.4.0",
        "ref_type": "tag",
        "ref_path": "refs/tags/v1.4.0",
        "ref_protected": "true",
        "sha": "a" * 40,
        "ci_config_ref_uri": "gitlab.acme.example/acme/payments//.gitlab-ci.yml@refs/tags/v1.4.0",
        "ci_config_sha": "a" * 40,
        "pipeline_source": "push",
        "pipeline_id": "99",
        "job_id": "4711",
        "runner_environment": "gitlab-hosted",
    },
    Platform.BUILDKITE: {
        "sub": "organization:acme:pipeline:payments:ref:refs/heads/main:commit:" + "a" * 40,
        "organization_slug": "acme",
        "organization_id": "0184990a-477b-4fa8-9968-496074483cee",
        "pipeline_slug": "payments",
        "pipeline_id": "0184990a-4782-42b5-afc1-16715b10b8ff",
        "build_number": 12,
        "build_branch": "main",
        "build_commit": "a" * 40,
        "runner_environment": "self-hosted",
    },
    Platform.GOOGLE: {"sub": "104892101231231231231", "email": "ci@acme.example", "email_verified": True},
    Platform.KUBERNETES: {
        "sub": "system:serviceaccount:payments:deployer",
        "kubernetes.io": {
            "namespace": "payments",
            "serviceaccount": {"name": "deployer", "uid": "0184990a-477b-4fa8-9968-496074483cee"},
            "pod": {"name": "deployer-0", "uid": "0184990a-4782-42b5-afc1-16715b10b8ff"},
        },
    },
    Platform.OTHER: {"sub": "payments", "tenant_uuid": "t-1"},
}


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def trusted(platform: Platform = Platform.GITHUB, **said: Any) -> TrustedIssuer:
    """Return the issuer as it is agreed on, unless *said* otherwise."""
    url = URLS[platform]
    usual: dict[str, Any] = {
        "url": url,
        "platform": platform,
        "audience": AUDIENCE,
        "algorithms": ("ES256", "EdDSA", "RS256"),
        "jwks_url": f"{url}/jwks",
        "identifying": ("tenant_uuid",) if platform is Platform.OTHER else None,
    }
    return TrustedIssuer(**{**usual, **said})


def new_key(algorithm: str = "ES256", kid: str = "k1") -> RSAKey | ECKey | OKPKey:
    match algorithm:
        case "RS256":
            return RSAKey.generate_key(2048, {"kid": kid}, auto_kid=False)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519", {"kid": kid}, auto_kid=False)
        case _:
            return ECKey.generate_key("P-256", {"kid": kid}, auto_kid=False)


@dataclass
class Issuer:
    """Keys by algorithm; the first one signs unless a token says otherwise."""

    platform: Platform = Platform.GITHUB
    keys: dict[str, RSAKey | ECKey | OKPKey] = field(default_factory=lambda: {"ES256": new_key()})
    url: str = ""

    def claims(self, **said: Any) -> dict[str, Any]:
        """Return what a good token says, changed by *said*; a claim that is said to be None is left out."""
        usual = {
            "iss": self.url or URLS[self.platform],
            "aud": AUDIENCE,
            "iat": SECONDS - 10,
            "nbf": SECONDS - 10,
            "exp": SECONDS + 290,
            "jti": "j-1",
            **CLAIMS[self.platform],
        }
        return {name: value for name, value in {**usual, **said}.items() if value is not None}

    def token(self, *, header: Mapping[str, Any] | None = None, **said: Any) -> str:
        """Return a good token, changed by *said*."""
        return self.signed(json.dumps(self.claims(**said)).encode(), header=header)

    def signed(
        self, payload: bytes, *, header: Mapping[str, Any] | None = None, algorithm: str | None = None
    ) -> str:
        name = algorithm or next(iter(self.keys))
        key = self.keys[name]
        full = {"alg": name, "kid": str(key.kid), "typ": "JWT", **(header or {})}
        protected = base64url(json.dumps({n: v for n, v in full.items() if v is not None}).encode())
        signature = sign(name, key, f"{protected}.{base64url(payload)}".encode())
        return f"{protected}.{base64url(payload)}.{base64url(signature)}"

    def jwks(self) -> bytes:
        """Return the public keys as they are published."""
        listed = [
            {**key.as_dict(private=False), "alg": name, "use": "sig"} for name, key in self.keys.items()
        ]
        return json.dumps({"keys": listed}).encode()


def sign(algorithm: str, key: RSAKey | ECKey | OKPKey, content: bytes) -> bytes:
    """Return the raw signature of *content*, whatever the header in it says."""
    return JWSRegistry.algorithms[algorithm].sign(content, key)


@contextmanager
def published(issuer: Issuer) -> Iterator[str]:
    """Serve the keys of *issuer* on loopback, as they are at each request; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = issuer.jwks()
            moved = self.path == "/moved"
            self.send_response(302 if moved else 200)
            if moved:
                self.send_header("Location", "/jwks")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
