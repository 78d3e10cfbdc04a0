"""Every public name of the surrogates with an argument that it cannot take: an error of the family, or an answer."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pricers.surrogates
from aadlib.errors import AadError
from pricers.surrogates import (
    BachelierBasket,
    BarrierCall,
    BasketCall,
    BlackScholesCall,
    Cosine,
    DifferentialPCA,
    DifferentialRegression,
    DigitalCall,
    Himalaya,
    NettingSet,
    OneCycle,
    Polynomials,
    Splines,
    TwinNetwork,
    WorstOfAutocallable,
    held_out_states,
    learning_curve,
    monte_carlo_truth,
    nested_monte_carlo,
    random_netting_set,
    simulate,
    verify,
)

Call = tuple[Callable[..., Any], dict[str, Any]]

JUNK: dict[str, Any] = {
    "None": None, "text": "x", "ragged": [1.0, [2.0]], "NaN": float("nan"), "complex": 1.0 + 2.0j, "negative": -1,
    "matrix": np.ones((2, 2)), "class": int, "object": object(),
}  # fmt: skip
RESULTS = {
    "Errors", "LabelsWarning", "LearningCurve", "NotFitted", "OutsideRange", "Prediction", "Samples", "Scenarios",
    "StoredSamples", "TrainingCollapsed", "Truth", "Verification",
}  # fmt: skip
"""What others return or raise."""
ELSEWHERE = {"NettingSetExposure", "Problem", "open_samples", "write_samples"}
"""Made by a netting set; a contract; what takes a folder, in `test_store.py`."""


def estimator_calls() -> dict[str, Call]:
    """Return constructors, each with a fit, and methods."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 2))
    y, dydx = x[:, 0] ** 2, 2.0 * x * [1.0, 0.0]
    network = TwinNetwork(hidden=(3,), epochs=1)
    regression = DifferentialRegression(Polynomials(2))
    components = DifferentialPCA()
    settings = {
        "hidden": (3,), "activation": "silu", "differential_weight": 1.0, "epochs": 1, "batch_size": 8,
        "schedule": OneCycle(), "dtype": "float32", "seed": 0, "validation_fraction": 0.2, "patience": 3,
        "max_restarts": 0, "warm_start": False,
    }  # fmt: skip
    one = np.ones((3, 1))
    return {
        "TwinNetwork": (lambda **given: TwinNetwork(**given).fit(x, y, dydx), settings),
        "TwinNetwork.fit": (network.fit, {"x": x, "y": y, "dydx": dydx, "validation": (x, y, dydx)}),
        "TwinNetwork.predict": (network.fit(x, y, dydx).predict, {"x": x}),
        "TwinNetwork.hessian": (network.hessian, {"x": x}),
        "TwinNetwork.score": (network.score, {"x": x, "y": y, "sample_weight": np.ones(40)}),
        "OneCycle": (OneCycle, {"peak": 0.1, "points": ((0.0, 1.0), (1.0, 0.5))}),
        "Cosine": (Cosine, {"peak": 0.1, "cycles": 2, "stretch": 2.0, "final": 0.1}),
        "DifferentialRegression": (
            lambda **given: DifferentialRegression(**given).fit(x, y, dydx),
            {"basis": Polynomials(2), "ridge": 0.1, "differential_weight": 1.0, "cutoff": 1e-10},
        ),
        "DifferentialRegression.fit": (regression.fit, {"x": x, "y": y, "dydx": dydx}),
        "Polynomials": (
            lambda **given: DifferentialRegression(Polynomials(**given)).fit(x, y),
            {"degree": 2},
        ),
        "Splines": (lambda **given: DifferentialRegression(Splines(**given)).fit(x, y), {"n_knots": 4}),
        "DifferentialPCA": (
            lambda **given: DifferentialPCA(**given).fit(x, dydx=dydx),
            {"n_factors": 1, "tolerance": 0.1},
        ),
        "DifferentialPCA.fit": (components.fit, {"x": x, "y": y, "dydx": dydx}),
        "DifferentialPCA.transform": (components.fit(x, dydx=dydx).transform, {"x": x}),
        "DifferentialPCA.inverse_transform": (components.inverse_transform, {"factors": one}),
        "DifferentialPCA.greeks_in_factors": (components.greeks_in_factors, {"dydx": dydx}),
        "DifferentialPCA.greeks_in_inputs": (components.greeks_in_inputs, {"greeks": one}),
    }


