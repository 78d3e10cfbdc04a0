"""Paths as functions: recorded equal to NumPy, one step equal to many, every payoff, every model, pickling."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import aadlib as ad
from pricers.monte_carlo import (
    SMOOTHINGS,
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    BestOfOption,
    DigitalOption,
    GeometricAsianOption,
    GeometricBasketOption,
    GeometricBrownianMotion,
    LocalVolatility,
    Path,
    SpreadOption,
    WorstOfOption,
    apply_correlation,
    closed_forms,
    compress_steps,
    price,
)
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.svi_local_volatility import SVILocalVolatility

from .estimates import EVERYTHING, ONE, THREE, estimate, exact_derivatives, flatten

WEIGHTS = (0.3, 0.3, 0.4)
TWO = GeometricBrownianMotion(
    spots=[100.0, 96.0],
    volatilities=[0.3, 0.2],
    rate=0.02,
    dividend_yields=[0.0, 0.03],
    correlation=[[1.0, 0.4], [0.4, 1.0]],
)
PAYOFFS = [
    (THREE, BasketOption(strike=100.0, weights=WEIGHTS, is_call=False)),
    (THREE, DigitalOption(strike=100.0, weights=WEIGHTS, payout=5.0)),
    (THREE, GeometricBasketOption(strike=100.0, weights=WEIGHTS, is_call=False)),
    (TWO, SpreadOption(strike=-3.0, is_call=False)),
    (THREE, WorstOfOption(strike=1.0, references=THREE.spots)),
    (THREE, BestOfOption(strike=100.0, is_call=False)),
    (THREE, AsianOption(strike=100.0, weights=WEIGHTS)),
    (ONE, GeometricAsianOption(strike=100.0, is_call=False)),
    (THREE, BarrierOption(strike=95.0, barrier=120.0, weights=WEIGHTS)),
    (THREE, BarrierOption(strike=95.0, barrier=90.0, kind="down-and-in", weights=WEIGHTS)),
    (THREE, Autocallable(references=THREE.spots, coupon=0.03)),
]
IDS = [type(payoff).__name__ for _, payoff in PAYOFFS]
UNFIT = {
    ("WorstOfOption", "conditional_expectation"),
    ("BestOfOption", "conditional_expectation"),
    ("Autocallable", "conditional_expectation"),
    ("AsianOption", "vibrato"),
    ("GeometricAsianOption", "vibrato"),
    ("Autocallable", "vibrato"),
}


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize(("dynamics", "payoff"), PAYOFFS, ids=IDS)
def test_recorded_paths_equal_numpy(dynamics, payoff, smoothing, rng):
    """The same function of arrays: every path's value, at another point than it was recorded at."""
    if (type(payoff).__name__, smoothing) in UNFIT:
        return
    groups = EVERYTHING if dynamics.n_assets > 1 else ("spots", "volatilities", "rate")
    path = Path(
        dynamics=dynamics,
        payoff=payoff,
        expiry=1.0,
        n_steps=3,
        track_steps=True,
        differentiate=groups,
        smoothing=smoothing,
    )
    normals = rng.standard_normal((40, *path.noise_shape))
    program = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    moved = path.parameters * 1.01
    for point in (path.parameters, moved):
        np.testing.assert_allclose(program.value(point, normals), path(point, normals), rtol=1e-9, atol=1e-9)
    assert price(path, normals=normals).value == pytest.approx(program.value(path.parameters, normals).mean())


@pytest.mark.parametrize("smoothing", ["softplus", "kernel", "conditional_expectation", "likelihood_ratio"])
def test_tracked_steps_give_the_numbers_of_one_step(smoothing, rng):
    common = {
        "dynamics": THREE,
        "payoff": BasketOption(strike=100.0, weights=WEIGHTS),
        "expiry": 1.0,
        "n_steps": 5,
        "differentiate": EVERYTHING,
        "smoothing": smoothing,
    }
    tracked, compressed = Path(**common, track_steps=True), Path(**common, track_steps=False)
    normals = rng.standard_normal((20, 5, 3))
    assert tracked.noise_shape == (5, 3) and compressed.noise_shape == (3,)
    found = []
    for path, z in ((tracked, normals), (compressed, compress_steps(normals))):
        points = np.tile(path.parameters, (20, 1))
        program = ad.record(path, points, z, lanes=(0, 1), passive=(1,))
        found.append(flatten(*program.derivatives(points, z)))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-8, atol=1e-8)


def test_normals_correlated_outside_the_tape_give_the_same_path(rng):
    common = {"dynamics": THREE, "payoff": BasketOption(strike=100.0, weights=WEIGHTS), "expiry": 1.0}
    normals = rng.standard_normal((10, 3))
    correlated = apply_correlation(normals=normals, correlation=THREE.correlation)
    for smoothing in SMOOTHINGS:
        inside = Path(**common, smoothing=smoothing)
        outside = Path(**common, smoothing=smoothing, correlated_normals=True)
        np.testing.assert_allclose(
            inside(inside.parameters, normals), outside(outside.parameters, correlated), rtol=1e-12
        )
    record = [
        ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,)).n_nodes
        for path in (
            Path(**common, smoothing="kernel"),
            Path(**common, smoothing="kernel", correlated_normals=True),
        )
    ]
    assert record[0] - record[1] == 9  # a factor of three rows: six products and three sums


