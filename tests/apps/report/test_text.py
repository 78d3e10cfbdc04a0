"""Text from files: nothing steers a terminal, a picture or a spreadsheet."""

from __future__ import annotations

import io

import pytest

from apps.report.files import csv_text
from apps.report.tables import Column, print_table, table
from apps.report.text import inert, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é and 1 < 2", "plain, é and 1 < 2"),
        ("A\x1b[31mB", "A\\x1b[31mB"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("turned \u202e round", "turned \\u202e round"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_may_be_kept() -> None:
    assert printable("a\n\x07b", keep="\n") == "a\n\\x07b"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(1)", "=\x07cmd"])
def test_no_spreadsheet_runs_text(text: str) -> None:
    assert inert(text).startswith("'" + text[0])
    rows = csv_text({text: [text, "SPX"], "number": [-1.5, 2.0]}).splitlines()
    assert rows[0].startswith(("'", "\"'")) and rows[1].startswith(("'", "\"'")) and rows[1].endswith(",-1.5")
    assert rows[2] == "SPX,2"


def test_tables_have_no_control_characters() -> None:
    stream = io.StringIO()
    print_table(table("a\x1bb", [Column("c")], [("d\x1be",)], "f\x1bg"), stream)
    assert "\x1b" not in stream.getvalue() and stream.getvalue().count("\\x1b") == 3


def test_a_closed_stdout_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_table(table("a", [Column("b")], [("c",)]))
