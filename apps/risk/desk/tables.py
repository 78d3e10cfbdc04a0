"""The tables and CSV files of the desk Greeks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from apps.report.tables import Cell, Column, Table, table
from apps.risk.desk.greeks import DeskGreeks
from apps.risk.results import BASIS_POINT, VOLATILITY_POINT

_SHORT = ("local vol", "strike", "moneyness")


def dynamics(desk: DeskGreeks) -> Table:
    """Return the book's spot Greeks under the three dynamics."""
    from pricers.desk import DYNAMICS

    spot = desk.spot
    rows = [
        (name, *numbers)
        for name, *numbers in zip(
            DYNAMICS, spot.delta, spot.gamma, spot.revalued_gamma, VOLATILITY_POINT * spot.vanna, strict=True
        )
    ]
    columns = [
        Column("the smile is"),
        Column("delta", "price / point", ".5g"),
        Column("gamma", "price / point^2", ".5g"),
        Column(f"gamma over +-{spot.revalued_move:.0%}", "price / point^2", ".5g"),
        Column("vanna", "delta / vol point", ".4g"),
    ]
    note = (
        "Sticky local volatility: the surface stays where it is, as in every other table. Sticky strike: quotes keep "
        "their volatilities at their strikes, and the surface is calibrated again. Sticky moneyness: the surface moves "
        "with the spot; no model is in it for European options. Volatility points are of all quotes at once."
    )
    return table("When the spot moves", columns, rows, note + _left_out(desk))


def positions(desk: DeskGreeks) -> Table:
    """Return delta, gamma and theta of each position."""
    rows: list[tuple[Cell, ...]] = []
    for k, position in enumerate(desk.price.positions):
        numbers = position.size * np.concatenate(
            [desk.unit_deltas[k], desk.unit_gammas[k], [desk.time.thetas[k]]]
        )
        rows.append((position.label, position.quantity, position.option, *numbers.tolist()))
    rows.append(("book", None, "", *desk.spot.delta, *desk.spot.gamma, desk.time.theta))
    columns = [
        Column("position"),
        Column("quantity"),
        Column("option"),
        *(Column(f"delta, {name}", "", ".4f") for name in _SHORT),
        *(Column(f"gamma, {name}", "", ".5f") for name in _SHORT),
        Column("theta", "per calendar day", ".3f"),
    ]
    note = "Vanillas under sticky strike are Black's at the surface's volatility; the book's are by calibrating again."
    return table("Positions when spot and time move", columns, rows, note)


def time(desk: DeskGreeks) -> Table:
    """Return the book's derivatives in time."""
    daily, trading = desk.time, desk.time.in_units("trading day")
    rows = [
        (name, getattr(daily, name), getattr(trading, name), meaning)
        for name, meaning in (("theta", "of the value"), ("charm", "of delta"), ("color", "of gamma"))
    ]
    columns = [
        Column("Greek"),
        Column("per calendar day", "", ".5g"),
        Column("per trading day", "", ".5g"),
        Column("meaning"),
    ]
    note = "Spot held; surface and rates held at every date."
    return table("When time passes", columns, rows, note + _left_out(desk))


def quoted(desk: DeskGreeks) -> Table:
    """Return the book's derivatives in desk quotes."""
    q = desk.quotes
    assert q.hessian is not None and q.gradient_error is not None
    rows = [
        (
            label,
            VOLATILITY_POINT * q.gradient[k],
            VOLATILITY_POINT * q.gradient_error[k],
            VOLATILITY_POINT**2 * q.hessian[k, k],
            VOLATILITY_POINT * q.hessian[0, k],
        )
        for k, label in enumerate(q.labels)
        if k >= 3
    ]
    columns = [
        Column("quote"),
        Column("vega", "price / vol point", ".4f"),
        Column("bid-ask deviation", "price / vol point", ".2g"),
        Column("volga", "price / vol point^2", ".4g"),
        Column("vanna", "delta / vol point", ".4g"),
    ]
    note = (
        "Through the calibration, exactly; a risk reversal is call less put, a butterfly their mean less the money. "
        f"At-the-money rows add up to {VOLATILITY_POINT * q.quote_vegas.sum():,.4g}, the vega of all quotes in "
        f"parallel. Bid and ask leave the value open by {q.error:.3g} (one standard deviation), delta by "
        f"{q.gradient_error[0]:.2g}."
    )
    return table("Greeks in market quotes", columns, rows, note)


