"""Tables about the data behind the report: the implied market, arbitrage, bad quotes, bounds, where all came from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from apps.report.tables import Column, Table, table
from apps.risk.results import VOLATILITY_POINT, RiskResult
from pricers.calibration.settings import CalibrationSettings

if TYPE_CHECKING:
    from pricers.chain.arbitrage import ArbitrageReport

SHOWN = 12
"""Rows of the tables of worst quotes and arbitrages."""


def implied_market(result: RiskResult) -> Table:
    """Return rates, forwards and carry by expiry, and how well parity holds."""
    columns = [
        Column("expiry"),
        Column("years", "", ".4f"),
        Column("forward", "price", ".2f"),
        Column("discount", "", ".5f"),
        Column("zero rate", "%", ".3f"),
        Column("forward rate", "%", ".3f"),
        Column("own rate", "%", ".3f"),
        Column("its error", "%", ".3f"),
        Column("carry ln(F/S)/T", "%", ".3f"),
        Column("pairs"),
        Column("parity error", "% of spreads", ".1f"),
    ]
    note = (
        "Zero rates are those of a smooth curve through the expiries' own, which come from call less put by strike; "
        "parity error: the median near the money. "
        f"Exercise: {result.quotes.exercise_style}, {result.quotes.exercise_reason}."
    )
    if result.quotes.exercise_style == "american":
        note += (
            " Early-exercise premiums are taken off the quotes, and bids, mids and asks here are without them; the "
            "book's options are European."
        )
    return table("Implied market", columns, market_rows(result), note)


def market_rows(result: RiskResult) -> list[tuple[str | float | int, ...]]:
    """Return the rows of `implied_market`, rates in percent."""
    fit, spot = result.quotes.parity, result.quotes.spot
    if fit is None:
        return []
    labels = {(s.expiry, s.forward): s.label for s in result.quotes.slices}
    rows: list[tuple[str | float | int, ...]] = []
    before, sum_before = 0.0, 0.0
    for k, years in enumerate(fit.expiry.tolist()):
        total = -math.log(fit.discount[k])
        forward_rate = (total - sum_before) / (years - before) if years > before else math.nan
        rows.append(
            (
                labels.get((years, float(fit.forward[k])), f"{365.0 * years:.1f} days (no quotes kept)"),
                years,
                float(fit.forward[k]),
                float(fit.discount[k]),
                100.0 * total / years,
                100.0 * forward_rate,
                100.0 * float(fit.regression_rate[k]),
                100.0 * float(fit.regression_rate_error[k]),
                100.0 * math.log(fit.forward[k] / spot) / years,
                int(fit.n_pairs[k]),
                100.0 * float(fit.relative_residual[k]),
            )
        )
        before, sum_before = years, total
    return rows


def arbitrage(result: RiskResult, found: ArbitrageReport) -> Table:
    """Return the largest static arbitrages at the quoted bids and asks."""
    from pricers.chain.arbitrage import quote_name

    columns = [Column("kind"), Column("sell"), Column("buy"), Column("gain", "price", ".4g")]
    rows = [
        (
            item.kind,
            quote_name(result.quotes, item.sold),
            ", ".join(quote_name(result.quotes, k) for k in item.bought) or "the forward",
            item.gain,
        )
        for item in found.found[:SHOWN]
    ]
    counts = ", ".join(f"{found.count(kind)} {kind}" for kind in ("vertical", "butterfly", "calendar"))
    note = f"{counts}, at the bids and asks of the quotes kept, puts turned into calls by parity."
    if found.worst:
        note += " Most often in it: " + "; ".join(
            f"{name} ({n}, {gain:.4g})" for name, n, gain in found.worst[:5]
        )
    return table("Static arbitrage", columns, rows, note + ("" if found.worst else " There is none."))


def worst_quotes(result: RiskResult) -> Table:
    """Return the quotes that the surface misses by most."""
    from pricers.chain.arbitrage import quote_name

    q, c = result.quotes, result.calibration
    order = np.argsort(-np.abs(c.residuals), kind="stable")[:SHOWN]
    columns = [
        Column("quote"),
        Column("bid", "%", ".2f"),
        Column("mid", "%", ".2f"),
        Column("ask", "%", ".2f"),
        Column("fit", "%", ".2f"),
        Column("fit less mid", "vol points", "+.3f"),
        Column("SVI less mid", "vol points", "+.3f"),
    ]
    points = [
        v / VOLATILITY_POINT
        for v in (
            q.bid_volatility,
            q.volatility,
            q.ask_volatility,
            c.model_volatility,
            c.residuals,
            result.svi.model_volatility - q.volatility,
        )
    ]
    rows = [(quote_name(q, int(k)), *(float(column[k]) for column in points)) for k in order]
    return table(
        "Worst quotes", columns, rows, "Where both models miss alike, the quote is the likelier culprit."
    )


def active_bounds(result: RiskResult) -> list[tuple[str, int, int]]:
    """Return how many parameters of the fit stand at a bound: what, how many, of how many."""
    surface, settings = result.calibration.surface, CalibrationSettings()
    low, high = math.log(settings.lowest_volatility), math.log(settings.highest_volatility)
    weights, levels = surface.weights, np.abs(surface.levels)
    close = 1e-6
    return [
        (
            f"weights at the lowest volatility, {settings.lowest_volatility:.0%}",
            int(np.sum(weights <= low + close)),
            weights.size,
        ),
        (
            f"weights at the highest volatility, {settings.highest_volatility:.0%}",
            int(np.sum(weights >= high - close)),
            weights.size,
        ),
        ("levels of expiry intervals", int(np.sum(levels >= settings.level_bound - close)), levels.size),
    ]


def bounds(result: RiskResult) -> Table:
    """Return the active bounds of the fit."""
    columns = [Column("parameters at a bound"), Column("active"), Column("of")]
    note = (
        ""
        if not any(n for _, n, _ in active_bounds(result))
        else "What stands at a bound is the bound's doing."
    )
    return table("Bounds of the fit", columns, active_bounds(result), note)


def provenance(result: RiskResult) -> Table:
    """Return input hashes, version and options."""
    return table("Made from", [Column("what"), Column("value")], result.provenance.items())


def columns_read(result: RiskResult) -> Table:
    """Return what each column of the source was taken for."""
    explanation = result.quotes.explanation
    used = explanation.columns if explanation is not None else ()
    rows = [(u.header, u.field or "(not read)", u.because, u.sample) for u in used]
    notes = "" if explanation is None else "; ".join((explanation.layout, *explanation.notes))
    heads = [Column("column"), Column("taken for"), Column("because"), Column("first text")]
    return table("Columns of the source", heads, rows, notes)
