"""Greeks to second order against the truth, their standard errors, and what freezing the times leaves out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from greeks2 import hessian
from pricers.american.bermudan import (
    american_greeks,
    finite_difference_greeks,
    frozen_times,
    quadrature_greeks,
    refit_greeks,
)
from pricers.american.bermudan.bermudan_option import LABELS

from .cases import PUT, TRUTH, named

# Allowed root mean square error at 100,000 paths: a share of the truth, or absolute where the truth nearly vanishes.
SHARES = {"price": 0.001, "delta": 0.004, "vega": 0.003, "rho": 0.006, "gamma": 0.01, "rate_rate": 0.025}
ABSOLUTE = {"vanna": 0.006, "volga": 0.2}


def errors(
    option: dict[str, Any], truth: dict[str, float], n_seeds: int, **settings: Any
) -> dict[str, float]:
    """Return root mean square errors over seeds."""
    found = [named(american_greeks(**option, **settings, seed=seed)) for seed in range(n_seeds)]
    return {
        name: float(np.sqrt(np.mean([(one[name] - truth[name]) ** 2 for one in found]))) for name in truth
    }


def test_the_put_with_fewer_paths() -> None:
    """A fifth of the paths, and twice what is allowed with all of them."""
    found = errors(PUT, TRUTH, 4, n_paths=20_000)
    for name, share in SHARES.items():
        assert found[name] < 2.0 * share * abs(TRUTH[name]), name
    for name, allowed in ABSOLUTE.items():
        assert found[name] < 2.0 * allowed, name


@pytest.mark.slow
def test_the_put_with_all_paths() -> None:
    found = errors(PUT, TRUTH, 10, n_paths=100_000)
    for name, share in SHARES.items():
        assert found[name] < 0.5 * share * abs(TRUTH[name]), name
    for name, allowed in ABSOLUTE.items():
        assert found[name] < 0.5 * allowed, name


@pytest.mark.parametrize(
    ("n_paths", "n_seeds", "factor"),
    [(20_000, 3, 2.0), pytest.param(100_000, 10, 0.5, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("spot", [85.0, 110.0])
def test_other_spots(spot: float, n_paths: int, n_seeds: int, factor: float) -> None:
    truth = named(quadrature_greeks(**PUT | {"spot": spot}))
    found = errors(PUT | {"spot": spot}, truth, n_seeds, n_paths=n_paths)
    for name, share in {"gamma": 0.02, "vanna": 0.025, "volga": 0.04, "rate_rate": 0.05}.items():
        assert found[name] < factor * share * abs(truth[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["pseudo", "sobol"])
def test_standard_errors_are_the_deviation_over_seeds(noise: str) -> None:
    runs = [american_greeks(**PUT, n_paths=16_384, seed=seed, noise=noise) for seed in range(80)]
    values = {name: [named(run)[name] for run in runs] for name in TRUTH}
    stderrs = {name: [named(run, stderr=True)[name] for run in runs] for name in TRUTH}
    for name in TRUTH:
        ratio = np.sqrt(np.mean(np.square(stderrs[name]))) / np.std(values[name], ddof=1)
        assert 0.7 < ratio < 1.4, (name, ratio)


@pytest.mark.slow
def test_gammas_of_longstaff_and_schwartz(shared: Path) -> None:
    table = shared / "data/reference_values/american_put_longstaff_schwartz_table1.csv"
    for row in csv.DictReader(line for line in table.read_text().splitlines() if not line.startswith("#")):
        option = {
            "spot": float(row["spot"]), "strike": 40.0, "expiry": float(row["t"]), "volatility": float(row["vol"]),
            "rate": 0.06, "n_dates": round(50 * float(row["t"])),
        }  # fmt: skip
        found, truth = american_greeks(**option, n_paths=100_000), float(row["check_bermudan50"])
        assert abs(found.price - truth) < max(3.0 * found.stderr, 0.003 * truth), row
        assert found.gamma == pytest.approx(finite_difference_greeks(**option).gamma, rel=0.03), row


@pytest.mark.parametrize(
    "change",
    [
        {"is_call": True, "dividend_yield": 0.06},
        {"rate": -0.01, "dividend_yield": -0.04},
        {"rate": -0.04, "dividend_yield": -0.01, "is_call": True},
        {"n_dates": 3},
    ],
)
def test_calls_negative_rates_and_few_dates(change: dict[str, Any]) -> None:
    found = american_greeks(**PUT | change, n_paths=40_000, seed=1)
    exact = finite_difference_greeks(**PUT | change)
    assert abs(found.price - exact.price) < 4.0 * found.stderr + 1e-3
    assert np.all(np.abs(found.gradient - exact.gradient) < 5.0 * found.gradient_stderr + 1e-3)
    assert found.gamma == pytest.approx(exact.gamma, rel=0.01)
    assert np.all(
        np.abs(found.hessian - exact.hessian)
        < 5.0 * found.hessian_stderr + 0.015 * np.abs(exact.hessian) + 0.02
    )


def test_never_exercised_is_black_scholes() -> None:
    found = american_greeks(**PUT | {"rate": 0.0}, n_paths=2048)
    exact = quadrature_greeks(**PUT | {"rate": 0.0, "n_dates": 1})
    np.testing.assert_allclose(found.hessian[:2, :2], exact.hessian[:2, :2], rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(found.hessian_stderr, 0.0)


def test_the_upper_bound_comes_with_the_greeks_when_asked_for() -> None:
    found = american_greeks(**PUT, n_paths=16_000, n_upper_paths=64)
    assert found.lower_bound < found.upper_bound < found.lower_bound + 0.03
    assert np.isnan(american_greeks(**PUT, n_paths=2048).upper_bound)


def test_frozen_times_are_biased_below_the_truth() -> None:
    """Every Hessian with the policy frozen lies below the true one: the price is the upper envelope of policies."""
    found = american_greeks(**PUT, exercise="frozen_times", n_paths=100_000)
    truth = quadrature_greeks(**PUT)
    assert found.biased_in_second_order
    assert abs(found.delta - truth.delta) < 4.0 * found.gradient_stderr[0]
    assert abs(found.vega - truth.vega) < 4.0 * found.gradient_stderr[1]
    assert 0.012 < found.gamma < 0.017 and found.second("rate", "rate") < 200.0
    scale = np.sqrt(np.diag(truth.hessian))
    missing = (truth.hessian - found.hessian) / np.outer(scale, scale)
    noise = (found.hessian_stderr / np.outer(scale, scale)).max()
    assert np.linalg.eigvalsh(missing).min() > -4.0 * noise


@pytest.mark.parametrize(("size", "cap_active"), [(4000, 200), (4000, 500), (1000, 200), (1000, 500)])
def test_mini_batches_and_caps_change_nothing(size: int, cap_active: int) -> None:
    frozen = frozen_times(**PUT, n_paths=8000, n_batches=4)
    market = np.array([PUT.get(name, 0.0) for name in LABELS])
    parts = frozen.batches(size)
    assert [part.times.size for part in parts] == [size] * (8000 // size)
    total = sum(hessian(part, market, method="edge_pushing", cap_active=cap_active) for part in parts) / len(
        parts
    )
    program = ad.record(frozen, market)
    np.testing.assert_allclose(total, program.hessian(market), rtol=1e-10)
    one_path = american_greeks(**PUT, exercise="frozen_times", n_paths=8000, n_batches=4)
    np.testing.assert_allclose(total, one_path.hessian, rtol=1e-10)


def test_refitting_agrees_within_its_noise() -> None:
    found = american_greeks(**PUT | {"n_dates": 10}, exercise="refit", n_paths=40_000)
    truth = quadrature_greeks(**PUT | {"n_dates": 10})
    assert not found.biased_in_second_order and found.labels == LABELS
    assert abs(found.price - truth.price) < 4.0 * found.stderr + 0.002
    np.testing.assert_allclose(found.gradient, truth.gradient, rtol=0.01)
    assert found.gamma == pytest.approx(truth.gamma, rel=0.02)
    assert found.volga == pytest.approx(truth.volga, abs=0.6)
    assert found.second("rate", "rate") == pytest.approx(truth.second("rate", "rate"), rel=0.05)


def test_refitting_takes_any_path(rng: np.random.Generator) -> None:
    """The same put written down as a function of its spot, without a control."""
    times = np.arange(1, 5) / 4.0

    def path(x: Any, z: Any) -> Any:
        stock = x[0] * np.exp(0.01 * times + 0.2 * np.cumsum(z) * 0.5)
        exercise = np.exp(-0.03 * times) * (100.0 - stock)
        return np.stack([exercise, 0.0 * stock, np.log(stock)])

    found = refit_greeks(
        path=path, parameters=[100.0], normals=rng.standard_normal((65_536, 4)), steps=[2.0], labels=["spot"]
    )
    truth = quadrature_greeks(**PUT | {"n_dates": 4})
    assert abs(found.price - truth.price) < 4.0 * found.stderr
    assert found.first("spot") == pytest.approx(truth.delta, rel=0.02)
    assert found.second("spot", "spot") == pytest.approx(truth.gamma, abs=4.0 * found.hessian_stderr[0, 0])
