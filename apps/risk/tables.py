"""The tables of the risk report, for the terminal and the page."""

from __future__ import annotations

import numpy as np

from apps.report.tables import Cell, Column, Table, table
from apps.risk.desk import tables as desk_tables
from apps.risk.product_tables import product_table
from apps.risk.results import BASIS_POINT, VOLATILITY_POINT, RiskResult, Valuation
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.verdict import fit_warnings
from pricers.chain.arbitrage import quote_name

_MOST_ROWS = 20
"""Rows of the longest lists; the CSV files have all."""


def of_valuation(result: Valuation) -> list[Table]:
    """Return the tables of the chain, the book and its Greeks that fit a terminal."""
    return [
        dropped(result),
        *([left_out(result)] if not result.screen.kept.all() else []),
        *([arbitrage(result)] if result.arbitrage.found else []),
        book(result),
        *([product_table(result)] if result.greeks.units else []),
        named_greeks(result),
        vega_buckets(result),
    ]


def of_fit_and_checks(result: RiskResult) -> list[Table]:
    """Return the tables of what the fit and the Greeks compare with."""
    of_desk = [] if result.desk is None else desk_tables.shown(result.desk)
    return [fit(result), optimisation(result), *of_desk, checks(result)]


def dropped(result: Valuation) -> Table:
    """Return what became of the rows of the chain."""
    counts = result.quotes.dropped
    n_quotes = len(result.quotes)
    rows: list[tuple[str, int]] = [("rows in the file", n_quotes + sum(counts.values()))]
    rows += [(f"dropped: {reason}", count) for reason, count in counts.items()]
    rows += [
        ("kept: out-of-the-money quotes", n_quotes),
        ("slices (root, expiry)", len(result.quotes.slices)),
    ]
    notes = result.quotes.explanation.notes if result.quotes.explanation is not None else ()
    note = " ".join(f"{text[:1].upper()}{text[1:]}." for text in notes)
    return table("The chain", [Column("rows"), Column("count")], rows, note)


def fit(result: RiskResult) -> Table:
    """Return the quality of the fit beside SVI and the held-out quotes."""
    ours, svi = result.calibration.quality, result.svi.quality
    name = f"local volatility, {result.calibration.surface.n_parameters} parameters"
    rows = [(name, ours), (f"SVI slice by slice, {5 * len(result.quotes.slices)} parameters", svi)]
    if result.holdout is not None:
        held = result.holdout
        rows += [
            ("refitted without the held-out quotes, in sample", held.in_sample),
            ("the held-out quotes", held.held_out),
        ]
    columns = [
        Column("model"),
        Column("quotes"),
        Column("rmse", "vol points", ".4f"),
        Column("equal weights", "vol points", ".4f"),
        Column("tight quotes", "vol points", ".4f"),
        Column("worst", "vol points", ".2f"),
        *([] if result.quotes.is_mid_only else [Column("inside bid-ask", "%", ".1f")]),
    ]
    cells = [
        (
            label,
            q.n_quotes,
            q.rmse / VOLATILITY_POINT,
            q.equal_rmse / VOLATILITY_POINT,
            q.tight_rmse / VOLATILITY_POINT,
            q.worst / VOLATILITY_POINT,
            100.0 * q.share_inside,
        )[: len(columns)]
        for label, q in rows
    ]
    grid = result.calibration.grid_error / VOLATILITY_POINT
    worst = result.calibration.worst_grid_error / VOLATILITY_POINT
    note = (
        f"Weights {result.calibration.weights}; repriced on a finer grid (grid error rms {grid:.4f}, worst {worst:.4f} "
        "points); "
        f"rmse ratio to SVI {ours.rmse / svi.rmse:.3f}. Tight: bid-ask below 5 points."
    )
    if result.quotes.is_mid_only:
        note += (
            " The chain has mid prices only: inside bid and ask has no meaning, and its spreads are assumed."
        )
    if result.holdout is not None:
        held_out, in_sample = result.holdout.held_out.rmse, result.holdout.in_sample.rmse
        note += f" Held-out to in-sample rmse {held_out / in_sample if in_sample else np.inf:.2f}."
    note += "".join(f" WARNING, {text}." for text in warnings(result))
    return table("Fit of implied volatilities", columns, cells, note)


