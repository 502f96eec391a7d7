"""Freeze events that have no vector yet: `python -m tests.vectors.make`.

Existing vectors are never touched: what was written once must be read for ever. A new topic, or a
new form of one, gets its example by joining the story in `tests/builders.py`.
"""

import json
import sys

from cryptography.hazmat.primitives.asymmetric import ec

from adapters.ledger import statement
from adapters.signing import keys
from tests.builders import KeyInMemory, ledger, told_story
from tests.vectors import frozen
from tests.vectors.frozen import PUBLIC_KEY, Vector

# Anyone can derive this key; it signs nothing but the vectors.
KEY = KeyInMemory(ec.derive_private_key(0x5EED_0F_7E57, ec.SECP256R1()))


def main() -> int:
    """Write what is missing, and say so."""
    frozen.FOLDER.mkdir(exist_ok=True)
    if not PUBLIC_KEY.exists():
        PUBLIC_KEY.write_text(keys.public_pem(KEY.public_key))
    for vector in missing():
        frozen.write(vector)
        sys.stdout.write(f"froze {vector.name}\n")
    return 0


def missing() -> list[Vector]:
    """Return the examples that are not frozen yet."""
    existing = {vector.name for vector in frozen.read()}
    return [vector for name, vector in _examples().items() if name not in existing]


def _examples() -> dict[str, Vector]:
    """Return one example of each form: each topic with each set of fields that the story gives it."""
    kept = told_story(ledger(signed_by=KEY))
    forms: dict[str, list[frozenset[str]]] = {}
    examples = {}
    for row in kept.sealed(after=0, limit=1000):
        data = json.loads(row.payload)["predicate"]["data"]
        form = frozenset((*data, *data.get("change", ())))  # of changes of access, each kind is a form
        known = forms.setdefault(row.topic, [])
        if form in known:
            continue
        known.append(form)
        name = row.topic if len(known) == 1 else f"{row.topic}.{len(known)}"
        examples[name] = Vector(
            name=name,
            envelope=statement.envelope(row.payload, key_id=row.key_id, signature=row.signature).decode(),
            digest=f"sha256:{row.digest.hex()}",
            event=frozen.plain(kept.at(row.position).event),
        )
    return examples


if __name__ == "__main__":
    raise SystemExit(main())
