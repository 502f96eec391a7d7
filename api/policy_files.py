"""Where policies lie: a folder, or the library that comes with this program."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from domain.errors import MalformedPolicy

FOLDERS = ("sets", "rules", "tests")
CONTROLS = "controls.yaml"
FILES_MAX = 1000
BYTES_MAX = 1 << 20
_SUFFIXES = (".yaml", ".yml", ".json")


def shipped() -> Mapping[str, bytes]:
    """Return the files of the library."""
    return _read(files("policies"), "the library")


def in_folder(folder: Path) -> Mapping[str, bytes]:
    """Return the files of policies in *folder*; raises `MalformedPolicy` when it has none."""
    return _read(folder, str(folder))


def text_of(name: str, content: bytes) -> str:
    """Return *content* as text that comes to the same bytes again; raises `MalformedPolicy`."""
    try:
        return content.decode()
    except UnicodeDecodeError as wrong:
        raise MalformedPolicy(f"{name}: not UTF-8") from wrong


def _read(root: Traversable, name: str) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for folder in FOLDERS:
        inside = root.joinpath(folder)
        if inside.is_dir():
            for each in sorted(inside.iterdir(), key=lambda entry: entry.name):
                if each.name.endswith(_SUFFIXES):
                    found[f"{folder}/{each.name}"] = _content(each, f"{name}/{folder}/{each.name}")
    if not any(each.startswith("sets/") for each in found):
        raise MalformedPolicy(f"{name} has no policy set: expected sets/*.yaml and rules/*.yaml in it")
    if root.joinpath(CONTROLS).is_file():
        found[CONTROLS] = _content(root.joinpath(CONTROLS), f"{name}/{CONTROLS}")
    if len(found) > FILES_MAX:
        raise MalformedPolicy(f"{name} has {len(found)} files, at most {FILES_MAX}")
    return found


def _content(file: Traversable, name: str) -> bytes:
    with file.open("rb") as opened:
        content: bytes = opened.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise MalformedPolicy(f"{name} is larger than {BYTES_MAX} bytes")
    return content