def rates(desk: DeskGreeks) -> Table:
    """Return rho and dividend rho by expiry."""
    q = desk.quotes
    rows = [
        (f"{365.0 * t:.0f}", BASIS_POINT * rho, BASIS_POINT * dividend)
        for t, rho, dividend in zip(q.rate_expiries.tolist(), q.rho, q.dividend_rho, strict=True)
        if abs(rho) + abs(dividend) > 1e-9 * np.abs(q.rho).max()
    ]
    columns = [
        Column("expiry, days"),
        Column("rho", "price / basis point", ".4f"),
        Column("dividend rho", "price / basis point", ".4f"),
    ]
    note = (
        "Zero rate and dividend yield of one expiry move; quotes keep volatility and strike, and the surface is "
        "calibrated again."
    )
    return table("Rates by expiry", columns, rows, note)


def rests_on(desk: DeskGreeks) -> Table:
    """Return what value, delta and gamma are on surfaces fitted otherwise."""
    rows: list[tuple[Cell, ...]] = [
        (v.name, v.value, *(x for pair in zip(v.delta, v.gamma, strict=True) for x in pair))
        for v in desk.variants
    ]
    numbers = np.array([row[1:] for row in rows], dtype=np.float64)
    rows.append(("largest less smallest", *np.ptp(numbers, axis=0).tolist()))
    columns = [
        Column("fitted to"),
        Column("value", "price", ",.3f"),
        Column("delta, local vol", "", ".4f"),
        Column("gamma, local vol", "", ".5f"),
        Column("delta, moneyness", "", ".4f"),
        Column("gamma, moneyness", "", ".5f"),
    ]
    note = (
        "Prices hardly move with what a surface is fitted to; a local-volatility gamma goes like 1 / sigma(S, 0)^2, "
        "which no quote fixes: hedge with a column that does not move."
    )
    return table("What the numbers rest on", columns, rows, note)


def shown(desk: DeskGreeks) -> list[Table]:
    """Return all tables in their order."""
    return [make(desk) for make in (dynamics, time, quoted, rates, rests_on, positions)]


def csv_columns(desk: DeskGreeks) -> Mapping[str, Mapping[str, Any]]:
    """Return file name -> columns."""
    from pricers.desk import DYNAMICS

    q, spot = desk.quotes, desk.spot
    places = ["local_volatility", "strike", "moneyness"]
    return {
        "smile_dynamics.csv": {
            "dynamics": DYNAMICS,
            "delta": spot.delta,
            "gamma": spot.gamma,
            "revalued_gamma": spot.revalued_gamma,
            "vanna": spot.vanna,
        },
        "desk_positions.csv": {
            "position": [p.label for p in desk.price.positions],
            "size": desk.price.sizes,
            **{f"unit_delta_{name}": desk.unit_deltas[:, j] for j, name in enumerate(places)},
            **{f"unit_gamma_{name}": desk.unit_gammas[:, j] for j, name in enumerate(places)},
            "unit_theta_per_day": desk.time.thetas,
        },
        "quote_vegas.csv": {"quote": q.quote_labels, "vega": q.quote_vegas},
        "desk_quotes.csv": {
            "input": q.labels,
            "derivative": q.gradient,
            "bid_ask_deviation": q.gradient_error,
            **({} if q.hessian is None else {label: q.hessian[:, k] for k, label in enumerate(q.labels)}),
        },
        "rho.csv": {"expiry_years": q.rate_expiries, "rho": q.rho, "dividend_rho": q.dividend_rho},
        "rests_on.csv": {
            "fitted_to": [v.name for v in desk.variants],
            "value": [v.value for v in desk.variants],
            "delta_local_volatility": [v.delta[0] for v in desk.variants],
            "gamma_local_volatility": [v.gamma[0] for v in desk.variants],
            "delta_moneyness": [v.delta[1] for v in desk.variants],
            "gamma_moneyness": [v.gamma[1] for v in desk.variants],
        },
    }


def _left_out(desk: DeskGreeks) -> str:
    names = desk.price.left_out
    return f" Simulated positions are not in it: {', '.join(names)}." if names else ""
