"""The positions of a book with prices and Greeks, model beside Black: one after the other, and by expiry."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from aadlib.types import Floats
from apps.report.tables import Cell, Column, Table, fitting, table
from apps.risk.desk.greeks import black_greeks
from apps.risk.results import RiskResult, Valuation

_EXPIRY = 2
"""Which of a position's columns holds its expiry."""


class ByExpiry(NamedTuple):
    """Positions in groups of one expiry each: `sizes` rows and a subtotal, after all of them the book."""

    table: Table
    sizes: tuple[int, ...]


def black_deltas_gammas(result: Valuation) -> Floats:
    """Return Black's delta and gamma of one option of each position, (n_positions, 2); NaN for what is no vanilla."""
    nothing = (np.nan, np.nan)
    return np.array(
        [
            black_greeks(result.calibration, position, float(price)) if position.is_vanilla else nothing
            for position, price in zip(result.book, result.greeks.unit_prices, strict=True)
        ]
    )


def book(result: Valuation) -> Table:
    """Return the positions with their prices and Greeks on the surface; Greeks are those of the whole position."""
    numbers = _numbers(result)
    rows = [*_rows(result, numbers), _total(result, numbers)]
    return table("Book", _columns(result, rows), rows, _note(result))


def by_expiry(result: RiskResult) -> ByExpiry:
    """Return the same grouped by expiry with subtotals, and theta where it is known."""
    numbers = _numbers(result)
    total: tuple[Cell, ...] = _total(result, numbers)
    if result.desk is not None:
        thetas = np.full(len(result.book), np.nan)
        for position, theta in zip(result.desk.price.positions, result.desk.time.thetas, strict=True):
            thetas[[other is position for other in result.book]] = position.size * theta
        numbers = np.column_stack([numbers, thetas])
        total = (*total, result.desk.time.theta)
    rows = _rows(result, numbers)
    terms = list(dict.fromkeys(p.term for p in sorted(result.book, key=lambda p: p.term.expiry)))
    grouped: list[tuple[Cell, ...]] = []
    sizes = []
    for term in terms:
        mine = [k for k, position in enumerate(result.book) if position.term == term]
        grouped += [rows[k] for k in mine]
        grouped.append((term.label, None, term.label, "", None, *_sum(numbers[mine, 1:])))
        sizes.append(len(mine))
    grouped.append(total)
    columns = _columns(result, grouped)
    kept = [j for j in range(len(columns)) if j != _EXPIRY]
    shown = table(
        "Book by expiry",
        [columns[j] for j in kept],
        [[row[j] for j in kept] for row in grouped],
        _note(result) + " Each expiry has its subtotal below it.",
    )
    return ByExpiry(shown, tuple(sizes))


def _columns(result: Valuation, rows: list[tuple[Any, ...]]) -> list[Column]:
    """Return the columns of rows with and without theta."""
    money = [("price", result.price_unit), ("value", result.price_unit)]
    greeks = [
        ("delta", "per point"),
        ("Black delta", "per point"),
        ("gamma", "per point^2"),
        ("Black gamma", "per point^2"),
        ("local vega", "per vol point"),
        ("Black vega", "per vol point"),
        ("theta", "per day"),
    ]
    texts = [Column("position"), Column("quantity", "", "+g"), Column("expiry"), Column("option")]
    numbers = list(zip(*rows, strict=True))[len(texts) :]
    names = [(*of, 6) for of in money] + [(*of, 5) for of in greeks]
    return texts + [
        Column(heading, unit, fitting(column, digits))
        for (heading, unit, digits), column in zip(names, numbers, strict=False)
    ]


def _numbers(result: Valuation) -> Floats:
    """Return the price of one option, then value and Greeks of each position, (n_positions, 8)."""
    g, sizes = result.greeks, np.array([position.size for position in result.book])
    black = black_deltas_gammas(result)
    spot_greeks = [g.unit_deltas, black[:, 0], g.unit_gammas, black[:, 1]]
    units = [g.unit_prices, *spot_greeks, g.unit_vegas, g.unit_black_vegas]
    return np.column_stack([g.unit_prices, *(sizes * unit for unit in units)])


def _rows(result: Valuation, numbers: Floats) -> list[tuple[Any, ...]]:
    return [
        (position.label, position.quantity, position.term.label, position.option, *line.tolist())
        for position, line in zip(result.book, numbers, strict=True)
    ]


def _total(result: Valuation, numbers: Floats) -> tuple[Cell, ...]:
    g, sums = result.greeks, _sum(numbers)
    model = float(g.gradient[0]), sums[3], float(g.hessian[0, 0]), sums[5], float(g.vega.sum()), sums[7]
    return ("book", None, "", "", None, g.value, *model)


def _sum(numbers: Floats) -> list[float]:
    """Return the sums of columns over what has a number in them; NaN where nothing has."""
    nothing = np.isnan(numbers).all(axis=0)
    return np.where(nothing, np.nan, np.nansum(numbers, axis=0)).tolist()


def _note(result: Valuation) -> str:
    note = (
        "Local vega: per point of local volatility, raised everywhere. Black delta, gamma and vega: at the option's "
        "own implied volatility, held or moved. Deltas in labels are forward Black deltas at the quoted volatility."
    )
    if result.greeks.units:
        note += " Black's are those of the vanillas alone; the other products have a table of their own."
    multipliers = sorted({p.multiplier for p in result.book} - {1.0})
    if multipliers:
        note += f" Value and Greeks count the multipliers of the book ({', '.join(f'{m:g}' for m in multipliers)})."
    return note