def warnings(result: RiskResult) -> tuple[str, ...]:
    """Return what speaks against the fit."""
    return fit_warnings(result=result.calibration, svi=result.svi.quality, held_out=result.holdout)


def left_out(result: Valuation) -> Table:
    """Return the quotes that the screen left out, by name."""
    screen, quotes = result.screen, screen_rows(result)
    columns = [
        Column("quote"),
        Column("reason"),
        Column("volatility", "%", ".2f"),
        Column("expected", "%", ".2f"),
        Column("deviations", "", ".1f"),
        Column("spread / mid", "", ".2f"),
    ]
    note = (
        f"Stale: more than {screen.max_deviation:g} deviations and one point off what the other strikes and expiries "
        f"say (--max-deviation). Wide: a spread above {screen.max_relative_spread:g} times the mid "
        "(--max-relative-spread)." + _more(len(quotes))
    )
    return table("Quotes left out", columns, quotes[:_MOST_ROWS], note)


def screen_rows(result: Valuation) -> list[tuple[str, str, float, float, float, float]]:
    """Return name, reason, volatility and expected volatility in percent, deviations, relative spread of each."""
    return [
        (
            item.name,
            item.reason,
            100.0 * item.volatility,
            100.0 * item.expected_volatility,
            item.deviation,
            item.relative_spread,
        )
        for item in result.screen.left_out(result.loaded)
    ]


def arbitrage(result: Valuation) -> Table:
    """Return the arbitrage found in the quotes as they were loaded."""
    found = result.arbitrage
    columns = [Column("kind"), Column("gain", "index points", ".4f"), Column("sold"), Column("bought")]
    counts = ", ".join(f"{found.count(kind)} {kind}" for kind in ("vertical", "butterfly", "calendar"))
    note = f"At quoted bids and asks: {counts}."
    if found.worst:
        worst = ", ".join(f"{name} ({gain:.3g})" for name, gain in found.worst)
        note += f" Quotes to blame (with what leaving them out takes off the gains): {worst}."
    rows = arbitrage_rows(result)
    return table("Arbitrage in the quotes", columns, rows[:_MOST_ROWS], note + _more(len(rows)))


def arbitrage_rows(result: Valuation) -> list[tuple[str, float, str, str]]:
    """Return kind, gain, name of the quote sold and names of those bought of each arbitrage."""

    def name(position: int) -> str:
        return quote_name(result.loaded, position)

    return [
        (item.kind, item.gain, name(item.sold), ", ".join(name(k) for k in item.bought))
        for item in result.arbitrage.found
    ]


def _more(n_rows: int) -> str:
    return f" The first {_MOST_ROWS} of {n_rows}." if n_rows > _MOST_ROWS else ""


def optimisation(result: RiskResult) -> Table:
    """Return what the calibration did."""
    c, q = result.calibration, result.quotes
    quoted = c.surface.local_volatility(log_moneyness=q.log_moneyness, time=q.expiry) / VOLATILITY_POINT
    inner = np.percentile(quoted, [1.0, 99.0])
    low, high = (
        np.sqrt(c.min_local_variance) / VOLATILITY_POINT,
        np.sqrt(c.max_local_variance) / VOLATILITY_POINT,
    )
    settings = CalibrationSettings()
    lowest, highest = (
        settings.lowest_volatility / VOLATILITY_POINT,
        settings.highest_volatility / VOLATILITY_POINT,
    )
    rows: list[tuple[str, Cell]] = [
        ("optimiser", c.optimiser),
        ("converged", _converged(c.converged, c.optimiser)),
        ("marches of the forward equation", c.n_marches),
        ("Jacobians, adjoint gradients", f"{c.n_jacobians}, {c.n_adjoints}"),
        (
            "weights, levels on their bounds",
            f"{c.active_weights} of {c.surface.weights.size}, {c.active_levels} of {c.surface.levels.size}",
        ),
        ("local volatility at the quotes", f"{quoted.min():.3g}% to {quoted.max():.3g}%"),
        ("at 98% of the quotes", f"{inner[0]:.3g}% to {inner[1]:.3g}%"),
        ("on the whole grid, unquoted wings too", f"{low:.3g}% to {high:.3g}%"),
    ]
    note = (
        f"The spline is bounded by {lowest:g}% and {highest:g}%; the level of an expiry interval multiplies it by "
        f"exp(+-{0.5 * settings.level_bound:g}) at most. Beyond the last quotes local variance is drawn to growing "
        "like |ln(K/F)|, as in a wing of constant implied-variance slope."
    )
    return table("Calibration", [Column(""), Column("value")], rows, note)


