"""A whole Sigstore instance in memory: authority, certificate log, two transparency logs, timestamps.

It makes evidence that is really signed, so that a test can break one thing and nothing else. It keeps its
own time and makes its own keys; it is for tests only and protects nothing.
"""

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.mini_sigstore_der import octets, timestamp, utf8_string
from tests.mini_sigstore_log import Log, b64, canonical

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN_TOTO = "application/vnd.in-toto+json"
ISSUER = "https://token.actions.githubusercontent.com"
IDENTITY = "https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main"
CLAIMS: Mapping[int, str] = {
    9: IDENTITY,
    10: "a" * 40,
    11: "github-hosted",
    12: "https://github.com/acme/app",
    13: "a" * 40,
    14: "refs/heads/main",
    15: "1001",
    16: "https://github.com/acme",
    17: "2002",
    18: IDENTITY,
    19: "a" * 40,
    20: "push",
    21: "https://github.com/acme/app/actions/runs/7/attempts/1",
    22: "public",
    23: "production",
    24: "repo:acme/app:environment:production",
}
_ARC = "1.3.6.1.4.1.57264.1"
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_BASIC = (False,) * 9
_SIGNS = x509.KeyUsage(True, *_BASIC[1:])
_CERTIFIES = x509.KeyUsage(False, False, False, False, False, True, True, False, False)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def spki(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pae(payload_type: str, payload: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


def sign(key: PrivateKey, message: bytes, hashed_by: hashes.HashAlgorithm | None = None) -> bytes:
    """Sign as that kind of key usually does."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashed_by or hashes.SHA256()))


def statement(subjects: Sequence[Mapping[str, Any]], **changes: Any) -> bytes:
    """A Statement; *changes* replace its parts."""
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": list(subjects),
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {"buildType": "t"}, "runDetails": {"builder": {"id": "b"}}},
    }
    return json.dumps({**document, **changes}).encode()


@dataclass(frozen=True)
class Leaf:
    """A signer: a key and what the authority says of it."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass
class MiniSigstore:
    """An instance. Everything happens at *now* unless a test says otherwise."""

    now: datetime = NOON
    start: datetime = NOON - timedelta(days=2)
    _serial: int = field(default=1)

    def __post_init__(self) -> None:
        self.root_key, self.root = self._authority("mini-root", None, None)
        self.key, self.intermediate = self._authority("mini-intermediate", self.root, self.root_key)
        self.certificate_log_key = p256()
        self.tsa_root_key, self.tsa_root = self._authority("mini-tsa-root", None, None)
        self.tsa_key = p256()
        self.tsa = self._leaf(
            "mini-tsa", self.tsa_key, self.tsa_root, self.tsa_root_key, ExtendedKeyUsageOID.TIME_STAMPING
        )
        key, later = p256(), ed25519.Ed25519PrivateKey.generate()
        self.log_key, self.later_log_key = key, later
        self.log = Log("rekor.mini - 1", hashlib.sha256(spki(key)).digest(), lambda m: sign(key, m))
        origin = "log2.mini"
        note_id = hashlib.sha256(origin.encode() + b"\n\x01" + later.public_key().public_bytes_raw()).digest()
        self.later_log = Log(origin, note_id, lambda m: sign(later, m))

    # The authority -------------------------------------------------------------------------------------

    def leaf(
        self,
        *,
        key: PrivateKey | None = None,
        claims: Mapping[int, str] = CLAIMS,
        identity: str = IDENTITY,
        issuer: str = ISSUER,
        since: datetime | None = None,
        logged: bool = True,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
        extra: Sequence[tuple[int, bytes]] = (),
    ) -> Leaf:
        """Issue a certificate for ten minutes from *since*."""
        key, since = key or p256(), since or self.now
        name: x509.GeneralName = x509.UniformResourceIdentifier(identity)
        if "@" in identity and "://" not in identity:
            name = x509.RFC822Name(identity)
        build = self._builder(x509.Name([]), key, self.intermediate, self.key, since=since, days=10 / 1440)
        build = build.add_extension(_SIGNS, critical=True)
        build = build.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        build = build.add_extension(x509.SubjectAlternativeName([name]), critical=True)
        said = {1: issuer.encode(), 8: utf8_string(issuer)}
        said |= {number: utf8_string(text) for number, text in claims.items()} | dict(extra)
        for number, value in sorted(said.items()):
            oid = x509.ObjectIdentifier(f"{_ARC}.{number}")
            build = build.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
        before = build.sign(self.key, hashes.SHA384())
        if not logged:
            return Leaf(key, before)
        taken = x509.UnrecognizedExtension(_SCT_LIST, self._taken(before, since))
        return Leaf(key, build.add_extension(taken, critical=False).sign(self.key, hashes.SHA384()))

    def _taken(self, before: x509.Certificate, at: datetime) -> bytes:
        """The certificate log's promise to take *before* (RFC 6962, sections 3.2 and 3.3)."""
        millis, body = int(at.timestamp() * 1000), before.tbs_certificate_bytes
        issuer = hashlib.sha256(spki(self.key)).digest()
        signed = struct.pack("!BBQH", 0, 0, millis, 1) + issuer + len(body).to_bytes(3) + body + b"\0\0"
        signature = sign(self.certificate_log_key, signed)
        log_id = hashlib.sha256(spki(self.certificate_log_key)).digest()
        one = b"\0" + log_id + struct.pack("!Q", millis) + b"\0\0\x04\x03"
        one += struct.pack("!H", len(signature)) + signature
        listed = struct.pack("!H", len(one)) + one
        return octets(struct.pack("!H", len(listed)) + listed)

    def _authority(
        self, name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP384R1())
        by = issuer_key or key
        build = self._builder(_name(name), key, issuer, by, since=self.start, days=3650)
        build = build.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        build = build.add_extension(_CERTIFIES, critical=True)
        return key, build.sign(by, hashes.SHA384())

    def _leaf(
        self,
        name: str,
        key: PrivateKey,
        issuer: x509.Certificate,
        by: ec.EllipticCurvePrivateKey,
        usage: x509.ObjectIdentifier,
    ) -> x509.Certificate:
        build = self._builder(_name(name), key, issuer, by, since=self.start, days=3650)
        build = build.add_extension(_SIGNS, critical=True)
        return build.add_extension(x509.ExtendedKeyUsage([usage]), critical=True).sign(by, hashes.SHA384())

    def _builder(
        self,
        subject: x509.Name,
        key: PrivateKey,
        issuer: x509.Certificate | None,
        by: CertificateIssuerPrivateKeyTypes,
        *,
        since: datetime,
        days: float,
    ) -> x509.CertificateBuilder:
        self._serial += 1
        build = x509.CertificateBuilder(issuer.subject if issuer else subject, subject, key.public_key())
        build = (
            build.serial_number(self._serial)
            .not_valid_before(since)
            .not_valid_after(since + timedelta(days=days))
        )
        build = build.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
        return build.add_extension(identifier, critical=False) if issuer else build

    # The logs and the clock ----------------------------------------------------------------------------

    def stamp(self, signature: bytes, at: datetime | None = None) -> bytes:
        """Say that *signature* was seen."""
        self._serial += 1
        return timestamp(
            signature, at=at or self.now, serial=self._serial, certificate=self.tsa, key=self.tsa_key
        )

    def entry(
        self, kind: str, signer: Leaf | PrivateKey, payload: bytes, signature: bytes, **spec: Any
    ) -> dict[str, Any]:
        """Log a signature over *payload* (a message, or of an envelope) as the given kind of entry."""
        body = canonical({**_body(kind, signer, payload, signature), **spec})
        if kind == "hashedrekord/0.0.2":
            return self.later_log.entry(kind, body, integrated_time=None)
        return self.log.entry(kind, body, integrated_time=int(self.now.timestamp()))

    # What is trusted -----------------------------------------------------------------------------------

    def trusted_root(self, *parts: str, **changes: Any) -> bytes:
        """The root file, with all its *parts* or those that are named."""
        span = {"start": self.start.strftime("%Y-%m-%dT%H:%M:%SZ")}

        def key(of: PrivateKey, details: str) -> dict[str, Any]:
            return {"rawBytes": b64(spki(of)), "keyDetails": details, "validFor": span}

        def authority(uri: str, *chain: x509.Certificate) -> dict[str, Any]:
            raw = [{"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in chain]
            subject = {"organization": "mini", "commonName": "mini"}
            return {"subject": subject, "uri": uri, "certChain": {"certificates": raw}, "validFor": span}

        def log(url: str, log_id: bytes, of: PrivateKey, details: str) -> dict[str, Any]:
            return {
                "baseUrl": url,
                "hashAlgorithm": "SHA2_256",
                "publicKey": key(of, details),
                "logId": {"keyId": b64(log_id)},
            }

        details, taker = "PKIX_ECDSA_P256_SHA_256", self.certificate_log_key
        everything: dict[str, Any] = {
            "tlogs": [
                log("https://rekor.mini", self.log.id, self.log_key, details),
                log("https://log2.mini", self.later_log.id, self.later_log_key, "PKIX_ED25519"),
            ],
            "certificateAuthorities": [authority("https://fulcio.mini", self.intermediate, self.root)],
            "ctlogs": [log("https://ct.mini", hashlib.sha256(spki(taker)).digest(), taker, details)],
            "timestampAuthorities": [authority("https://tsa.mini", self.tsa, self.tsa_root)],
        }
        kept = {name: everything[name] for name in parts or everything}
        media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
        return json.dumps({"mediaType": media_type, **kept, **changes}).encode()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _body(kind: str, signer: Leaf | PrivateKey, payload: bytes, signature: bytes) -> dict[str, Any]:
    """What each kind of entry says; *payload* is an envelope's, or what a message signature is over."""
    name, version = kind.split("/")
    holder = signer.pem if isinstance(signer, Leaf) else pem(signer)
    digest = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
    spec: dict[str, Any]
    match kind:
        case "dsse/0.0.1":
            signatures = [{"signature": b64(signature), "verifier": b64(holder)}]
            spec = {"envelopeHash": digest, "payloadHash": digest, "signatures": signatures}
        case "hashedrekord/0.0.1":
            spec = {
                "data": {"hash": digest},
                "signature": {"content": b64(signature), "publicKey": {"content": b64(holder)}},
            }
        case "intoto/0.0.1":
            spec = {"content": {"hash": digest, "payloadHash": digest}, "publicKey": b64(holder)}
        case "intoto/0.0.2":
            one = {"sig": b64(b64(signature).encode()), "publicKey": b64(holder)}
            envelope = {"payloadType": IN_TOTO, "signatures": [one]}
            spec = {"content": {"envelope": envelope, "hash": digest, "payloadHash": digest}}
        case "hashedrekord/0.0.2":
            verifier: dict[str, Any] = {"keyDetails": "PKIX_ECDSA_P256_SHA_256"}
            if isinstance(signer, Leaf):
                verifier["x509Certificate"] = {"rawBytes": b64(signer.der)}
            else:
                verifier["publicKey"] = {"rawBytes": b64(spki(signer))}
            hashed = {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(payload).digest())}
            spec = {
                "hashedRekordV002": {
                    "data": hashed,
                    "signature": {"content": b64(signature), "verifier": verifier},
                }
            }
        case _:
            raise AssertionError(kind)
    return {"apiVersion": version, "kind": name, "spec": spec}
