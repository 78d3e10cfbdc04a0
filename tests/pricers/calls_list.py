"""One call of every public function of the pricers, with arguments that it takes: name -> (function, arguments)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np

import pricers.american
import pricers.american.bermudan
import pricers.analytic
import pricers.calibration
import pricers.chain
import pricers.curves
import pricers.monte_carlo
import pricers.pde
import pricers.surfaces
import pricers.trees
from pricers import (
    american,
    bachelier,
    black_scholes,
    calibration,
    chain,
    contracts,
    curves,
    pde,
    surfaces,
    trees,
)
from pricers import monte_carlo as mc
from pricers.american import bermudan
from pricers.analytic import implied_volatilities
from pricers.pde import backward, grids
from pricers.pde.forward import book, vanillas

from .surfaces.surfaces_list import SURFACES, TERMS

Call = tuple[Callable[..., Any], dict[str, Any]]

PACKAGES = (
    pricers.american, pricers.american.bermudan, pricers.analytic, pricers.calibration, pricers.chain, pricers.curves,
    pricers.monte_carlo, pricers.pde, pricers.pde.grids, pricers.surfaces, pricers.trees,
)  # fmt: skip
RESULTS = {
    "AmericanGreeks", "Arbitrage", "ArbitrageReport", "BasketEpGreeks", "BasketGreeks", "CalibrationResult", "Chain",
    "ColumnUse", "Estimate", "EuropeanEquivalent", "Exact", "Exercise", "Explanation", "FitQuality", "FrozenTimes",
    "GivenMarket", "HoldoutResult", "ImpliedMarket", "Iteration", "LeastSquaresPrice", "LeftOut", "MarketPrice",
    "MarketGreeks", "MarketPrices", "MarketWarning",
    "MovedVariance", "ParityFit", "Quotes", "SVIArbitrage", "SVIFit", "Screen",
    "Slice", "Tabulated", "TreeGreeks",
}  # fmt: skip
"""Classes that come back from functions, or that have no arguments."""
NO_FUNCTIONS = {
    "COLUMN_ALIASES", "Dynamics", "LATTICES", "Rate", "RateCurve", "SMOOTHINGS", "SplineLocalVolatility",
    "VolatilitySurface",
}  # fmt: skip
"""Tables, contracts and second names."""
INSIDE = {
    "LocalBasis",
    "lagrange_derivatives", "lagrange_start", "lagrange_stencils", "lagrange_weights", "march_forward", "read_options",
}  # fmt: skip
"""Parts of the marches, whose arrays the marches check."""

OPTION = {"spot": 100.0, "strike": 105.0, "expiry": 0.9}
FLAT = {"rate": 0.03, "dividend_yield": 0.01, "volatility": 0.2}
MARKET = contracts.Market(spot=100.0, surface=surfaces.FlatVolatility(0.2), **TERMS)
GBM = mc.GeometricBrownianMotion(spots=[100.0, 90.0], volatilities=0.2, rate=0.03)
ONE = mc.GeometricBrownianMotion(spots=[100.0], volatilities=0.2, rate=0.03)
PATH = mc.Path(dynamics=GBM, payoff=mc.BasketOption(strike=95.0, weights=[0.5, 0.5]), expiry=1.0)
EARLY = bermudan.EarlyExercisePath(dynamics=ONE, payoff=mc.BasketOption(strike=100.0), expiry=1.0, n_dates=3)
NORMALS = np.random.default_rng(3).standard_normal((256, 3, 1))
CORRELATION = np.array([[1.0, 0.3], [0.3, 1.0]])
FORWARD_GRID = pde.forward_grid(
    expiries=np.array([0.5]), first_deviation=0.1, lower=-1.0, upper=1.0, n_nodes=40, first_steps=4
)
GRID = pde.uniform_grid(lowest=0.0, highest=300.0, n_nodes=41)
SYNTHETIC = str(files("apps.data") / "synthetic_chain.csv")
SMALL = {"n_paths": 512, "n_batches": 2}


def quotes() -> Any:
    """Return the quotes of a small part of the shipped chain."""
    whole = chain.load_quotes(SYNTHETIC)
    return whole.select(np.arange(len(whole)) % 5 == 0)


def pricing_calls() -> dict[str, Call]:
    """Return closed forms, trees, American options and curves."""
    implied = {
        "price": 8.0,
        "forward": 100.0,
        "strike": 100.0,
        "expiry": 1.0,
        "discount": 0.99,
        "is_call": True,
    }
    bachelier_option = {"forward": 100.0, "strike": 95.0, "expiry": 1.0, "rate": 0.02, "volatility": 15.0}
    european = {**OPTION, **FLAT, "is_call": True, "on_error": "raise"}
    tree = {
        **OPTION,
        **FLAT,
        "is_call": False,
        "exercise": "american",
        "dividends": [(0.3, 1.0)],
        "n_steps": 11,
    }
    dated = {**OPTION, **FLAT, "is_call": False, "n_dates": 3}
    march = {"n_nodes": 21, "n_steps": 6}
    simulated = {
        **dated,
        **SMALL,
        "noise": "pseudo",
        "antithetic": True,
        "seed": 1,
        "degree": 2,
        "basis": "legendre",
    }
    forwards = {"times": [0.5, 1.0], "forwards": [101.0, 103.0], "discounts": [0.99, 0.97]}
    early = {"path": EARLY, "parameters": EARLY.parameters, "normals": NORMALS, "degree": 2, "n_batches": 2}
    return {
        "black_scholes": (black_scholes.price, european),
        "black_scholes.greeks": (black_scholes.greeks, {**european, "units": "raw"}),
        "bachelier": (bachelier.price, bachelier_option),
        "bachelier.greeks": (bachelier.greeks, {**bachelier_option, "units": "market"}),
        "implied_volatility": (implied_volatilities.implied_volatility, {**implied, "on_error": "raise"}),
        "bachelier_implied_volatility": (implied_volatilities.bachelier_implied_volatility, implied),
        "strict_implied_volatility": (implied_volatilities.strict_implied_volatility, implied),
        "differentiable_implied_volatility": (implied_volatilities.differentiable_implied_volatility, implied),
        "vega": (
            implied_volatilities.vega,
            {"volatility": 0.2, "forward": 100.0, "strike": 100.0, "expiry": 1.0, "discount": 1.0},
        ),
        "trees.price": (trees.price, {**tree, "lattice": "leisen_reimer"}),
        "greeks": (trees.greeks, {**tree, "second_order": "differences"}),
        "trees over a surface": (
            trees.price, {**OPTION, **TERMS, "volatility": SURFACES["spline in spot"], "n_steps": 11, "is_call": False}
        ),
        "price": (american.price, {**OPTION, **FLAT, "is_call": False}),
        "early_exercise_premium": (american.early_exercise_premium, {**OPTION, **FLAT, "is_call": False}),
        "premium_with_cash_dividends": (
            american.premium_with_cash_dividends,
            {**OPTION, **FLAT, "is_call": True, "dividends": [american.CashDividend(0.4, 2.0)]},
        ),
        "CashDividend": (american.CashDividend, {"time": 0.5, "amount": 1.0}),
        "least_squares_price": (bermudan.least_squares_price, {**simulated, "n_upper_paths": 4}),
        "american_greeks": (bermudan.american_greeks, {**simulated, "exercise": "boundary", "n_upper_paths": 0}),
        "frozen_times": (bermudan.frozen_times, {**dated, **SMALL, "seed": 1, "sharpness": 30.0}),
        "quadrature_greeks": (bermudan.quadrature_greeks, dated),
        "finite_difference_greeks": (bermudan.finite_difference_greeks, {**dated, **march}),
        "EarlyExercisePath": (
            bermudan.EarlyExercisePath,
            {"dynamics": ONE, "payoff": mc.BasketOption(strike=100.0), "expiry": 1.0, "n_dates": 3,
             "differentiate": ("spots",), "control": mc.GeometricBasketOption(strike=100.0)},
        ),
        "early_exercise_price": (bermudan.early_exercise_price, {**early, "n_upper_paths": 0, "control_today": None}),
        "refit_greeks": (
            bermudan.refit_greeks,
            {**early, "steps": 0.01 * np.abs(EARLY.parameters) + 1e-3, "labels": EARLY.labels, "control_today": None},
        ),
        "PiecewiseRate": (curves.PiecewiseRate, {"times": [0.5, 1.0], "rates": [0.01, 0.02], "shift": 0.0}),
        "from_factors": (curves.PiecewiseRate.from_factors, {"times": [0.5, 1.0], "factors": [0.99, 0.97]}),
        "ForwardCurve": (curves.ForwardCurve, {"spot": 100.0, "rate": 0.01, "dividend_yield": 0.0}),
        "from_forwards": (curves.ForwardCurve.from_forwards, {"spot": 100.0, **forwards}),
        "accumulated": (curves.accumulated, {"rate": TERMS["rate"], "time": 0.7}),
        "discount_factor": (curves.discount_factor, {"rate": TERMS["rate"], "time": 0.7}),
        "log_growth": (curves.log_growth, {**TERMS, "time": 0.7}),
        "mean_rate": (curves.mean_rate, {"rate": TERMS["rate"], "begin": 0.2, "end": 0.7}),
        "shifted": (curves.shifted, {"rate": TERMS["rate"], "number": 0.01}),
        "require_rate": (curves.require_rate, {"name": "rate", "rate": 0.02}),
        "is_curve": (curves.is_curve, {"rate": 0.02}),
        "European": (contracts.European, {"strike": 100.0, "expiry": 1.0, "is_call": True}),
        "Market": (contracts.Market, {"spot": 100.0, **TERMS, "surface": surfaces.FlatVolatility(0.2)}),
    }  # fmt: skip


def marching_calls() -> dict[str, Call]:
    """Return grids, marches and options on a market."""
    option = {**OPTION, **FLAT, "is_call": True}
    claim = {"market": MARKET, "strike": 105.0, "expiry": 0.9, "differentiate": ("spot", "weights")}
    march = {"n_nodes": 21, "n_steps": 6}
    return {
        "backward.price": (
            backward.price,
            {**option, **march, "exercise": "american", "damped_steps": 2, "expand": False, "grid": None},
        ),
        "backward.price with barriers": (
            backward.price, {**option, **march, "lower_barrier": 60.0, "upper_barrier": 180.0}
        ),
        "crank_nicolson": (
            pde.crank_nicolson,
            {"grid": GRID, "strike": 105.0, "expiry": 0.9, **FLAT, "is_call": True, "exercise": "american",
             "n_steps": 6, "lower_barrier": None, "upper_barrier": None, "damped_steps": 2},
        ),
        "extrapolated_price": (pde.extrapolated_price, {**option, "n_nodes": 21, "n_steps": 6, "grid": None}),
        "european": (pde.european, {**claim, **march, "is_call": True}),
        "american": (pde.american, {**claim, **march, "is_call": False}),
        "barrier": (pde.barrier, {**claim, **march, "barrier": 130.0, "kind": "up-and-in", "is_call": True}),
        "digital": (pde.digital, {**claim, **march, "pays": "cash", "payout": 2.0, "is_call": True}),
        "vanillas": (
            pde.vanillas, {"market": MARKET, "strikes": [95.0, 105.0], "expiries": [0.4, 0.9], "is_call": [True, False]}
        ),
        "price_vanillas": (
            vanillas.price_vanillas, {"market": MARKET, "strikes": np.array([95.0]), "expiries": np.array([0.5]),
             "is_call": np.array([True]), "grid": FORWARD_GRID},
        ),
        "book_grid": (book.book_grid, {"surface": SURFACES["calibrated"], "expiries": [0.2, 0.5]}),
        "price_book": (
            book.price_book,
            {"surface": SURFACES["calibrated"], "spot": 100.0, "reference_spot": 100.0, "strikes": [95.0],
             "expiries": [0.2], "is_call": [True], "forwards": [100.5], "discounts": [0.99], "rate_shift": 0.0,
             "dividend_shift": 0.0},
        ),
        "default_grid": (pde.default_grid, {**OPTION, **FLAT, "n_nodes": 21, "lower_barrier": 60.0}),
        "uniform_grid": (grids.uniform_grid, {"lowest": 0.0, "highest": 300.0, "n_nodes": 21}),
        "log_grid": (grids.log_grid, {"lowest": 1.0, "highest": 300.0, "n_nodes": 21, "centre": 100.0}),
        "sinh_grid": (
            grids.sinh_grid, {"lowest": 0.0, "highest": 300.0, "centre": 100.0, "width": 20.0, "n_nodes": 21}
        ),
        "Grid": (pde.Grid, {"spots": np.linspace(1.0, 9.0, 9), "coordinate": "spot"}),
        "ForwardGrid": (
            pde.ForwardGrid,
            {name: getattr(FORWARD_GRID, name) for name in ("nodes", "below", "above", "initial", "steps",
             "implicitness", "midpoints", "expiries", "last_step")},
        ),
        "forward_grid": (
            pde.forward_grid,
            {"expiries": np.array([0.5]), "first_deviation": 0.1, "lower": -1.0, "upper": 1.0, "n_nodes": 40,
             "first_steps": 4},
        ),
        "interpolate": (pde.interpolate, {"grid": GRID, "values": np.linspace(0.0, 1.0, 41), "spot": 100.0}),
    }  # fmt: skip


def surface_calls() -> dict[str, Call]:
    """Return surfaces and their parts."""
    smile = {"a": 0.01, "b": 0.1, "rho": -0.4, "m": 0.0, "sigma": 0.2}
    fitted = SURFACES["calibrated"]
    whole = {
        name: getattr(fitted, name)
        for name in (
            "strike_basis",
            "time_basis",
            "expiries",
            "atm_variance",
            "variance_offset",
            "weights",
            "levels",
        )
    }
    basis = surfaces.uniform_basis(lower=20.0, upper=300.0, size=9)
    slices = [surfaces.SVISlice(**smile), surfaces.SVISlice(**{**smile, "a": 0.03})]
    return {
        "FlatVolatility": (surfaces.FlatVolatility, {"volatility": 0.2}),
        "TermVolatility": (surfaces.TermVolatility, {"expiries": [0.5, 1.0], "volatilities": [0.2, 0.21]}),
        "SplineVolatility": (
            surfaces.SplineVolatility, {"basis": basis, "weights": np.full(9, 0.2), "logarithmic": False}
        ),
        "SVILocalVolatility": (
            surfaces.SVILocalVolatility,
            {"parameters": list(smile.values()), "expiries": [1.0], "spot": 100.0, **TERMS, "reach": 1.0},
        ),
        "DupireLocalVolatility": (
            surfaces.DupireLocalVolatility,
            {"total_variance": lambda x, t: 0.04 * t + 0.0 * x, "spot": 100.0, **TERMS, "reach": 1.0},
        ),
        "CalibratedVolatility": (surfaces.CalibratedVolatility, whole),
        "BumpedVolatility": (
            surfaces.BumpedVolatility,
            {"surface": fitted, "hats": surfaces.VolatilityHats([0.25], [0.0]), "bumps": [0.01]},
        ),
        "LaterVolatility": (surfaces.LaterVolatility, {"surface": fitted, "elapsed": 0.1}),
        "later_volatility": (surfaces.later_volatility, {"surface": fitted, "elapsed": 0.1}),
        "MovingVolatility": (surfaces.MovingVolatility, {"surface": fitted, "move": 0.1, "carry": 0.0}),
        "moving_volatility": (surfaces.moving_volatility, {"surface": fitted, "move": 0.1, "carry": 0.0}),
        "VolatilityHats": (surfaces.VolatilityHats, {"expiries": [0.25, 1.0], "deviations": [-1.0, 0.0]}),
        "uniform_basis": (surfaces.uniform_basis, {"lower": 0.0, "upper": 1.0, "size": 6}),
        "BSplineBasis": (surfaces.BSplineBasis, {"breakpoints": basis.breakpoints, "degree": 3}),
        "TensorBasis": (surfaces.TensorBasis, {"first": basis, "second": basis}),
        "SVISlice": (surfaces.SVISlice, smile),
        "SVISurface": (surfaces.SVISurface, {"expiries": [0.5, 1.0], "slices": slices}),
        "svi_slices": (surfaces.svi_slices, {"parameters": list(smile.values())}),
        "butterfly_factor": (
            surfaces.butterfly_factor, {"log_moneyness": 0.1, "variance": 0.04, "slope": 0.0, "curvature": 0.0}
        ),
        "check_butterfly": (surfaces.check_butterfly, {"slices": slices}),
        "check_calendar": (surfaces.check_calendar, {"slices": slices}),
        "local_variance": (
            surfaces.local_variance,
            {"total_variance": lambda x, t: 0.04 * t + 0.0 * x, "log_moneyness": 0.1, "time": 0.5},
        ),
    }  # fmt: skip


def simulating_calls() -> dict[str, Call]:
    """Return dynamics, payoffs, smoothings and paths."""
    model = {"spots": [100.0, 90.0], "rate": 0.03, "dividend_yields": [0.0, 0.01], "correlation": CORRELATION}
    spline = SURFACES["spline in spot"]
    weighted = {"strike": 95.0, "weights": [0.5, 0.5], "is_call": True}
    compiled = {
        "spots": [100.0, 90.0], "weights": [0.5, 0.5], "volatilities": [0.2, 0.3], "rate": 0.03, "expiry": 1.0,
        "strike": 95.0,
    }  # fmt: skip
    return {
        "GeometricBrownianMotion": (mc.GeometricBrownianMotion, {**model, "volatilities": [0.2, 0.3]}),
        "LocalVolatility": (mc.LocalVolatility, {**model, "surfaces": spline}),
        "SecondOrderLocalVolatility": (mc.SecondOrderLocalVolatility, {**model, "surfaces": spline}),
        "BasketOption": (mc.BasketOption, weighted),
        "GeometricBasketOption": (mc.GeometricBasketOption, weighted),
        "AsianOption": (mc.AsianOption, weighted),
        "GeometricAsianOption": (mc.GeometricAsianOption, weighted),
        "DigitalOption": (mc.DigitalOption, {**weighted, "payout": 2.0}),
        "BarrierOption": (mc.BarrierOption, {**weighted, "barrier": 120.0, "kind": "up-and-out"}),
        "BestOfOption": (mc.BestOfOption, {"strike": 95.0, "references": [100.0, 90.0], "is_call": True}),
        "WorstOfOption": (mc.WorstOfOption, {"strike": 95.0, "references": [100.0, 90.0], "is_call": True}),
        "HimalayaOption": (mc.HimalayaOption, {"references": [100.0, 90.0], "strike": 1.0, "notional": 100.0}),
        "ScheduledAsian": (
            mc.ScheduledAsian,
            {"strike": 95.0, "fixings": [0.5, 1.0], "expiry": 1.0, "is_call": True, "n_past": 1, "past_mean": 98.0,
             "n_steps": 4},
        ),
        "LocalizedLikelihoodRatio": (mc.LocalizedLikelihoodRatio, {"bandwidth": 10.0}),
        "SpreadOption": (mc.SpreadOption, {"strike": 5.0, "is_call": True}),
        "Autocallable": (
            mc.Autocallable, {"references": [100.0, 90.0], "call_level": 1.0, "coupon": 0.05, "protection": 0.6,
             "notional": 100.0},
        ),
        "Path": (
            mc.Path,
            {"dynamics": GBM, "payoff": PATH.payoff, "expiry": 1.0, "n_steps": 2, "track_steps": True,
             "differentiate": ("spots",), "smoothing": "softplus", "correlated_normals": False, "control": None,
             "control_weight": 1.0},
        ),
        "compress_steps": (mc.compress_steps, {"normals": np.zeros((4, 2, 2))}),
        "price": (mc.price, {"path": PATH, "normals": np.zeros((4, 2)), "parameters": PATH.parameters}),
        "measured_bias": (mc.measured_bias, {"path": PATH, "normals": np.zeros((4, 2)), "parameters": PATH.parameters}),
        "apply_correlation": (mc.apply_correlation, {"normals": np.zeros((4, 2)), "correlation": CORRELATION}),
        "apply_correlation_nonvec": (
            mc.apply_correlation_nonvec, {"normals": np.zeros((4, 2)), "correlation": CORRELATION}
        ),
        "nearest_correlation": (mc.nearest_correlation, {"matrix": CORRELATION}),
        "pack_correlations": (mc.pack_correlations, {"matrix": CORRELATION}),
        "unpack_correlations": (mc.unpack_correlations, {"correlations": [0.3], "n_assets": 2}),
        "Softplus": (mc.Softplus, {"sharpness": 30.0}),
        "Kernel": (mc.Kernel, {"bandwidth": 1.0}),
        "ConditionalExpectation": (mc.ConditionalExpectation, {}),
        "Vibrato": (mc.Vibrato, {}),
        "LikelihoodRatio": (mc.LikelihoodRatio, {}),
        "Malliavin": (mc.Malliavin, {}),
        "basket_greeks": (mc.basket_greeks, {**compiled, "normals": np.zeros((4, 2)), "sharpness": 30.0}),
        "basket_ep_greeks": (
            mc.basket_ep_greeks,
            {**compiled, "correlation": CORRELATION, "n_paths": 64, "n_steps": 2, "alpha": 30.0, "seed": 0,
             "track_steps": False, "is_call": True},
        ),
    }  # fmt: skip


def market_data_calls() -> dict[str, Call]:
    """Return chains and calibration."""
    some = quotes()
    read = chain.read_chain(SYNTHETIC)
    parity = chain.fit_parity(chain.drop_unusable(read))
    fitted = calibration.calibrate(some, n_strikes=4, n_expiries=4)
    days = {"quote_date": datetime.date(2024, 1, 2), "expiry_date": datetime.date(2024, 3, 15)}
    one = np.flatnonzero(some.slice_index == some.slice_index[0])
    return {
        "load_quotes": (
            chain.load_quotes,
            {"path": SYNTHETIC, "min_open_interest": 100.0, "min_expiry": 0.02, "max_expiry": 2.0, "spot": None,
             "quote_date": None, "expiry": None, "columns": None, "at": None, "underlying": None, "decimal": None,
             "dates": None, "zone": None, "exercise": None, "rate": None, "dividend_yield": None, "curve": None,
             "dividends": None, "forwards": None, "limits": None},
        ),
        "read_chain": (chain.read_chain, {"path": SYNTHETIC}),
        "drop_unusable": (chain.drop_unusable, {"chain": read, "min_expiry": 0.0, "max_expiry": 3.0}),
        "drop_thin": (chain.drop_thin, {"chain": read, "min_open_interest": 100.0}),
        "exercise_of": (chain.exercise_of, {"chain": read, "exercise": "european"}),
        "deamericanise": (chain.deamericanise, {"chain": chain.drop_unusable(read), "dividends": [], "given": None}),
        "fit_parity": (chain.fit_parity, {"chain": chain.drop_unusable(read), "given": None}),
        "given_market": (
            chain.given_market, {"quote_date": days["quote_date"], "rate": 0.02, "dividend_yield": 0.01, "curve": None}
        ),
        "imply_market": (chain.imply_market, {"chain": chain.drop_unusable(read)}),
        "MarketLimits": (chain.MarketLimits, {}),
        "parse_limits": (chain.parse_limits, {"text": "high_rate=0.2"}),
        "parse_columns": (chain.parse_columns, {"text": "spot=Index Spot"}),
        "select_quotes": (
            chain.select_quotes, {"chain": chain.drop_unusable(read), "parity": parity, "min_open_interest": 100.0}
        ),
        "find_arbitrage": (chain.find_arbitrage, {"quotes": some}),
        "quote_name": (chain.quote_name, {"quotes": some, "position": 0}),
        "is_settled_at_open": (chain.is_settled_at_open, {"root": "SPX", "expiry_date": days["expiry_date"]}),
        "years_to_expiry": (chain.years_to_expiry, {"root": "SPX", **days}),
        "calibrate": (calibration.calibrate, {"quotes": some, "weights": "equal", "n_strikes": 4, "n_expiries": 4}),
        "DeskQuotes": (calibration.DeskQuotes, {"tenors": [0.1, 0.5]}),
        "market_greeks": (
            calibration.market_greeks,
            {"fit": fitted, "price": pde.european(fitted, strike=some.spot, expiry=0.3, n_nodes=41, n_steps=10),
             "order": 1, "desk_quotes": None},
        ),
        "recalibrated": (calibration.recalibrated, {"fit": fitted, "volatility": some.volatility}),
        "CalibrationSettings": (
            calibration.CalibrationSettings, {"strike_smoothness": 0.2, "lowest_volatility": 0.02, "max_marches": 30}
        ),
        "fit_weights": (calibration.fit_weights, {"quotes": some, "weights": "equal"}),
        "fit_quality": (
            calibration.fit_quality, {"quotes": some, "model_volatility": some.volatility, "weights": "equal"}
        ),
        "inside_bid_ask": (calibration.inside_bid_ask, {"quotes": some, "model_volatility": some.volatility}),
        "screen_quotes": (
            calibration.screen_quotes, {"quotes": some, "max_relative_spread": 1.5, "max_deviation": 6.0}
        ),
        "reprice": (calibration.reprice, {"surface": fitted.surface, "quotes": some, "grid": None}),
        "holdout": (calibration.holdout, {"quotes": some, "n_strikes": 4, "n_expiries": 4}),
        "fit_svi_slice": (
            calibration.fit_svi_slice,
            {"log_moneyness": some.log_moneyness[one], "volatility": some.volatility[one], "expiry": 0.1},
        ),
        "fit_svi_slices": (calibration.fit_svi_slices, {"quotes": some, "weights": "equal", "n_starts": 1}),
        "fit_warnings": (calibration.fit_warnings, {"result": fitted}),
    }  # fmt: skip
