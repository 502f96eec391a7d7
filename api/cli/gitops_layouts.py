"""What `shiplog import gitops --detect` says: the layouts that were understood, and the commands for them."""

import shlex
from pathlib import Path

import click
import orjson

from api.cli import exits, output
from api.gitops import detect
from api.gitops.detect import Understood
from api.gitops.history import Repository


def show(repository: Repository, folder: Path, head: str, form: str) -> int:
    """Print every layout that is understood; return the exit code."""
    found = detect.detect(repository, head)
    if form == "json":
        layouts = [_told(each, folder) for each in found]
        output.document(orjson.dumps({"head": head, "layouts": layouts}))
    elif found:
        click.echo("\n".join(_text(each, folder) for each in found), nl=False)
    if not found:
        output.hint("no known layout; say with --pattern and --key where the labels are")
    return exits.DONE if found else exits.NOT_FOUND


def _told(understood: Understood, folder: Path) -> dict[str, object]:
    return {
        "pattern": understood.pattern,
        "key": understood.key,
        "config_pattern": understood.config_pattern,
        "files": understood.files,
        "labels": understood.labels,
        "environments": sorted(understood.environments),
        "services": len(understood.services),
        "example": understood.example,
        "command": _command(understood, folder),
    }


def _text(understood: Understood, folder: Path) -> str:
    more = " or more" if understood.cut else ""
    return (
        f"{understood.pattern}  {understood.key}\n"
        f"  {understood.files}{more} files, {len(understood.environments)} environments"
        f" ({', '.join(sorted(understood.environments)[:10])}), {len(understood.services)} services\n"
        f"  {_plain(understood.example)}\n"
        f"  {_plain(_command(understood, folder))}\n"
    )


def _command(understood: Understood, folder: Path) -> str:
    words = [
        "shiplog",
        "import",
        "gitops",
        str(folder),
        "--pattern",
        understood.pattern,
        "--key",
        understood.key,
    ]
    if understood.config_pattern is not None:
        words += ["--config-pattern", understood.config_pattern]
    return shlex.join(words)


def _plain(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]
