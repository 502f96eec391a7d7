"""Just enough DER to write RFC 3161 tokens (X.690; RFC 5652, section 5; RFC 3161, section 2.4)."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

SHA_256 = "2.16.840.1.101.3.4.2.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_ECDSA_SHA_256 = "1.2.840.10045.4.3.2"
_NULL = b"\x05\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: tag, length in its shortest form, value."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def octets(value: bytes) -> bytes:
    return tlv(0x04, value)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def utf8_string(value: str) -> bytes:
    return tlv(0x0C, value.encode())


def oid(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    found = bytes((first * 40 + second,))
    for arc in others:
        low = bytes((arc & 0x7F,))
        while arc := arc >> 7:
            low = bytes((0x80 | arc & 0x7F,)) + low
        found += low
    return tlv(0x06, found)


def timestamp(
    message: bytes,
    *,
    at: datetime,
    serial: int,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """A TimeStampResp in which the authority says that it saw *message*."""
    algorithm = sequence(oid(SHA_256), _NULL)
    info = sequence(
        integer(1),
        oid("1.3.6.1.4.1.57264.2"),
        sequence(algorithm, octets(hashlib.sha256(message).digest())),
        integer(serial),
        tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").encode()),
    )
    der = certificate.public_bytes(Encoding.DER)
    named = sequence(sequence(sequence(octets(hashlib.sha256(der).digest()))))
    attributes = set_of(
        sequence(oid(_CONTENT_TYPE), set_of(oid(_TST_INFO))),
        sequence(oid(_MESSAGE_DIGEST), set_of(octets(hashlib.sha256(info).digest()))),
        sequence(oid(_SIGNING_CERTIFICATE_V2), set_of(named)),
    )
    signer = sequence(
        integer(1),
        sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number)),
        algorithm,
        b"\xa0" + attributes[1:],
        sequence(oid(_ECDSA_SHA_256)),
        octets(key.sign(attributes, ec.ECDSA(hashes.SHA256()))),
    )
    signed = sequence(
        integer(3),
        set_of(algorithm),
        sequence(oid(_TST_INFO), tlv(0xA0, octets(info))),
        tlv(0xA0, der),
        set_of(signer),
    )
    return sequence(sequence(integer(0)), sequence(oid(_SIGNED_DATA), tlv(0xA0, signed)))
