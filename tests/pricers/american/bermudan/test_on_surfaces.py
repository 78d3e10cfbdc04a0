"""Early exercise under a calibrated surface: simulated on dates, against the backward equation on the same surface."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

import aadlib as ad
from pricers import pde
from pricers.american import bermudan
from pricers.calibration import calibrate
from pricers.chain import load_quotes
from pricers.monte_carlo import BasketOption


def test_an_american_put_under_a_calibrated_surface(rng):
    market = calibrate(load_quotes(files("apps.data") / "synthetic_chain.csv"))
    path = bermudan.EarlyExercisePath(
        dynamics=market.dynamics(),
        payoff=BasketOption(strike=1250.0, is_call=False),
        expiry=0.5,
        n_dates=25,
        differentiate=("spots",),
    )
    normals = rng.standard_normal((20_000, *path.noise_shape))
    found = bermudan.refit_greeks(
        path=path, parameters=path.parameters, normals=normals, steps=[0.02 * market.spot], n_batches=8
    )
    price = pde.american(market, strike=1250.0, expiry=0.5, is_call=False, differentiate=("spot",))
    spot, step = price.parameters, 5.0
    slopes = [ad.grad(price)(spot + moved)[0] for moved in (-step, 0.0, step)]
    gamma = (slopes[2] - slopes[0]) / (2.0 * step)
    low = bermudan.early_exercise_price(path=path, parameters=path.parameters, normals=normals)
    assert abs(low.price - price(spot)) < 3.0 * low.stderr
    assert abs(found.gradient[0] / slopes[1] - 1.0) < 0.04
    assert abs(found.hessian[0, 0] - gamma) < 5.0 * found.hessian_stderr[0, 0]
    assert np.isfinite(found.hessian_stderr).all()
