"""Help says what it said when it was last read by a person, and is quick to say it.

After a change: `python -m tests.cli.test_help` writes the texts again, to be read in the diff.
"""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from api.cli.main import COMMANDS, cli
from api.cli.record import ENTRIES
from tests.cli.commands import every
from tests.cli.running import Shell

FOLDER = Path(__file__).parent / "help"
EVERY = [pytest.param(path, command, id=" ".join(path) or "shiplog") for path, command in every()]
HEAVY = ("adapters", "cryptography", "flask", "pydantic", "sqlalchemy", "werkzeug", "gunicorn", "api.wiring")


def text(path: tuple[str, ...], command: click.Command) -> str:
    """Return the help of *command*, at a fixed width."""
    name = " ".join(("shiplog", *path))
    with click.Context(
        command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"]
    ) as context:
        return command.get_help(context) + "\n"


def file(path: tuple[str, ...]) -> Path:
    return FOLDER / f"{'-'.join(path) or 'shiplog'}.txt"


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_help_is_what_was_read(path: tuple[str, ...], command: click.Command) -> None:
    assert text(path, command) == file(path).read_text(encoding="utf-8")


def test_no_text_is_left_of_a_command_that_is_gone() -> None:
    assert {each.name for each in FOLDER.iterdir()} == {file(path).name for path, _ in every()}


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_every_command_has_an_example_and_every_option_a_word(
    path: tuple[str, ...], command: click.Command
) -> None:
    if not isinstance(command, click.Group):
        assert "shiplog" in (command.epilog or ""), path
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [
        option.name for option in options if not option.help and not isinstance(option.type, click.Choice)
    ] == []


@pytest.mark.parametrize(
    ("table", "group"), [(COMMANDS, cli), (ENTRIES, cli.get_command(click.Context(cli), "record"))]
)
def test_the_tables_name_commands_by_their_names(table: dict[str, object], group: click.Group) -> None:
    context = click.Context(group)
    for name in table:
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_the_version(nowhere: Shell) -> None:
    assert nowhere.done("--version").out.startswith("shiplog 0.")


@pytest.mark.parametrize("page", ["exit-codes", "instants", "settings"])
def test_pages_of_help(nowhere: Shell, page: str) -> None:
    assert nowhere.done("help", page).out


def loaded_by(program: str, **environment: str) -> set[str]:
    """Return which of the heavy modules are loaded after *program* ran in an interpreter of its own."""
    report = f"import sys; {program}; print('loaded:', *(m for m in sys.modules if m.startswith({HEAVY!r})))"
    ran = subprocess.run(  # noqa: S603 - this interpreter, with a program made here
        [sys.executable, "-c", report], env=environment, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.splitlines()[-1].split()[1:])


def test_help_loads_nothing_it_only_lists() -> None:
    assert loaded_by("from api.cli.main import main; main(['--help'])") == set()


def test_a_client_of_a_server_does_not_load_the_ledger() -> None:
    program = "from api.cli.main import main; assert main(['at', 'prod']) == 69"
    assert loaded_by(program, SHIPLOG_SERVER="http://127.0.0.1:9") == set()


if __name__ == "__main__":
    for old in FOLDER.iterdir():
        old.unlink()
    for path, command in every():
        file(path).write_text(text(path, command), encoding="utf-8")
