"""An empty value is a mistake, never a choice: no option and no argument of any command takes one."""

import click
import pytest

from tests.cli.commands import every

PARAMETERS = [
    pytest.param(command, parameter, id=f"{' '.join(path)} {parameter.name}")
    for path, command in every()
    for parameter in command.params
    if not (isinstance(parameter, click.Option) and parameter.is_flag)
]


@pytest.mark.parametrize(("command", "parameter"), PARAMETERS)
def test_empty_is_refused(command: click.Command, parameter: click.Parameter) -> None:
    with click.Context(command) as context, pytest.raises(click.UsageError):
        parameter.type_cast_value(context, [""] if parameter.multiple or parameter.nargs == -1 else "")
