"""The root of basket = strike and the integrals over one normal direction, against scipy and mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import aadlib as ad
from aadlib import AadValueError
from pricers.monte_carlo.conditioning.directions import choose_direction, slopes
from pricers.monte_carlo.conditioning.lognormal_sum import Term, call_above, has_root, put_below, root
from pricers.monte_carlo.linear_claim import LinearClaim

BASKETS = {
    "basket": ([0.5, 0.3, 0.2], [4.6, 4.5, 4.8], [0.1, 0.9, 0.35], 100.0),
    "one": ([2.0], [4.0], [0.3], 90.0),
    "spread": ([1.0, -1.0], [4.6, 4.5], [0.3, -0.2], 5.0),
    "spread_below_zero": ([1.0, -1.0], [4.6, 4.7], [0.3, -0.25], -20.0),
    "exchange": ([1.0, -1.0], [4.6, 4.5], [0.3, -0.2], 0.0),
    "long_short": ([1.0, 0.5, -0.7], [4.6, 4.2, 4.4], [0.4, 1.2, -0.05], 60.0),
    "far": ([0.5, 0.5], [4.6, 4.6], [0.05, 0.04], 70.0),
}


def terms_of(weights, numbers):
    n = len(weights)
    return [Term.weighted(w, a, b) for w, a, b in zip(weights, numbers[:n], numbers[n:], strict=True)]


@pytest.mark.parametrize("name", BASKETS)
def test_root_and_its_derivatives(name):
    """Against differences of the root at 60 digits."""
    weights, levels, steps, strike = BASKETS[name]
    n = len(weights)
    point = np.array([*levels, *steps])

    def exact(numbers):
        def gap(x):
            return (
                sum(w * mpmath.exp(numbers[i] + numbers[n + i] * x) for i, w in enumerate(weights)) - strike
            )

        return mpmath.findroot(gap, start)

    start = brentq(
        lambda x: sum(w * np.exp(a + b * x) for w, a, b in zip(weights, levels, steps, strict=True)) - strike,
        -40.0,
        40.0,
    )
    program = ad.record(lambda p: root(terms_of(weights, list(p)), strike), point)
    value, gradient, hessian = program.derivatives(point)
    with mpmath.workdps(60):
        h = mpmath.mpf(10) ** -15
        base = [mpmath.mpf(float(x)) for x in point]

        def moved(*shifts):
            return exact([x + sum(s for k, s in shifts if k == i) for i, x in enumerate(base)])

        assert value == pytest.approx(float(exact(base)), rel=1e-12)
        for i in range(2 * n):
            slope = (moved((i, h)) - moved((i, -h))) / (2 * h)
            assert gradient[i] == pytest.approx(float(slope), rel=1e-10, abs=1e-12)
            for j in range(i + 1):
                corner = [moved((i, a * h), (j, b * h)) for a in (1, -1) for b in (1, -1)]
                bend = (corner[0] - corner[1] - corner[2] + corner[3]) / (4 * h * h)
                assert hessian[i, j] == pytest.approx(float(bend), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("name", BASKETS)
def test_integrals_are_the_expectations(name):
    weights, levels, steps, strike = BASKETS[name]
    terms = terms_of(weights, [*levels, *steps])
    x = float(root(terms, strike))

    def gain(t):
        return sum(w * np.exp(a + b * t) for w, a, b in zip(weights, levels, steps, strict=True)) - strike

    def density(t):
        return np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi)

    end = max(-12.0, min(12.0, x))
    above = quad(lambda t: gain(t) * density(t), end, 14.0, epsabs=1e-11, limit=200)[0]
    below = quad(lambda t: -gain(t) * density(t), -14.0, end, epsabs=1e-11, limit=200)[0]
    assert call_above(terms, strike, x) == pytest.approx(above, rel=1e-9, abs=1e-9)
    assert put_below(terms, strike, x) == pytest.approx(below, rel=1e-9, abs=1e-9)


def test_has_root():
    assert has_root([1.0, 0.5], 10.0) and has_root([1.0, -1.0], 0.0) and has_root([-1.0], -3.0)
    assert not has_root([1.0], 0.0) and not has_root([1.0], -2.0) and not has_root([-1.0], 2.0)


FACTOR = np.linalg.cholesky(np.array([[1.0, 0.6], [0.6, 1.0]]))
DEVIATIONS = np.array([0.1, 0.2])


@pytest.mark.parametrize("weights", [[0.5, 0.5], [1.0, -1.0], [1.0, -0.1], [0.0, 1.0]])
@pytest.mark.parametrize("first_step", [0, 1])
def test_every_term_of_the_claim_moves_to_the_same_side(weights, first_step):
    rows = np.zeros((2, 2))
    rows[-1] = weights
    claim = LinearClaim(rows, 10.0)
    direction = choose_direction(
        claim,
        forwards=np.full((2, 2), 100.0),
        deviations=DEVIATIONS,
        factor=FACTOR,
        first_step=first_step,
    )
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    assert (direction[:first_step] == 0.0).all()
    moved = slopes(direction, FACTOR, DEVIATIONS)
    assert (moved * rows)[rows != 0.0].min() > 0.0


def test_an_asset_with_weights_of_both_signs_has_no_direction():
    claim = LinearClaim(np.array([[-1.0, 0.5], [1.0, 0.5]]), 10.0)
    with pytest.raises(AadValueError, match="weights of both signs"):
        choose_direction(claim, forwards=np.full((2, 2), 100.0), deviations=DEVIATIONS, factor=FACTOR)


def test_the_root_is_found_over_a_wide_range_of_baskets(rng):
    """Volatilities times root-time from 0.01 to 2, weights of both signs, strikes up to five times away."""
    worst = 0.0
    for _ in range(300):
        n = int(rng.integers(2, 6))
        signs = np.where(rng.random(n) < 0.3, -1.0, 1.0)
        signs[0] = 1.0
        weights = signs * rng.uniform(0.1, 1.0, n)
        levels = 4.6 + 0.5 * rng.standard_normal(n)
        steps = signs * np.exp(rng.uniform(np.log(0.01), np.log(2.0), n))
        strike = float(np.exp(4.6 + rng.uniform(-1.5, 1.5)))
        x = float(root(terms_of(weights, [*levels, *steps]), strike))
        if abs(x) > 8.0:
            continue  # the normal distribution is 0 or 1 there
        rising = (weights * np.exp(levels + steps * x))[weights > 0.0].sum()
        falling = strike - (weights * np.exp(levels + steps * x))[weights < 0.0].sum()
        worst = max(worst, abs(np.log(rising / falling)))
    assert worst < 1e-12
