"""The contents and the files of tables and figures match: one line for each file, one file for each line."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from apps.reproduce import contents, figures, tables
from apps.reproduce.contents import FIGURE_NAMES, TABLE_NAMES


@pytest.mark.parametrize(("package", "names"), [(tables, TABLE_NAMES), (figures, FIGURE_NAMES)])
def test_every_line_has_a_file(package: object, names: tuple[str, ...]) -> None:
    for name in names:
        assert find_spec(f"{package.__name__}.{contents.file_of(name)}") is not None, name  # type: ignore[attr-defined]


def test_every_file_has_a_line() -> None:
    shared = {"__init__", "section_4_3"}
    for package, names in ((tables, TABLE_NAMES), (figures, FIGURE_NAMES)):
        assert package.__file__ is not None
        files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - shared
        assert files == {contents.file_of(name) for name in names}
