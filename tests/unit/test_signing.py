"""Keys: made for their owner alone, opened only when they fit, and never shown."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.signing import keyed, keys
from adapters.signing.keyed import HmacDigests
from adapters.signing.keyring import Keyring
from adapters.signing.keys import LedgerSigner
from domain.errors import BrokenLedger, KeyUnusable
from domain.event import SealedEvent
from tests.builders import a_removal, ledger, tell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "ledger.pem"


@pytest.fixture
def public_key(path: Path) -> ec.EllipticCurvePublicKey:
    return keys.generate(path)


def uri(path: Path) -> str:
    return f"file2:{path}"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- made


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_is_readable_by_its_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keys.generate(tmp_path / "a" / "ledger.pem")
        keyed.generate(tmp_path / "a" / "digests.key")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a" / "ledger.pem") == 0o600
    assert mode(tmp_path / "a" / "digests.key") == 0o600
    assert mode(tmp_path / "a") & 0o077 == 0


def test_a_key_is_never_replaced(path: Path, public_key: ec.EllipticCurvePublicKey) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyUnusable, match="cannot be written"):
        keys.generate(path)
    assert path.read_bytes() == before
    assert isinstance(LedgerSigner(uri(path), public_key), LedgerSigner)


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "ledger.pem"
    link.symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(KeyUnusable):
        keys.generate(link)
    assert not (tmp_path / "elsewhere.pem").exists()


# -- opened


def test_what_a_ledger_signs_is_verified_with_its_public_key(
    path: Path, public_key: ec.EllipticCurvePublicKey
) -> None:
    signer = LedgerSigner(uri(path), public_key)
    kept = ledger(signed_by=signer)
    tell(kept, a_removal())
    (row,) = kept.sealed(after=0, limit=9)
    assert row.key_id == signer.key_id == keys.key_id(public_key)
    Keyring({signer.key_id: public_key}).verify(row)


@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_key_that_others_may_use_is_refused(
    wrong: int, path: Path, public_key: ec.EllipticCurvePublicKey
) -> None:
    path.chmod(wrong)
    with pytest.raises(KeyUnusable, match=f"has mode {wrong:04o}, expected 0600 or stricter"):
        LedgerSigner(uri(path), public_key)


@pytest.mark.parametrize("good", [0o600, 0o400])
def test_a_key_of_its_owner_alone_is_opened(
    good: int, path: Path, public_key: ec.EllipticCurvePublicKey
) -> None:
    path.chmod(good)
    assert LedgerSigner(uri(path), public_key).sign(b"data")


def test_the_mode_that_is_checked_is_that_of_the_file_that_is_opened(
    tmp_path: Path, public_key: ec.EllipticCurvePublicKey, path: Path
) -> None:
    # A URI ends its path at `#` and `?`; the library opens what is before them.
    (tmp_path / "open.pem").write_bytes(path.read_bytes())
    (tmp_path / "open.pem").chmod(0o644)
    for decoy in ("open.pem#strict", "open.pem?strict"):
        (tmp_path / decoy).touch(0o600)
        with pytest.raises(KeyUnusable):
            LedgerSigner(uri(tmp_path / decoy), public_key)


def test_a_missing_key_is_refused(tmp_path: Path, public_key: ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(KeyUnusable, match="No such file"):
        LedgerSigner(uri(tmp_path / "nowhere.pem"), public_key)


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused(content: bytes, path: Path, public_key: ec.EllipticCurvePublicKey) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyUnusable, match="cannot be opened"):
        LedgerSigner(uri(path), public_key)


def test_a_key_that_is_no_pair_with_the_public_one_is_refused(
    public_key: ec.EllipticCurvePublicKey, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    assert keys.generate(other) != public_key
    with pytest.raises(KeyUnusable, match="cannot be opened"):
        LedgerSigner(uri(other), public_key)


@pytest.mark.parametrize(
    "private_key",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["P-384", "Ed25519"],
)
def test_another_kind_of_private_key_is_refused(
    private_key: ec.EllipticCurvePrivateKey, tmp_path: Path, public_key: ec.EllipticCurvePublicKey
) -> None:
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    keys.write_private(tmp_path / "other.pem", pem)
    with pytest.raises(KeyUnusable):
        LedgerSigner(uri(tmp_path / "other.pem"), public_key)


@pytest.mark.parametrize(
    "place",
    [
        "hsm:2?label=ledger&pin-value=123456",
        "hv:ledger?token=123456",
        "awskms:alias/123456",
        "nothing:123456",
        "123456",
    ],
)
def test_what_names_a_key_elsewhere_is_not_shown(place: str, public_key: ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(KeyUnusable) as refused:
        LedgerSigner(place, public_key)
    assert "123456" not in str(refused.value)


# -- public keys


def _public(of: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return of.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_a_public_key_is_read_as_it_was_written(
    tmp_path: Path, public_key: ec.EllipticCurvePublicKey
) -> None:
    (tmp_path / "ledger.pub.pem").write_text(keys.public_pem(public_key))
    assert keys.read_public(tmp_path / "ledger.pub.pem") == public_key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        _public(ec.generate_private_key(ec.SECP384R1())),
        _public(ec.generate_private_key(ec.SECP256K1())),
        _public(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["empty", "no key", "P-384", "secp256k1", "Ed25519"],
)
def test_what_is_no_public_key_of_ours_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "ledger.pub.pem").write_bytes(content)
    with pytest.raises(KeyUnusable):
        keys.read_public(tmp_path / "ledger.pub.pem")
    with pytest.raises(KeyUnusable):
        Keyring.in_folder(tmp_path)


def test_a_missing_public_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be read"):
        keys.read_public(tmp_path / "ledger.pub.pem")
    with pytest.raises(KeyUnusable, match="no public key"):
        Keyring.in_folder(tmp_path)


def test_retired_keys_still_verify_what_they_signed(tmp_path: Path) -> None:
    rows: list[SealedEvent] = []
    for name in ("retired", "ledger"):
        public = keys.generate(tmp_path / f"{name}.pem")
        (tmp_path / f"{name}.pub.pem").write_text(keys.public_pem(public))
        kept = ledger(signed_by=LedgerSigner(uri(tmp_path / f"{name}.pem"), public))
        tell(kept, a_removal())
        rows += kept.sealed(after=0, limit=9)
    for row in rows:
        Keyring.in_folder(tmp_path).verify(row)
    (tmp_path / "retired.pub.pem").unlink()
    with pytest.raises(BrokenLedger, match="a key this ledger does not have"):
        Keyring.in_folder(tmp_path).verify(rows[0])


# -- keyed digests

ONE, OTHER = HmacDigests(b"1" * 32), HmacDigests(b"2" * 32)


def test_equal_things_have_equal_digests() -> None:
    assert ONE.secret("A", "x") == HmacDigests(b"1" * 32).secret("A", "x")
    assert ONE.person("jo@example.com") == HmacDigests(b"1" * 32).person("jo@example.com")


def test_different_things_have_different_digests() -> None:
    digests = {
        ONE.secret("A", "x"),
        ONE.secret("B", "x"),
        ONE.secret("A", "y"),
        ONE.secret("Ax", ""),
        ONE.person("A"),
        ONE.person("x"),
        OTHER.secret("A", "x"),
        OTHER.person("A"),
    }
    assert len(digests) == 8


def test_keys_derived_for_different_purposes_differ() -> None:
    assert len({ONE.derived("cursors"), ONE.derived("sessions"), OTHER.derived("cursors"), b"1" * 32}) == 4
    assert len(ONE.derived("cursors")) == 32


def test_digests_are_what_the_record_takes() -> None:
    assert ONE.secret("A", "x").startswith("hmac-sha256:")
    assert ONE.person("A").startswith("person:")
    assert len(ONE.person("A")) == len("person:") + 64


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyUnusable, match=f"has {length} bytes, expected 32"):
        HmacDigests(bytes(length))


@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o660, 0o644])
def test_a_digest_key_that_others_may_use_is_refused(tmp_path: Path, wrong: int) -> None:
    keyed.generate(tmp_path / "digest.key")
    (tmp_path / "digest.key").chmod(wrong)
    with pytest.raises(KeyUnusable, match=f"digest key .* has mode {wrong:04o}, expected 0600 or stricter"):
        HmacDigests.from_file(tmp_path / "digest.key")


def test_a_digest_key_is_read_from_its_file(tmp_path: Path) -> None:
    keyed.generate(tmp_path / "digests.key")
    stored = HmacDigests((tmp_path / "digests.key").read_bytes())
    assert HmacDigests.from_file(tmp_path / "digests.key").person("A") == stored.person("A")
    with pytest.raises(KeyUnusable, match="cannot be read"):
        HmacDigests.from_file(tmp_path / "nowhere.key")
    with pytest.raises(KeyUnusable, match="cannot be written"):
        keyed.generate(tmp_path / "digests.key")
