"""The ledger's signing key, named by a `securesystemslib` signer URI.

`file2:PATH` is a PEM file (PKCS#8, mode 0600) that `shiplog init` makes. Other
schemes (`awskms:`, `gcpkms:`, `azurekms:`, `hsm:`, `hv:`) keep the key where it
is; only its public half has to be put beside the ledger.
"""

import functools
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import securesystemslib.signer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from domain.errors import KeyUnusable

sslib: Any = securesystemslib.signer  # it re-exports without saying so in its types

FILE_SCHEME = "file2:"


class LedgerSigner:
    """Signs statements with the ledger's P-256 key (ECDSA, SHA-256, DER)."""

    def __init__(self, uri: str, public_key: ec.EllipticCurvePublicKey) -> None:
        """Open the key that *uri* names and whose public half is *public_key*.

        Raises `KeyUnusable` when it cannot be opened, is no pair with
        *public_key*, or is a file that others may read.
        """
        if ":" not in uri:
            raise KeyUnusable(f"the signing key has no scheme, expected a URI such as {FILE_SCHEME}PATH")
        if uri.startswith(FILE_SCHEME):
            check_private(_file_of(uri), "signing key")
        try:
            signer = sslib.Signer.from_priv_key_uri(uri, sslib.SSlibKey.from_crypto(public_key))
        except Exception as wrong:
            because = str(wrong).replace(uri, _masked(uri))
            raise KeyUnusable(f"the signing key {_masked(uri)} cannot be opened: {because}") from wrong
        self.key_id: str = key_id(public_key)
        self._sign = _signing_file(_file_of(uri)) if uri.startswith(FILE_SCHEME) else _signing_by(signer)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*."""
        return self._sign(data)


class KeyWhenNeeded:
    """A signer that is opened by the first signature: whoever only asks needs no private key."""

    def __init__(self, open_key: Callable[[], LedgerSigner]) -> None:
        """Open with *open_key*, once."""
        self._open = functools.cache(open_key)

    def open(self) -> None:
        """Open the key now; raises `KeyUnusable` when that is not possible."""
        self._open()

    @property
    def key_id(self) -> str:
        """See `LedgerSigner`."""
        return self._open().key_id

    def sign(self, data: bytes) -> bytes:
        """Return the signature of *data*; raises `KeyUnusable` when the key cannot be opened."""
        return self._open().sign(data)


def _signing_by(signer: Any) -> Callable[[bytes], bytes]:
    return lambda data: bytes.fromhex(signer.sign(data).signature)


def _signing_file(path: Path) -> Callable[[bytes], bytes]:
    """Sign with the key in *path* without the library, which opened it: it takes twice as long."""
    key: Any = load_pem_private_key(path.read_bytes(), password=None)
    algorithm = ec.ECDSA(SHA256())
    return lambda data: bytes(key.sign(data, algorithm))


def generate(private_path: Path) -> ec.EllipticCurvePublicKey:
    """Make a new key in *private_path*, readable by its owner alone; refuses to replace one."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(private_path, pem)
    return key.public_key()


def public_of(private_path: Path) -> ec.EllipticCurvePublicKey:
    """Return the public half of the key in *private_path*; raises `KeyUnusable`."""
    check_private(private_path, "signing key")
    try:
        key: Any = load_pem_private_key(private_path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as wrong:
        raise KeyUnusable(f"the signing key {private_path} cannot be read: {wrong}") from wrong
    public: Any = key.public_key()
    return _checked_curve(public, private_path)


def write_public(path: Path, public_key: ec.EllipticCurvePublicKey) -> None:
    """Write *public_key* to *path*, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(public_pem(public_key))
    draft.replace(path)


def write_private(path: Path, content: bytes) -> None:
    """Write *content* to the new file *path* with mode 0600, or leave nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as wrong:
        raise KeyUnusable(f"{path} cannot be written: {wrong.strerror}") from wrong
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def check_private(path: Path, what: str) -> None:
    """Refuse the file *path*, *what* it is, unless it is its owner's alone; raises `KeyUnusable`."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as wrong:
        raise KeyUnusable(
            f"the {what} {path} cannot be read: {wrong.strerror}; restore it from the backup,"
            " or see `shiplog doctor`"
        ) from wrong
    if mode & 0o077:
        raise KeyUnusable(
            f"the {what} {path} has mode {mode:04o}, expected 0600 or stricter: chmod 0600 {path}"
        )


def public_pem(public_key: ec.EllipticCurvePublicKey) -> str:
    """Return *public_key* as SubjectPublicKeyInfo, PEM."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public(path: Path) -> ec.EllipticCurvePublicKey:
    """Return the P-256 public key in the PEM file *path*; raises `KeyUnusable`."""
    try:
        key: Any = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise KeyUnusable(f"the public key {path} cannot be read: {wrong}") from wrong
    return _checked_curve(key, path)


def _checked_curve(key: Any, path: Path) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyUnusable(f"the public key {path} is not an ECDSA P-256 key")
    return key


def key_id(public_key: ec.EllipticCurvePublicKey) -> str:
    """Return the name of *public_key*: SHA-256 of its SubjectPublicKeyInfo in DER, in hex."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).hexdigest()


def _file_of(uri: str) -> Path:
    """Return the file that the library will open for *uri*, so that no other one's mode is checked."""
    named = uri.removeprefix(FILE_SCHEME)
    if urlparse(uri).path != named:
        raise KeyUnusable(f"the signing key {_masked(uri)} is no path: it has a host, a # or a ?")
    return Path(named)


def _masked(uri: str) -> str:
    """Return the scheme and the end of *uri*; a URI may hold a PIN."""
    scheme, _, rest = uri.partition(":")
    return f"{scheme}:…{rest[-24:]}" if scheme + ":" == FILE_SCHEME else f"{scheme}:…"
