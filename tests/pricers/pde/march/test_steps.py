"""Steps of a backward march: equal, or laid between jumps; rates by step."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError
from pricers import black_scholes
from pricers.curves import PiecewiseRate, mean_rate
from pricers.pde import backward, uniform_grid
from pricers.pde.march.steps import laid_steps


def test_equal_without_seams() -> None:
    steps = laid_steps(expiry=0.8, n_steps=4, seams=[1.0, 2.0])
    assert steps.ends is None and steps.n_steps == 4
    assert steps.midpoints == [0.1, 0.30000000000000004, 0.5, 0.7000000000000001]
    assert steps.elapsed(1.5) == pytest.approx(0.3)


@pytest.mark.parametrize("n_steps", [3, 10, 200])
def test_they_end_at_every_seam(n_steps: int) -> None:
    seams = [0.02, 0.021, 0.3, 0.3 + 1e-12, 0.77, 1.5]
    steps = laid_steps(expiry=1.0, n_steps=n_steps, seams=seams)
    assert steps.ends is not None
    for seam in (0.02, 0.021, 0.3, 0.77):
        assert np.abs(steps.ends - seam).min() < 1e-10
    assert n_steps <= steps.n_steps <= n_steps + len(seams)
    assert sum(steps.lengths) == pytest.approx(1.0, rel=1e-14)
    assert steps.relative.mean() == pytest.approx(1.0, rel=1e-13)
    assert steps.elapsed(steps.n_steps) == 1.0
    assert steps.elapsed(0.5) == pytest.approx(0.5 * steps.lengths[-1], rel=1e-9)


def test_means_of_a_curve() -> None:
    curve = PiecewiseRate([0.5], [0.02])
    assert laid_steps(expiry=1.0, n_steps=2, seams=[]).means(0.03) == [0.03]
    np.testing.assert_allclose(laid_steps(expiry=1.0, n_steps=2, seams=[]).means(curve), [0.02, 0.02])


def test_an_expiry_being_differentiated_is_refused_where_steps_cannot_follow() -> None:
    with pytest.raises(AadTypeError, match="jumps between its expiries"):
        ad.record(lambda t: laid_steps(expiry=t, n_steps=4, seams=[0.5]).step, 1.0)
    with pytest.raises(AadTypeError, match="curve"):
        ad.record(
            lambda t: laid_steps(expiry=t, n_steps=4, seams=[]).means(PiecewiseRate([1.0], [0.1]))[0], 1.0
        )


RATE, YIELD = PiecewiseRate([0.3, 1.0], [0.0, 0.06]), PiecewiseRate([0.6], [0.03])


@pytest.mark.parametrize("is_call", [True, False])
def test_a_term_structure_prices_as_its_mean_where_volatility_is_flat(is_call: bool) -> None:
    grid = uniform_grid(lowest=0.0, highest=400.0, n_nodes=401)
    contract = {"spot": 100.0, "strike": 103.0, "expiry": 0.9, "volatility": 0.25, "is_call": is_call}
    found = backward.price(grid=grid, rate=RATE, dividend_yield=YIELD, n_steps=200, **contract)
    means = {"rate": mean_rate(RATE, 0.0, 0.9), "dividend_yield": mean_rate(YIELD, 0.0, 0.9)}
    assert float(found) == pytest.approx(float(black_scholes.price(**contract, **means)), abs=3e-3)


def test_every_rate_of_a_curve_is_differentiated() -> None:
    """Bucketed rho by the march as one operation, against the expanded one and against the parallel shift."""
    grid = uniform_grid(lowest=0.0, highest=300.0, n_nodes=41)

    def function(x, *, expand=False):
        return backward.price(
            spot=100.0, strike=95.0, expiry=0.9, rate=PiecewiseRate(RATE.times, x[:2], shift=x[2]),
            dividend_yield=YIELD, volatility=0.25, grid=grid, n_steps=12, expand=expand,
        )  # fmt: skip

    x = np.array([0.0, 0.06, 0.0])
    one, every = ad.record(function, x), ad.record(lambda x: function(x, expand=True), x)
    np.testing.assert_allclose(one.gradient(x), every.gradient(x), rtol=1e-11)
    np.testing.assert_allclose(one.hessian(x), every.hessian(x), rtol=1e-9, atol=1e-9)
    assert one.gradient(x)[:2].sum() == pytest.approx(one.gradient(x)[2], rel=1e-11)
