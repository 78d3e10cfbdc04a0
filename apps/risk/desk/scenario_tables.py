"""The tables and CSV files of ladders and stress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from apps.report.tables import Column, Table, fitting, table
from apps.risk.desk.moves import Ladder, Scenarios
from apps.risk.desk.stress import FIELD_OF_COLUMN

_FULL, _SECOND = "priced again", "second order"


def volatility_ladder(found: Scenarios) -> Table:
    """Return profit and loss over moves of spot and local volatility."""
    ladder = found.volatility
    names = [f"{v:+g} points" if v else "volatility as it is" for v in ladder.others.tolist()]
    note = "Local volatility moves everywhere, and stays in spot and time otherwise." + _note(found)
    return _shown("Ladder: spot and volatility", ladder, names, note)


def time_ladder(found: Scenarios) -> Table:
    """Return profit and loss over moves of spot and days that pass."""
    ladder = found.time
    names = [f"{d:g} day{'s' if d > 1 else ''} on" if d else "today" for d in ladder.others.tolist()]
    note = "Surface and rates stay at every date; second order has delta, gamma, theta and charm." + _note(
        found
    )
    return _shown("Ladder: spot and time", ladder, names, note)


def _shown(title: str, ladder: Ladder, names: list[str], note: str) -> Table:
    columns = [Column("spot", "%", "+g")]
    spec = fitting(np.concatenate([ladder.profit.ravel(), ladder.predicted.ravel()]))
    for name in names:
        columns += [Column(name, _FULL, spec), Column("", _SECOND, spec)]
    pairs = np.stack([ladder.profit, ladder.predicted], axis=2).reshape(ladder.spots.size, -1)
    rows = [(100.0 * spot, *line) for spot, line in zip(ladder.spots.tolist(), pairs, strict=True)]
    return table(title, columns, rows, f"Profit and loss of the book. {note}")


def stress(found: Scenarios) -> Table:
    """Return profit and loss under each scenario."""
    spec = fitting(found.predicted - found.profit)
    columns = [
        Column("scenario"),
        Column("spot", "%", "+g"),
        Column("volatility", "points", "+g"),
        Column("tilt", "points / deviation", "+g"),
        Column("rate", "basis points", "+g"),
        Column("days", "", "g"),
        Column("profit and loss", _FULL, spec),
        Column("", _SECOND, spec),
        Column("difference", "", spec),
    ]
    rows = [
        (one.name, *(x or None for x in (100.0 * one.move.spot, *one.move[1:])), full, second, second - full)
        for one, full, second in zip(found.stress, found.profit, found.predicted, strict=True)
    ]
    note = (
        "Points are of local volatility; the tilt adds so many for each at-the-money deviation of ln(K/F), from -4 to "
        "+2. Days pass with surface and rates as they are at every date." + _note(found)
    )
    if found.omitted:
        note += f" Beyond what this book or surface allows: {', '.join(found.omitted)}."
    return table("Stress", columns, rows, note)


def shown(found: Scenarios) -> list[Table]:
    """Return all tables in their order."""
    return [make(found) for make in (volatility_ladder, time_ladder, stress)]


def csv_columns(found: Scenarios) -> Mapping[str, Mapping[str, Any]]:
    """Return file name, without its ending, -> columns."""
    moves = np.array([one.move for one in found.stress]).reshape(-1, len(FIELD_OF_COLUMN))
    moves[:, 0] *= 100.0
    return {
        "ladder_volatility": _columns(found.volatility, "volatility_points"),
        "ladder_time": _columns(found.time, "days"),
        "stress": {
            "name": [one.name for one in found.stress],
            **dict(zip(FIELD_OF_COLUMN, moves.T, strict=True)),
            "profit_and_loss": found.profit,
            "second_order": found.predicted,
        },
    }


def _columns(ladder: Ladder, name: str) -> dict[str, Any]:
    return {
        "spot_percent": np.repeat(100.0 * ladder.spots, ladder.others.size),
        name: np.tile(ladder.others, ladder.spots.size),
        "profit_and_loss": ladder.profit.ravel(),
        "second_order": ladder.predicted.ravel(),
    }


def _note(found: Scenarios) -> str:
    names = found.left_out
    return f" Simulated positions are not in it: {', '.join(names)}." if names else ""
