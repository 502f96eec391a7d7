"""Cells are shown so that neither a terminal, nor a spreadsheet, nor Markdown obeys them."""

import pytest

from api.cli import output
from api.cli.output import Column

CELL = [Column("cell name", lambda row: row["cell"])]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_holds_no_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.show("csv", b"", [{"cell": text}], CELL)
    written = capsys.readouterr().out
    assert written.removeprefix("cell_name\n").lstrip('"').startswith("'")


def test_csv_quotes_and_leaves_out_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    output.show("csv", b"", [{"cell": 'a,"b'}, {"cell": None}, {"cell": 3}], CELL)
    assert capsys.readouterr().out == 'cell_name\n"a,""b"\n""\n3\n'


def test_markdown_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.show("md", b"", [{"cell": "a|b<script>`[x](y)"}], CELL)
    assert capsys.readouterr().out.splitlines()[2] == r"| a\|b\<script\>\`\[x\](y) |"


def test_a_terminal_is_sent_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.show("table", b"", [{"cell": "a\x1b]0;owned\x07\nb"}], CELL)
    assert capsys.readouterr().out.splitlines()[1] == r"a\x1b]0;owned\x07\nb"


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [Column("a", lambda row: row["a"]), Column("b", lambda row: row["b"])]
    output.show("table", b"", [{"a": "long one", "b": 1}, {"a": None, "b": 2}], columns)
    assert capsys.readouterr().out == "A         B\nlong one  1\n-         2\n"


def test_jsonl_is_one_document_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    output.show("jsonl", b"", [{"cell": 1}, {"cell": 2}], CELL)
    assert capsys.readouterr().out == '{"cell":1}\n{"cell":2}\n'
