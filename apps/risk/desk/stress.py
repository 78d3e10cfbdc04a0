"""Stress scenarios: moves of the market by name, from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from aadlib.errors import AadValueError
from apps.risk.desk.moves import Move, Scenario

FIELD_OF_COLUMN = {
    "spot_percent": "spot",
    "volatility_points": "volatility",
    "tilt_points": "tilt",
    "rate_basis_points": "rate",
    "days": "days",
}
"""Column of a file beside `name` -> field of `Move`; empty cells and columns that are not there move nothing."""
EMBEDDED = files("apps.data") / "stress.csv"
LARGEST = {"spot_percent": 400.0, "volatility_points": 200.0, "tilt_points": 50.0, "rate_basis_points": 1e4}
"""Moves beyond are slips of the pen."""


def read_scenarios(path: Path | None) -> list[Scenario]:
    """Read scenarios from a CSV file with the columns `name` and any of `FIELD_OF_COLUMN`, or the embedded ones.

    Raises
    ------
    AadValueError
        The file cannot be read, has no rows, lacks the names, has a column that is not known or stands twice, or a
        field is no finite number or out of range (with its line), or a name stands twice.
    """
    source = EMBEDDED if path is None else path
    try:
        text = source.read_bytes().decode("utf-8-sig")
        return _parsed(str(source), [line for line in text.splitlines() if not line.startswith("#")])
    except OSError as error:
        raise AadValueError(f"{source}: cannot be read ({error.strerror}); name a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(f"{source}: not a CSV file in UTF-8 ({error})") from error


def _parsed(source: str, lines: Iterable[str]) -> list[Scenario]:
    reader = csv.DictReader(lines, restkey="")
    columns = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = columns
    _require_columns(source, columns)
    scenarios: list[Scenario] = []
    for number, row in enumerate(reader, start=1):
        where = f"{source}, scenario {number}"
        if "" in row:
            raise AadValueError(
                f"{where}: has more fields than the header; put quotes around a field with commas"
            )
        name = (row["name"] or "").strip()
        if not name or name in {scenario.name for scenario in scenarios}:
            raise AadValueError(f"{where}: name = {name!r}: is empty or stands twice; give each its own")
        scenarios.append(Scenario(name, _move(f"{where}, {name}", row)))
    if not scenarios:
        raise AadValueError(f"{source}: a header and no scenarios; give at least one")
    return scenarios


def _require_columns(source: str, columns: list[str]) -> None:
    known = ("name", *FIELD_OF_COLUMN)
    unknown = [repr(name) for name in columns if name not in known]
    if unknown:
        raise AadValueError(f"{source}: unknown columns {', '.join(unknown)}: choose from {', '.join(known)}")
    double = sorted({repr(name) for name in columns if columns.count(name) > 1})
    if double:
        raise AadValueError(f"{source}: the columns {', '.join(double)} stand twice; remove one of each")
    if "name" not in columns:
        raise AadValueError(f"{source}: missing column name: scenarios have {', '.join(known)}")


def _move(where: str, row: dict[str, str]) -> Move:
    numbers = {}
    for column, name in FIELD_OF_COLUMN.items():
        text = (row.get(column) or "").strip()
        try:
            number = float(text) if text else 0.0
        except ValueError:
            raise AadValueError(f"{where}: {column} = {text!r}: must be a number") from None
        bound = LARGEST.get(column, math.inf)
        if not math.isfinite(number) or abs(number) > bound:
            raise AadValueError(f"{where}: {column} = {text}: must be finite and within +-{bound:g}")
        numbers[name] = number
    if numbers["spot"] <= -100.0:
        raise AadValueError(f"{where}: spot_percent = {numbers['spot']:g}: must be above -100")
    if numbers["days"] < 0.0:
        raise AadValueError(f"{where}: days = {numbers['days']:g}: must not be negative")
    numbers["spot"] *= 0.01
    return Move(**numbers)
