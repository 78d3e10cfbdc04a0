"""Workbooks and Parquet files: what goes in comes out, nothing runs, the same bytes twice."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadValueError
from apps.report import workbooks

TABLES: dict[str, Any] = {
    "quotes": {
        "name": ["=1+1", "+cmd", "plain"],
        "": np.array([1.5, np.nan, -2.0]),
        "count": [1, None, 3],
        "kept": [True, False, None],
    },
    "a name that is longer than any sheet may have": {"mixed": ["a", 1, None]},
}


def test_a_workbook_has_every_table_and_no_formula() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    made = workbooks.workbook(TABLES)["report.xlsx"]
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert len(book.sheetnames) == 2
    rows = list(book["quotes"].iter_rows())
    assert [cell.value for cell in rows[1]] == ["'=1+1", 1.5, 1, True]
    assert rows[2][0].value == "'+cmd" and rows[2][1].value is None
    assert all(cell.data_type != "f" for row in rows for cell in row)


def test_parquet_files_read_back() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    made = workbooks.parquet_files(TABLES)
    table = parquet.read_table(io.BytesIO(made["quotes.parquet"])).to_pydict()
    assert table["name"] == TABLES["quotes"]["name"] and table["label"] == [1.5, None, -2.0]
    assert table["count"] == [1, None, 3] and table["kept"] == [True, False, None]


@pytest.mark.parametrize("kind", workbooks.WRITERS)
def test_the_same_bytes_at_another_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl" if kind == "xlsx" else "pyarrow")
    first = workbooks.WRITERS[kind](TABLES)
    time.sleep(1.1)
    assert workbooks.WRITERS[kind](TABLES) == first


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(workbooks, "import_module", missing)
    with pytest.raises(AadValueError, match="--xlsx needs the package openpyxl: pip install openpyxl"):
        workbooks.require_writer("xlsx")
