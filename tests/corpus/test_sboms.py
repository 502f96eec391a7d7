"""SBOMs that tools wrote, read as other libraries read them."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Written
from cyclonedx.model.component import ComponentType
from cyclonedx.output.json import BY_SCHEMA_VERSION
from cyclonedx.schema import SchemaVersion
from lib4sbom.parser import SBOMParser  # type: ignore[import-untyped]  # it has no types
from packageurl import PackageURL

from adapters.sbom.reader import of, read
from domain.errors import MalformedValue
from domain.sbom import Sbom
from tests.corpus.cases import ABSENT, FOLDER
from tests.unit.sboms import package3, raw, spdx3

_BOMS = FOLDER / "go-witness/attestation/sbom/boms"
_CYCLONEDX = (_BOMS / "cyclonedx-json/alpine.cyclonedx.json", FOLDER / "witness/test/sbom.cdx.json")
_SPDX = (
    _BOMS / "spdx-2.2/alpine.spdx-2-2.json",
    _BOMS / "spdx-2.3/alpine.spdx-2-3.json",
    FOLDER / "witness/test/sbom.spdx.json",
)

pytestmark = [
    # The libraries warn of what a document leaves out, and one leaves files open.
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
there = pytest.mark.skipif(not FOLDER.exists(), reason=ABSENT)

Plain = set[tuple[str, str | None, str | None]]


def plain(found: Sbom) -> Plain:
    return {(each.name, each.version, each.purl) for each in found.components}


def purl(said: str) -> str:
    return PackageURL.from_string(said).to_string()


def by_cyclonedx(content: dict[str, Any]) -> Plain:
    bom = Bom.from_json(content)  # type: ignore[attr-defined]  # its decorator adds it
    return {
        (each.name, each.version, each.purl and each.purl.to_string())
        for each in bom._get_all_components()
        if each is not bom.metadata.component
    }


def by_lib4sbom(path: Path) -> Plain:
    """Return what the library finds, the root among it.

    Its licences are not compared: it drops expressions.
    """
    parser = SBOMParser()
    parser.parse_file(str(path))
    found: Plain = set()
    for each in parser.get_packages():
        said = [locator for _, kind, locator in each.get("externalreference", []) if kind == "purl"]
        found.add((each["name"], each.get("version"), purl(said[0]) if said else None))
    return found


@there
@pytest.mark.parametrize("path", _CYCLONEDX, ids=lambda path: path.name)
def test_cyclonedx_is_read_as_its_own_library_reads_it(path: Path) -> None:
    assert plain(read(path.read_bytes())) == by_cyclonedx(json.loads(path.read_bytes()))


@there
@pytest.mark.parametrize("path", _SPDX, ids=lambda path: path.name)
def test_spdx_is_read_as_lib4sbom_reads_it(path: Path) -> None:
    found = read(path.read_bytes())
    assert found.root is not None
    root = (found.root.name, found.root.version, found.root.purl)
    assert plain(found) | {root} == by_lib4sbom(path)


@there
def test_two_formats_of_one_scan_say_the_same() -> None:
    cyclonedx, spdx = (read(path.read_bytes()) for path in (_CYCLONEDX[1], _SPDX[2]))
    system = {each.coordinates for each in cyclonedx.components if each.kind == "operating-system"}
    assert cyclonedx.inside() - system == spdx.inside()


@there
def test_a_document_cut_short_is_refused() -> None:
    with pytest.raises(MalformedValue, match="not JSON"):
        read((_BOMS / "bad-json/bad.json").read_bytes())


@pytest.mark.parametrize("version", [v for v in SchemaVersion if v.to_version() not in ("1.0", "1.1")])
def test_what_the_library_writes_is_what_is_read(version: SchemaVersion) -> None:
    bom = Bom()
    bom.metadata.component = Written(name="app", version="1", bom_ref="app")
    for n in range(50):
        inner = Written(name=f"inner{n}", version="2", bom_ref=f"inner{n}", type=ComponentType.LIBRARY)
        bom.components.add(
            Written(
                name=f"lib{n}",
                version=f"1.{n}",
                bom_ref=f"lib{n}",
                purl=PackageURL("pypi", None, f"Lib_{n}", f"1.{n}"),
                components=[inner],
            )
        )
    written = BY_SCHEMA_VERSION[version](bom).output_as_string()
    found = of(json.loads(written))
    assert found.specification == version.to_version()
    assert found.root is not None
    assert plain(found) == by_cyclonedx(json.loads(written))
    assert len(found.components) == 100


def test_spdx_3_is_read_as_lib4sbom_reads_it() -> None:
    document = spdx3(package3("a", "1", "pkg:npm/a@1"), package3("b", "2"))
    with tempfile.NamedTemporaryFile(suffix=".spdx3.json") as file:
        file.write(raw(document))
        file.flush()
        theirs = by_lib4sbom(Path(file.name))
    assert plain(of(document)) == theirs
