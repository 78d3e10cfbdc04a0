"""Tables about the data behind the report: the implied market, arbitrage, bad quotes, bounds, where all came from."""

from __future__ import annotations

import math

import numpy as np

from apps.report.tables import Column, Table, table
from apps.risk.results import VOLATILITY_POINT, RiskResult
from pricers.calibration.settings import CalibrationSettings

SHOWN = 12
"""Rows of the table of worst quotes."""


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


def bounds(result: RiskResult) -> Table:
    """Return how many parameters of the fit stand at a bound."""
    c, settings = result.calibration, CalibrationSettings()
    low, high = settings.lowest_volatility, settings.highest_volatility
    rows = [
        (f"weights, volatilities of {low:.0%} and {high:.0%}", c.active_weights, c.surface.weights.size),
        ("levels of expiry intervals", c.active_levels, c.surface.levels.size),
    ]
    note = "What stands at a bound is the bound's doing." if c.active_weights + c.active_levels else ""
    return table(
        "Bounds of the fit", [Column("parameters at a bound"), Column("active"), Column("of")], rows, note
    )


def provenance(result: RiskResult) -> Table:
    """Return input hashes, version and options."""
    return table("Made from", [Column("what"), Column("value")], result.provenance.items())


def columns_read(result: RiskResult) -> Table:
    """Return what each column of the source was taken for."""
    explanation = result.quotes.explanation
    used = explanation.columns if explanation is not None else ()
    rows = [(u.header, u.field or "(not read)", u.because, u.sample) for u in used]
    layout = "" if explanation is None else explanation.layout
    heads = [Column("column"), Column("taken for"), Column("because"), Column("first text")]
    return table("Columns of the source", heads, rows, layout)
