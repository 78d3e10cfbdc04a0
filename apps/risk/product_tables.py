"""Tables of the positions that the forward march does not price: engine, price and Greeks with standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from apps.report.tables import Column, Table, table
from apps.risk.book import Position
from apps.risk.results import BASIS_POINT, VOLATILITY_POINT, StandardErrors, UnitGreeks, Valuation

SHOWN = ("delta", "gamma", "vega", "vanna", "volga", "rho")
"""Greeks in the table; `products.csv` has more."""


class NamedNumber(NamedTuple):
    """A Greek of a position: its standard error is NaN where nothing is simulated."""

    name: str
    value: float
    error: float
    unit: str


def products(result: Valuation) -> list[tuple[int, Position, UnitGreeks]]:
    """Return number, position and Greeks of one option, for what the forward march does not price."""
    positions = zip(result.book, result.greeks.units, strict=False)
    return [
        (number, position, unit)
        for number, (position, unit) in enumerate(positions, start=1)
        if unit is not None
    ]


def numbers_of(result: Valuation, position: Position, unit: UnitGreeks) -> Iterator[NamedNumber]:
    """Yield the price of one option, then value and Greeks of the whole position."""
    n, size = len(result.greeks.inputs), position.size
    bumps, point = slice(n, unit.gradient.size), VOLATILITY_POINT
    g, h = unit.gradient, unit.hessian
    yield NamedNumber(
        "price", unit.price, unit.errors.price if unit.errors else np.nan, "price of one option"
    )

    def scaled(name: str, value: float, error: float, scale: float, unit_text: str) -> NamedNumber:
        return NamedNumber(name, size * scale * float(value), abs(size) * scale * float(error), unit_text)

    e = unit.errors or StandardErrors(np.nan, np.full(g.size + 1, np.nan), np.full((g.size + 1,) * 2, np.nan))
    eg, eh = e.gradient, e.hessian
    yield scaled("value", unit.price, e.price, 1.0, "price")
    yield scaled("delta", g[0], eg[0], 1.0, "price / index point")
    yield scaled("gamma", h[0, 0], eh[0, 0], 1.0, "price / index point^2")
    yield scaled("rho", g[1], eg[1], BASIS_POINT, "price / basis point")
    yield scaled("rate convexity", h[1, 1], eh[1, 1], BASIS_POINT**2, "price / basis point^2")
    yield scaled("vega", g[bumps].sum(), eg[-1], point, "price / vol point")
    yield scaled("volga", h[bumps, bumps].sum(), eh[-1, -1], point**2, "price / vol point^2")
    yield scaled("vanna", h[0, bumps].sum(), eh[0, -1], point, "price / (index point, vol point)")
    yield scaled(
        "rate-vega", h[1, bumps].sum(), eh[1, -1], point * BASIS_POINT, "price / (basis point, vol point)"
    )
    for k, label in enumerate(result.buckets.labels):
        yield scaled(f"vega {label}", g[n + k], eg[n + k], point, "price / vol point")


def product_table(result: Valuation) -> Table:
    """Return the positions that the forward march does not price, a standard error after every simulated number."""
    columns = [
        Column("position"),
        Column("option"),
        Column("engine"),
        Column("price"),
        Column("delta", "per point"),
        Column("gamma", "per point^2"),
        Column("vega", "per vol point"),
        Column("vanna", "per point, vol point"),
        Column("volga", "per vol point^2"),
        Column("rho", "per basis point"),
    ]
    rows = []
    for _, position, unit in products(result):
        found = {number.name: number for number in numbers_of(result, position, unit)}
        cells = [_text(found[name]) for name in ("price", *SHOWN)]
        rows.append((position.label, position.option, unit.engine, *cells))
    return table("Products", columns, rows, product_note(result))


def product_note(result: Valuation) -> str:
    """Return what is to be known of these numbers."""
    note = (
        "Price of one option, Greeks of the whole position; all but vanillas, whose prices one forward march makes. "
        "Barriers are watched continuously. Second derivatives of American options other than delta's are differences "
        "of exact gradients, so that the exercise boundary moves with the market."
    )
    if result.greeks.errors is not None:
        note += (
            " +-: one standard error, over replicates of scrambled Sobol points (--paths, --seed). Second derivatives "
            "of simulated options are those in spot, rate and buckets: the Hessian in the surface's weights is without "
            "them."
        )
    return note


def _text(number: NamedNumber) -> str:
    if np.isnan(number.error):
        return f"{number.value:.5g}"
    return f"{number.value:.5g} +- {number.error:.1g}"


def product_columns(result: Valuation) -> dict[str, Any]:
    """Return the columns of `products.csv`: one row for each number of each position."""
    rows = [
        (number, position.label, position.contract.NAME, unit.engine, *greek)
        for number, position, unit in products(result)
        for greek in numbers_of(result, position, unit)
    ]
    names = ("position", "label", "product", "engine", "greek", "value", "stderr", "unit")
    return {name: [row[j] for row in rows] for j, name in enumerate(names)}