@pytest.mark.parametrize("name", ["vibrato", "likelihood_ratio", "malliavin"])
@pytest.mark.parametrize("best", [False, True], ids=["worst", "best"])
def test_worst_and_best_of_two_at_strike_zero(name, best):
    """min(S1, S2) = S1 - max(S1 - S2, 0) and max(S1, S2) = S2 + max(S1 - S2, 0): Margrabe's formula."""

    def closed_form(dynamics, expiry):
        exchange = closed_forms.exchange(dynamics=dynamics, expiry=expiry)
        first, second = (
            spot * np.exp(-q * expiry)
            for spot, q in zip(dynamics.spots, dynamics.dividend_yields, strict=True)
        )
        return second + exchange if best else first - exchange

    payoff = BestOfOption(strike=0.0) if best else WorstOfOption(strike=0.0)
    path = Path(dynamics=TWO, payoff=payoff, expiry=1.0, differentiate=EVERYTHING, smoothing=name)
    found = estimate(path, n_paths=40_000, seed=3)
    assert np.abs(found.deviations_from(exact_derivatives(closed_form, path))).max() < 4.0


def test_local_volatility_that_is_flat_is_geometric_brownian_motion(rng):
    """One Euler step in logarithms is exact where the volatility is constant."""
    surface = FlatVolatility(0.2)
    local = LocalVolatility(spots=[100.0], surfaces=surface, rate=0.03, dividend_yields=[0.01])
    common = {"payoff": BasketOption(strike=105.0), "expiry": 0.7, "n_steps": 3, "track_steps": True}
    normals = rng.standard_normal((20, 3, 1))
    for smoothing in SMOOTHINGS:
        method = smoothing
        if smoothing == "conditional_expectation":
            from pricers.monte_carlo import ConditionalExpectation

            method = ConditionalExpectation(last_step=True)
        if smoothing in ("likelihood_ratio", "localized_likelihood_ratio", "malliavin"):
            continue  # exact steps are merged for a claim at expiry, Euler steps are not
        paths = (
            Path(dynamics=local, differentiate=("spots", "weights", "rate"), smoothing=method, **common),
            Path(dynamics=ONE, differentiate=("spots", "volatilities", "rate"), smoothing=method, **common),
        )
        rows = []
        for path in paths:
            points = np.tile(path.parameters, (20, 1))
            program = ad.record(path, points, normals, lanes=(0, 1), passive=(1,))
            rows.append(flatten(*program.derivatives(points, normals)))
        np.testing.assert_allclose(rows[0], rows[1], rtol=1e-9, atol=1e-9)


def test_paths_survive_pickling(rng):
    path = Path(
        dynamics=THREE,
        payoff=BasketOption(strike=100.0, weights=WEIGHTS),
        expiry=1.0,
        smoothing="conditional_expectation",
    )
    again = pickle.loads(pickle.dumps(path))
    normals = rng.standard_normal((5, 3))
    np.testing.assert_array_equal(again(path.parameters, normals), path(path.parameters, normals))


def test_labels_and_slices():
    path = Path(dynamics=TWO, payoff=SpreadOption(), expiry=1.5, differentiate=EVERYTHING)
    assert path.labels == (
        "spot[0]", "spot[1]", "volatility[0]", "volatility[1]", "rate", "dividend_yield[0]", "dividend_yield[1]",
        "correlation[1,0]", "expiry",
    )  # fmt: skip
    assert path.parameters[path.slices()["correlations"]].tolist() == [0.4]
    assert path.parameters[path.slices()["expiry"]].tolist() == [1.5]


@pytest.mark.parametrize(
    "payoff", [SpreadOption(strike=2.0), BarrierOption(strike=95.0, barrier=120.0, weights=(0.5, 0.5))]
)
def test_correlations_beyond_the_direction_of_a_conditional_expectation_are_refused(payoff):
    """The direction is fixed at the path's point; where it moves a term the wrong way, nothing is priced."""
    strong = GeometricBrownianMotion(
        spots=[100.0, 100.0], volatilities=[0.2, 0.3], correlation=[[1.0, 0.1], [0.1, 1.0]]
    )
    path = Path(
        dynamics=strong,
        payoff=payoff,
        expiry=1.0,
        differentiate="correlations",
        smoothing="conditional_expectation",
    )
    normals = np.zeros((3, 2))
    program = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    beyond = np.array([0.98 if isinstance(payoff, SpreadOption) else -0.98])
    with pytest.raises(ad.BranchChanged):
        program.value(beyond, normals)
    with pytest.raises(ad.AadValueError, match="build the path again"):
        path(beyond, normals)


def test_svi_surfaces_are_recorded_over_lanes(rng):
    surface = SVILocalVolatility(
        parameters=[0.01, 0.1, -0.4, 0.0, 0.2, 0.02, 0.12, -0.4, 0.0, 0.25],
        expiries=[0.5, 1.0],
        spot=100.0,
        reach=1.0,
    )
    path = Path(
        dynamics=LocalVolatility(spots=[100.0], surfaces=surface, rate=0.02),
        payoff=AsianOption(strike=100.0),
        expiry=1.0,
        n_steps=4,
        track_steps=True,
        differentiate=("spots", "weights"),
        smoothing="kernel",
    )
    normals = rng.standard_normal((30, 4, 1))
    program = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    point = path.parameters
    np.testing.assert_allclose(program.value(point, normals), path(point, normals), rtol=1e-12, atol=1e-12)
    gradient = program.gradient(point, normals)
    for i, step in enumerate(1e-5 * np.maximum(np.abs(point), 0.1)):
        up, down = (path(point + s * step * np.eye(len(point))[i], normals).sum() for s in (1.0, -1.0))
        assert gradient[i] == pytest.approx((up - down) / (2.0 * step), rel=1e-6, abs=1e-6)