def _converged(converged: bool, optimiser: str) -> str:
    if converged:
        return "yes"
    return "no: stopped at the march limit" if optimiser == "gauss_newton" else "no: scipy reported a failure"


def slices(result: RiskResult) -> Table:
    """Return forwards, discount factors and errors expiry by expiry."""
    counts = np.bincount(result.quotes.slice_index, minlength=len(result.quotes.slices))
    ours, svi = result.calibration.quality, result.svi.quality
    columns = [
        Column("slice"),
        Column("expiry", "years", ".4f"),
        Column("forward", "index points", ".2f"),
        Column("zero rate", "%", ".3f"),
        Column("quotes"),
        Column("rmse", "vol points", ".3f"),
        Column("SVI rmse", "vol points", ".3f"),
        *(
            []
            if result.quotes.is_mid_only
            else [Column("inside", "%", ".1f"), Column("SVI inside", "%", ".1f")]
        ),
    ]
    rows = [
        (
            s.label,
            s.expiry,
            s.forward,
            -100.0 * np.log(s.discount) / s.expiry,
            counts[k],
            ours.slice_rmse[k] / VOLATILITY_POINT,
            svi.slice_rmse[k] / VOLATILITY_POINT,
            100.0 * ours.slice_inside[k],
            100.0 * svi.slice_inside[k],
        )[: len(columns)]
        for k, s in enumerate(result.quotes.slices)
    ]
    return table("Expiry by expiry", columns, rows)


def book(result: Valuation) -> Table:
    """Return the positions with their prices and Greeks on the surface; Greeks are those of the whole position."""
    columns = [
        Column("position"),
        Column("quantity", "", "+g"),
        Column("expiry"),
        Column("option"),
        Column("price", "index points", ".3f"),
        Column("value", "index points", ",.2f"),
        Column("delta", "per point", ".3f"),
        Column("gamma", "per point^2", ".5f"),
        Column("local vega", "per vol point", ".3f"),
        Column("Black vega", "per vol point", ".3f"),
    ]
    rows: list[tuple[Cell, ...]] = []
    g = result.greeks
    units = (g.unit_prices, g.unit_deltas, g.unit_gammas, g.unit_vegas, g.unit_black_vegas)
    for position, price, *greeks in zip(result.book, *units, strict=True):
        scaled = (position.size * greek for greek in (price, *greeks))
        rows.append((position.label, position.quantity, position.term.label, position.option, price, *scaled))
    gamma = float(g.hessian[0, 0])
    rows.append(
        (
            "book",
            None,
            "",
            "",
            None,
            g.value,
            float(g.gradient[0]),
            gamma,
            float(g.vega.sum()),
            float(
                sum(
                    p.size * vega
                    for p, vega in zip(result.book, g.unit_black_vegas, strict=True)
                    if p.is_vanilla
                )
            ),
        )
    )
    note = (
        "Local vega: per point of local volatility, raised everywhere. Black vega: per point of the option's own "
        "implied volatility. Deltas in labels are forward Black deltas at the quoted volatility."
    )
    if g.units:
        note += " Black vega is that of the vanillas alone; the other products have a table of their own."
    multipliers = sorted({p.multiplier for p in result.book} - {1.0})
    if multipliers:
        note += f" Value and Greeks count the multipliers of the book ({', '.join(f'{m:g}' for m in multipliers)})."
    return table("Book", columns, rows, note)


def named_greeks(result: Valuation) -> Table:
    """Return the named Greeks of the whole book."""
    columns = [Column("Greek"), Column("value", "", ",.6g"), Column("unit"), Column("meaning")]
    rows: list[tuple[Cell, ...]] = list(greek_rows(result))
    if result.greeks.errors is not None:
        columns.insert(2, Column("standard error", "", ".2g"))
        rows = [(*row[:2], error, *row[2:]) for row, error in zip(rows, greek_errors(result), strict=True)]
    money = (
        "Prices count the multipliers of the book."
        if any(p.multiplier != 1.0 for p in result.book)
        else "Prices are index points for one option per unit of quantity: multiply by the contract's multiplier for "
        "money."
    )
    note = (
        f"Method: {result.greeks.method}. {money} Local volatility is held in spot and time; theta and other dynamics "
        "of the smile have tables of their own."
    )
    if result.greeks.units:
        note += " Other products than vanillas are in it, by the engines of their table."
    return table("Greeks of the book", columns, rows, note)