def problem_calls() -> dict[str, Call]:
    """Return problems."""
    book = random_netting_set(n_assets=1, n_trades=3, maturity=1)
    market = {
        "n_assets": 2, "vary": ("spots",), "spots": (90.0, 110.0), "volatilities": (0.1, 0.2), "rate": (0.0, 0.1),
        "expiry": (1.0, 2.0), "correlation": (0.1, 0.2), "strike": 100.0, "dividend_yield": 0.0,
    }  # fmt: skip
    years = {"horizon": 1.0, "expiry": 1.0, "widening": 1.0}
    return {
        "BlackScholesCall": (
            BlackScholesCall,
            {"spot": 1.0, "strike": 1.0, "volatility": 0.2, "rate": 0.1, **years},
        ),
        "BachelierBasket": (
            BachelierBasket,
            {"n_assets": 2, "strike": 1.0, "basket_volatility": 0.2, "market_seed": 1, **years},
        ),
        "BasketCall": (BasketCall, market),
        "DigitalCall": (DigitalCall, {"strike": 100.0, "payout": 1.0, "bandwidth": 1.0, "window": 1.0}),
        "BarrierCall": (
            BarrierCall,
            {"strike": 100.0, "barrier": 120.0, "kind": "up-and-in", "n_steps": 2},
        ),
        "WorstOfAutocallable": (
            WorstOfAutocallable,
            {"coupon": 0.1, "call_level": 1.0, "protection": 0.7, "notional": 1.0},
        ),
        "Himalaya": (Himalaya, {"strike": 1.0, "notional": 1.0, "n_steps": 2}),
        "NettingSet": (
            NettingSet,
            {"market": book.market, "trades": book.trades, "horizons": book.horizons},
        ),
        "NettingSet.exposure": (book.exposure, {"horizon": 0.5, "widening": 1.0}),
        "NettingSet.scenarios": (book.scenarios, {"n_paths": 3, "seed": 1, "first": 0}),
        "random_netting_set": (
            random_netting_set,
            {"n_assets": 1, "n_trades": 2, "n_baskets": 0, "maturity": 1, "seed": 0},
        ),
    }


def function_calls() -> dict[str, Call]:
    """Return functions of problems."""
    problem = BlackScholesCall()
    surrogate = DifferentialRegression(Polynomials(2)).fit(*simulate(problem, 100, seed=1))
    common: dict[str, Any] = {"problem": problem, "seed": 1}
    states = {"problem": problem, "x": [[1.0]], "n_paths": 32, "seed": 1}
    return {
        "simulate": (
            simulate,
            {
                "n_samples": 5,
                "labels": "pathwise",
                "gradients": True,
                "antithetic": False,
                "dtype": "float64",
                "first": 0,
                **common,
            },
        ),
        "monte_carlo_truth": (monte_carlo_truth, states),
        "nested_monte_carlo": (nested_monte_carlo, states),
        "held_out_states": (held_out_states, {"n": 3, "quantile": 0.1, **common}),
        "verify": (
            verify,
            {"surrogate": surrogate, "n_states": 4, "quantile": 0.1, "x": None, "truth": None, **common},
        ),
        "learning_curve": (
            learning_curve,
            {
                "surrogate": surrogate,
                "sizes": [16, 32],
                "n_seeds": 1,
                "differential": True,
                "labels": None,
                "antithetic": False,
                "x": None,
                "truth": None,
                **common,
            },
        ),
    }


ROOMS = {"estimators": estimator_calls, "problems": problem_calls, "functions": function_calls}


@functools.cache
def calls(room: str) -> dict[str, Call]:
    """Return the calls of one room, made when they are first asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ROOMS[room]()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("room", ROOMS)
def test_what_they_cannot_take_is_an_error_of_the_family(room: str) -> None:
    strange = []
    for name, (function, arguments) in calls(room).items():
        function(**arguments)
        for argument in arguments:
            for junk, given in JUNK.items():
                try:
                    function(**{**arguments, argument: given})
                except AadError:
                    pass
                except Exception as error:
                    strange.append(f"{name}({argument} = {junk}): {type(error).__name__}: {error}")
    assert not strange


def test_every_public_name_is_called() -> None:
    known = {name.partition(".")[0] for room in ROOMS for name in calls(room)} | RESULTS | ELSEWHERE
    assert not sorted(set(pricers.surrogates.__all__) - known)
