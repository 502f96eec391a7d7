"""How long it takes to admit a large SBOM, and the memory it takes: `python -m tests.benchmarks.sboms`.

`shiplog record evidence` in a process of its own, for an artifact that is built already, so that what the
SBOM lists goes into the read models as well. The time is what a 10 MB document takes longer than a small
one, the memory that of the whole process at its peak (wait4(2), `ru_maxrss`).
"""

import os
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from tests.benchmarks.figures import Figure, command
from tests.builders import digest
from tests.http import world as worlds
from tests.http.world import FIRST
from tests.unit.sboms import cyclonedx, raw

BYTES = 10_000_000
RUNS, QUICK_RUNS = 5, 2
SECONDS_AT_MOST, MEGABYTES_AT_MOST = 1.0, 150


_TOLD_BY_ITSELF = """
import sys, time
from pathlib import Path
from api.cli.main import main
assert main(sys.argv[1:]) == 0
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(time.process_time(), peak.split()[1])
"""


class Ran(NamedTuple):
    """What one process took."""

    seconds: float
    processor: float
    megabytes: float


def measured(asked: Namespace) -> Iterator[Figure]:
    """Admit documents that are all different; the same one again would be there already."""
    runs = QUICK_RUNS if asked.quick else RUNS
    with tempfile.TemporaryDirectory(prefix="shiplog-benchmark-") as folder:
        home, file = Path(folder) / "home", Path(folder) / "sbom.json"
        with worlds.opened(worlds.make(home)) as world:
            source = {"repository": "https://git.example/acme/app", "commit": FIRST}
            made = [{"name": "app", "digest": str(digest("app"))}]
            world.recorded("builds", service="app", build="b-1", source=source, artifacts=made)
        environment = {**os.environ, "SHIPLOG_HOME": str(home)}
        small = [_admitted(file, document(0, number), environment) for number in range(runs)]
        large = [_admitted(file, document(BYTES, number), environment) for number in range(runs)]
    wall, processor = (
        statistics.median(each[kind] for each in large) - statistics.median(each[kind] for each in small)
        for kind in (0, 1)
    )
    name = "evidence: a 10 MB SBOM admitted"
    yield Figure(name, wall, "s", on="SQLite", processor=processor * 1e6, at_most=SECONDS_AT_MOST)
    yield Figure(
        f"{name}, memory of the process",
        max(each.megabytes for each in large),
        "MB",
        on="SQLite",
        baseline=max(each.megabytes for each in small),
        beside="a small one",
        at_most=MEGABYTES_AT_MOST,
    )


def document(size: int, number: int) -> bytes:
    """Return an SBOM of some *size* in bytes, as detailed as tools write them."""
    entries = [_entry(0)]
    each = len(raw(_entry(1_000)))
    entries += [_entry(place) for place in range(1, size // each)]
    return raw(cyclonedx(*entries, serialNumber=f"urn:uuid:00000000-0000-4000-8000-{number:012}"))


def _entry(place: int) -> dict[str, Any]:
    purl = f"pkg:npm/%40scope{place % 50}/package-{place}@{place % 20}.{place % 7}.1"
    found = ("foundBy", "language", "type", "metadataType", "location:0:path", "location:0:layerID")
    return {
        "bom-ref": f"{purl}?package-id={place:016x}",
        "type": "library",
        "group": f"@scope{place % 50}",
        "name": f"package-{place}",
        "version": f"{place % 20}.{place % 7}.1",
        "description": "A small library that does one thing well, described as real ones are. " * 4,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": purl,
        "hashes": [
            {"alg": "SHA-256", "content": f"{place:064x}"},
            {"alg": "SHA-512", "content": f"{place:0128x}"},
        ],
        "externalReferences": [{"type": "website", "url": f"https://packages.example/{place}"}],
        "properties": [{"name": f"syft:package:{each}", "value": "javascript-cataloger"} for each in found],
    }


def _admitted(file: Path, content: bytes, environment: Mapping[str, str]) -> Ran:
    file.write_bytes(content)
    words = ["record", "evidence", str(file), "--for", str(digest("app"))]
    began = perf_counter()
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", _TOLD_BY_ITSELF, *words], env=environment, check=True, capture_output=True
    )
    seconds = perf_counter() - began
    processor, kib = done.stdout.split()[-2:]
    assert b"recorded: position" in done.stderr, "it was not there before"
    return Ran(seconds, float(processor), int(kib) / 1024)


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