def greek_rows(result: Valuation) -> list[tuple[str, float, str, str]]:
    """Return name, value, unit and meaning of each named Greek; prices in index points."""
    each, spot = result.greeks, result.quotes.spot
    g, h = each.gradient, each.hessian
    return [
        ("value", each.value, "price", "on the calibrated surface"),
        ("delta", g[0], "price / index point", "d/dS"),
        ("delta, 1%", g[0] * 0.01 * spot, "price / 1% of spot", "d/dS x S / 100"),
        ("gamma", h[0, 0], "price / index point^2", "d2/dS2"),
        ("gamma, 1%", h[0, 0] * (0.01 * spot) ** 2, "price / (1% of spot)^2", "d2/dS2 x (S / 100)^2"),
        ("rho", g[1] * BASIS_POINT, "price / basis point", "parallel shift of the zero rates"),
        ("rate convexity", h[1, 1] * BASIS_POINT**2, "price / basis point^2", "d2/dr2"),
        ("cross gamma spot-rate", h[0, 1] * BASIS_POINT, "price / (index point, basis point)", "d2/dS dr"),
        ("vega", each.vega.sum(), "price / vol point", "local volatility up one point everywhere"),
        ("volga", each.vega_vega.sum(), "price / vol point^2", "the sum of the vega-vega matrix"),
        ("vanna", each.spot_vega.sum(), "price / (index point, vol point)", "d2/dS d(local volatility)"),
        (
            "rate-vega",
            each.rate_vega.sum() * BASIS_POINT,
            "price / (basis point, vol point)",
            "d2/dr d(local volatility)",
        ),
    ]


def greek_errors(result: Valuation) -> list[float]:
    """Return the standard errors of `greek_rows`, NaN where nothing is simulated."""
    errors, spot, point = result.greeks.errors, result.quotes.spot, VOLATILITY_POINT
    if errors is None:
        return [np.nan] * len(greek_rows(result))
    g, h = errors.gradient, errors.hessian
    return [
        float(error)
        for error in (
            errors.price,
            g[0],
            g[0] * 0.01 * spot,
            h[0, 0],
            h[0, 0] * (0.01 * spot) ** 2,
            g[1] * BASIS_POINT,
            h[1, 1] * BASIS_POINT**2,
            h[0, 1] * BASIS_POINT,
            g[-1] * point,
            h[-1, -1] * point**2,
            h[0, -1] * point,
            h[1, -1] * BASIS_POINT * point,
        )
    ]


def vega_buckets(result: Valuation) -> Table:
    """Return the bucketed vega, expiries down, deviations across."""
    b = result.buckets
    grid = result.greeks.vega.reshape(b.expiries.size, b.deviations.size)
    columns = [
        Column("expiry"),
        *(Column(label, "", ",.4f") for label in b.deviation_labels),
        Column("all", "", ",.4f"),
    ]
    rows = [(label, *line, line.sum()) for label, line in zip(b.expiry_labels, grid, strict=True)]
    rows.append(("all", *grid.sum(axis=0), grid.sum()))
    note = (
        "Price per point added to the local volatility in the bucket, an exact derivative of the recorded pricing. "
        "Buckets are hats in ln expiry and in deviations ln(K/F) / (ATM vol sqrt T), flat beyond the ends; they add "
        "up to one, so all of them together are a parallel shift."
    )
    return table("Bucketed vega", columns, rows, note)


def checks(result: RiskResult) -> Table:
    """Return the independent checks."""
    columns = [
        Column("quantity"),
        Column("unit"),
        Column("report", "", ".8g"),
        Column("independent", "", ".8g"),
        Column("difference", "relative", ".1e"),
        Column("how"),
    ]
    rows = [
        (c.quantity, c.unit, c.ours, c.independent, _relative(c.ours, c.independent), c.how)
        for c in result.checks
    ]
    return table("Checked independently", columns, rows)


def _relative(ours: float, independent: float) -> float | None:
    """Return the relative difference; none where there is nothing to relate it to (a book that nets to zero)."""
    return (ours - independent) / abs(independent) if independent else None
