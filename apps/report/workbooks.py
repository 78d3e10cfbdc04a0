"""Tables as a workbook and as Parquet files: the same bytes for the same numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from apps.report.text import inert

_DAY = (1980, 1, 1, 0, 0, 0)
"""The first that a ZIP archive knows: when it was written is no content."""
_LONGEST = 31
"""Characters of a sheet's name."""
_PACKAGES = {"xlsx": "openpyxl", "parquet": "pyarrow"}

Tables = Mapping[str, Mapping[str, Any]]


def require_writer(kind: str) -> None:
    """Raise where the package that writes a kind of file is missing.

    Raises
    ------
    AadValueError
    """
    try:
        import_module(_PACKAGES[kind])
    except ImportError as error:
        raise AadValueError(
            f"--{kind} needs the package {_PACKAGES[kind]}: pip install {_PACKAGES[kind]}, or install this one with "
            f"[{kind}]"
        ) from error


def workbook(tables: Tables) -> dict[str, bytes]:
    """Return report.xlsx with a sheet for each table; no cell is a formula, whatever its text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    book.properties.creator = ""
    book.properties.created = book.properties.modified = datetime(*_DAY)
    for name, columns in tables.items():
        sheet = book.create_sheet(name[:_LONGEST])

        def cell(item: Any, sheet: Any = sheet) -> Any:
            made = WriteOnlyCell(sheet, inert(item) if isinstance(item, str) else item)
            if isinstance(item, str):
                made.data_type = "s"
            return made

        sheet.append([cell(str(name)) for name in columns])
        for row in zip(*(_plain(column) for column in columns.values()), strict=True):
            sheet.append([cell(item) for item in row])
    stream = io.BytesIO()
    book.save(stream)
    return {"report.xlsx": _undated(stream.getvalue())}


def _undated(archive: bytes) -> bytes:
    """Return a ZIP archive without the times at which its parts were written."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as undated,
    ):
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "docProps/core.xml":
                content = _without_saving_time(content)
            undated.writestr(zipfile.ZipInfo(item.filename, _DAY), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _without_saving_time(properties: bytes) -> bytes:
    head, mark, rest = properties.partition(b"<dcterms:modified")
    return head + rest.partition(b"</dcterms:modified>")[2] if mark else properties


def parquet_files(tables: Tables) -> dict[str, bytes]:
    """Return NAME.parquet for each table; numbers are doubles, whole numbers or flags, text is as it is."""
    import pyarrow
    from pyarrow import parquet

    contents = {}
    for name, columns in tables.items():
        made = pyarrow.table(
            {key or "label": pyarrow.array(_plain(column)) for key, column in columns.items()}
        )
        stream = io.BytesIO()
        parquet.write_table(made, stream)
        contents[f"{name}.parquet"] = stream.getvalue()
    return contents


def _plain(column: Any) -> list[Any]:
    """Return a column as Python's own objects, missing numbers as None; text all through where any is."""
    items = [item.item() if isinstance(item, np.generic) else item for item in column]
    items = [None if isinstance(item, float) and not np.isfinite(item) else item for item in items]
    if any(isinstance(item, str) for item in items):
        return [None if item is None else str(item) for item in items]
    if any(isinstance(item, float) for item in items):
        return [None if item is None else float(item) for item in items]
    return items


WRITERS: Mapping[str, Callable[[Tables], dict[str, bytes]]] = {"xlsx": workbook, "parquet": parquet_files}
"""Kind of file -> what makes them of tables (name -> columns): file name -> bytes."""
