"""The CSV files of the risk report: numbers only, the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from apps.report.files import csv_text
from apps.risk.data_tables import market_rows
from apps.risk.desk.tables import csv_columns as desk_columns
from apps.risk.product_tables import product_columns
from apps.risk.products import COLUMNS
from apps.risk.results import VOLATILITY_POINT, RiskResult
from apps.risk.tables import arbitrage_rows, greek_errors, greek_rows, screen_rows
from pricers.calibration.quality import inside_bid_ask


def csv_files(result: RiskResult) -> dict[str, str]:
    """Return file name -> content."""
    return {
        "quotes.csv": csv_text(_quotes(result)),
        "slices.csv": csv_text(_slices(result)),
        "dropped.csv": csv_text(_dropped(result)),
        "left_out.csv": csv_text(_left_out(result)),
        "arbitrage.csv": csv_text(_arbitrage(result)),
        "fit.csv": csv_text(_fit(result)),
        "surface_weights.csv": csv_text(_surface(result)),
        "book.csv": csv_text(_book(result)),
        "greeks.csv": csv_text(_greeks(result)),
        "gradient.csv": csv_text(_gradient(result)),
        "hessian.csv": csv_text(_matrix(result.greeks.inputs, result.greeks.hessian)),
        "vega.csv": csv_text(_vega(result)),
        "vega_matrix.csv": csv_text(_matrix(result.buckets.labels, result.greeks.vega_vega)),
        "checks.csv": csv_text(_checks(result)),
        "market.csv": csv_text(_market(result)),
        **(
            {}
            if result.desk is None
            else {name: csv_text(x) for name, x in desk_columns(result.desk).items()}
        ),
        **({"products.csv": csv_text(product_columns(result))} if result.greeks.units else {}),
    }


def _quotes(result: RiskResult) -> dict[str, Any]:
    q, model = result.quotes, result.calibration.model_volatility
    mine = [q.slices[k] for k in q.slice_index]
    return {
        "root": [s.root for s in mine],
        "expiry": [s.expiry_date.isoformat() for s in mine],
        "years": q.expiry,
        "strike": q.strike,
        "cp": np.where(q.is_call, "C", "P"),
        "log_moneyness": q.log_moneyness,
        "bid": q.bid,
        "mid": q.mid,
        "ask": q.ask,
        "bid_volatility": q.bid_volatility,
        "mid_volatility": q.volatility,
        "ask_volatility": q.ask_volatility,
        "fit_volatility": model,
        "svi_volatility": result.svi.model_volatility,
        "fit_less_mid": model - q.volatility,
        "inside_bid_ask": [None] * len(q)
        if q.is_mid_only
        else inside_bid_ask(quotes=q, model_volatility=model),
        "vega": q.vega,
    }


def _slices(result: RiskResult) -> dict[str, Any]:
    slices, ours, svi = result.quotes.slices, result.calibration.quality, result.svi.quality
    blank = [None] * len(slices)
    return {
        "root": [s.root for s in slices],
        "expiry": [s.expiry_date.isoformat() for s in slices],
        "years": [s.expiry for s in slices],
        "forward": [s.forward for s in slices],
        "discount": [s.discount for s in slices],
        "quotes": np.bincount(result.quotes.slice_index, minlength=len(slices)),
        "rmse": ours.slice_rmse,
        "svi_rmse": svi.slice_rmse,
        "inside_bid_ask": blank if result.quotes.is_mid_only else ours.slice_inside,
        "svi_inside_bid_ask": blank if result.quotes.is_mid_only else svi.slice_inside,
    }


def _dropped(result: RiskResult) -> dict[str, Any]:
    counts = {**result.quotes.dropped, "kept": len(result.quotes)}
    return {"reason": list(counts), "rows": list(counts.values())}


def _left_out(result: RiskResult) -> dict[str, Any]:
    names = ("quote", "reason", "volatility_percent", "expected_percent", "deviations", "relative_spread")
    return _columns(names, screen_rows(result))


def _arbitrage(result: RiskResult) -> dict[str, Any]:
    return _columns(("kind", "gain", "sold", "bought"), arbitrage_rows(result))


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    return {name: [row[j] for row in rows] for j, name in enumerate(names)}


def _fit(result: RiskResult) -> dict[str, Any]:
    models = {"local volatility": result.calibration.quality, "SVI": result.svi.quality}
    if result.holdout is not None:
        models |= {
            "holdout, in sample": result.holdout.in_sample,
            "holdout, held out": result.holdout.held_out,
        }
    names = ("n_quotes", "rmse", "equal_rmse", "tight_rmse", "worst", "share_inside")
    columns = {name: [getattr(q, name) for q in models.values()] for name in names}
    if result.quotes.is_mid_only:
        columns["share_inside"] = [None] * len(models)
    return {"model": list(models), **columns}


def _surface(result: RiskResult) -> dict[str, Any]:
    """Parameters in the order of the Hessian, each at the centre of its basis function."""
    s = result.calibration.surface
    n_times, n_strikes = s.weights.shape
    blank = [None] * s.levels.size
    return {
        "parameter": result.greeks.inputs[2:],
        "years": [*np.repeat(np.exp(s.time_basis.greville), n_strikes), *s.expiries],
        "strike_coordinate": [*np.tile(s.strike_basis.greville, n_times), *blank],
        "value": s.parameters,
        "price_gradient": result.greeks.gradient[2:],
    }


def _book(result: RiskResult) -> dict[str, Any]:
    slices = [p.term for p in result.book]
    quantities = np.array([p.size for p in result.book])
    multipliers = [p.multiplier for p in result.book]
    return {
        "label": [p.label for p in result.book],
        "quantity": [p.quantity for p in result.book],
        **({"multiplier": multipliers} if set(multipliers) != {1.0} else {}),
        **(_products(result) if result.greeks.units else {}),
        "root": [s.root for s in slices],
        "expiry": [s.expiry_date.isoformat() for s in slices],
        "strike": [p.strike for p in result.book],
        "cp": ["C" if p.is_call else "P" for p in result.book],
        "years": [s.expiry for s in slices],
        "price": result.greeks.unit_prices,
        "value": quantities * result.greeks.unit_prices,
        "delta": quantities * result.greeks.unit_deltas,
        "gamma": quantities * result.greeks.unit_gammas,
        "local_vega": quantities * result.greeks.unit_vegas,
        "black_vega": quantities * result.greeks.unit_black_vegas,
    }


def _products(result: RiskResult) -> dict[str, Any]:
    """Return product, its columns and its engine for each position."""
    each = [p.contract.fields() for p in result.book]
    return {
        "product": [p.contract.NAME for p in result.book],
        **{name: [fields.get(name) for fields in each] for name in COLUMNS},
        "engine": ["forward PDE" if unit is None else unit.engine for unit in result.greeks.units],
    }


def _greeks(result: RiskResult) -> dict[str, Any]:
    names, values, units, _ = zip(*greek_rows(result), strict=True)
    errors = {} if result.greeks.errors is None else {"stderr": greek_errors(result)}
    return {"greek": names, "value": [float(v) for v in values], **errors, "unit": units}


def _gradient(result: RiskResult) -> dict[str, Any]:
    g = result.greeks
    return {"input": g.inputs, "first": g.gradient, "second": np.diag(g.hessian), "with_spot": g.hessian[0]}


def _matrix(labels: Any, matrix: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"": list(labels), **{label: matrix[:, j] for j, label in enumerate(labels)}}


def _vega(result: RiskResult) -> dict[str, Any]:
    b, surface = result.buckets, result.calibration.surface
    years, deviations = np.repeat(b.expiries, b.deviations.size), np.tile(b.deviations, b.expiries.size)
    centre = deviations * np.sqrt(surface.total_variance(years))
    return {
        "bucket": b.labels,
        "years": years,
        "deviations": deviations,
        "local_volatility": surface.local_volatility(log_moneyness=centre, time=years),
        "vega": result.greeks.vega,
        "spot_vega": result.greeks.spot_vega,
        "rate_vega": result.greeks.rate_vega,
        **_vega_errors(result),
    }


def _vega_errors(result: RiskResult) -> dict[str, Any]:
    errors = result.greeks.errors
    if errors is None:
        return {}
    buckets = slice(len(result.greeks.inputs), -1)
    return {
        "vega_stderr": VOLATILITY_POINT * errors.gradient[buckets],
        "spot_vega_stderr": VOLATILITY_POINT * errors.hessian[0, buckets],
        "rate_vega_stderr": VOLATILITY_POINT * errors.hessian[1, buckets],
    }


def _checks(result: RiskResult) -> dict[str, Any]:
    return {
        "quantity": [c.quantity for c in result.checks],
        "unit": [c.unit for c in result.checks],
        "report": [c.ours for c in result.checks],
        "independent": [c.independent for c in result.checks],
        "how": [c.how for c in result.checks],
    }


def _market(result: RiskResult) -> dict[str, Any]:
    names = (
        "expiry", "years", "forward", "discount", "zero_rate", "forward_rate", "regression_rate",
        "regression_rate_error", "carry", "pairs", "parity_error",
    )  # fmt: skip
    columns = zip(*market_rows(result), strict=True)
    percent = {
        "zero_rate",
        "forward_rate",
        "regression_rate",
        "regression_rate_error",
        "carry",
        "parity_error",
    }
    return {
        name: [0.01 * float(v) for v in column] if name in percent else column
        for name, column in zip(names, columns, strict=True)
    }
