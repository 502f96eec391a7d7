"""The recorder cases that `eventsourcing` publishes, imported without what comes along with them.

They are in one module with cases that need more than a recorder. Its import asks for `Crypto`
(pycryptodome) for a cipher that no recorder uses, and loads `eventsourcing.domain`, which patches
`dataclasses` for the whole process (ADR 0003). The first is stood in for during the import and the
second undone after it; the cases themselves are untouched.
"""

import dataclasses
import importlib
import sys
from types import ModuleType
from typing import Any

_CIPHER = "eventsourcing.cipher"
_PATCHED = "_process_class"


def _imported() -> Any:
    original = getattr(dataclasses, _PATCHED)
    cipher = ModuleType(_CIPHER)
    vars(cipher)["AESCipher"] = None
    known = sys.modules.setdefault(_CIPHER, cipher)
    try:
        return importlib.import_module("eventsourcing.tests.persistence")
    finally:
        setattr(dataclasses, _PATCHED, original)
        if known is cipher:
            del sys.modules[_CIPHER]


cases = _imported()
