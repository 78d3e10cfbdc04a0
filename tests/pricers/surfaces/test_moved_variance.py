"""The predictor of moved variances with its nodes in reverse: what an American call marches on."""

from __future__ import annotations

import numpy as np

import aadlib as ad
from pricers import pde
from pricers.contracts import Market
from pricers.surfaces import VolatilityHats
from pricers.surfaces.moved_variance import moved_predictor

from .surfaces_list import TERMS, calibrated


def test_a_mirrored_predictor_has_its_nodes_in_reverse(rng: np.random.Generator) -> None:
    surface, hats = calibrated(), VolatilityHats([0.25, 1.0], [-1.0, 0.0, 1.0])
    times = np.array([0.05, 0.3, 0.9])
    plain = moved_predictor(
        surface=surface,
        nodes=np.linspace(-0.5, 0.6, 12),
        times=times,
        shifts=np.ones((3, 1)),
        home=np.zeros(3),
        hats=hats,
    )
    mirrored = plain.mirrored()
    weights = np.concatenate([surface.parameters, [0.01], rng.uniform(0.0, 0.02, hats.size)])
    np.testing.assert_array_equal(mirrored.values(weights), plain.values(weights)[:, ::-1])
    basis, reversed_basis = plain.linearised(weights), mirrored.linearised(weights)
    np.testing.assert_array_equal(reversed_basis.dense(), basis.dense()[:, ::-1])
    factors = rng.standard_normal(plain.shape)
    np.testing.assert_allclose(
        mirrored.curvature(weights, np.ascontiguousarray(factors[:, ::-1])),
        plain.curvature(weights, factors),
        rtol=1e-12, atol=1e-14,
    )  # fmt: skip
    assert mirrored.mirrored().is_mirrored is False


def test_an_american_call_over_bumps_is_the_one_without_them() -> None:
    market = Market(spot=100.0, surface=calibrated(), **TERMS)
    bumped = market.bumped(VolatilityHats([0.25, 1.0], [0.0]))
    terms = {"strike": 100.0, "expiry": 0.6, "is_call": True, "n_nodes": 101, "n_steps": 40}
    plain = pde.american(market, **terms, differentiate="spot")
    raised = pde.american(bumped, **terms, differentiate=("spot", "volatilities"))
    program = ad.record(raised, raised.parameters)
    gradient = program.gradient(raised.parameters)
    assert abs(float(program.value(raised.parameters)) - float(plain(plain.parameters))) < 1e-10
    up, down = ({"spot": 100.0, "volatilities": [h, h]} for h in (1e-4, -1e-4))
    vega = (float(raised(up)) - float(raised(down))) / 2e-4
    np.testing.assert_allclose(gradient[1:].sum(), vega, rtol=1e-3)
