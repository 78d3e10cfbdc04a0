"""Differential regression on polynomials beside ridge and plain regression: bias and spread over training sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.measures.trainings import beyond_the_range
from pricers.surrogates import (
    BachelierBasket,
    BlackScholesCall,
    DifferentialRegression,
    Polynomials,
    Problem,
    held_out_states,
    simulate,
)

CASES: tuple[tuple[str, Problem, int, int], ...] = (
    ("call, degree 7", BlackScholesCall(), 7, 256),
    ("basket of 4, degree 4", BachelierBasket(n_assets=4), 4, 512),
)
"""Name, problem, degree, samples."""
RIDGES = (1e-3, 1e-2, 1e-1)
N_SETS = 30
MANY = 2**16
"""Samples of the regression whose errors are those of the polynomials alone."""


def rows(stage: Stage, *, quick: bool = False, seed: int = 1) -> Sequence[Ours]:
    """Regress on many small training sets, and tell what they have in common from where they differ."""
    ours = []
    n_sets = 4 if quick else N_SETS
    for name, problem, degree, n in CASES:
        with stage(name), beyond_the_range():
            basis = Polynomials(degree)
            x = held_out_states(
                problem, 1024, seed=2**30, quantile=0.01 if problem.noise_shape == (1,) else 0.0
            )
            truth = problem.truth(x).value
            many = simulate(problem, MANY // 8 if quick else MANY, seed=seed + n_sets, antithetic=True)
            limit = DifferentialRegression(basis).fit(*many).predict_with_greeks(x).values
            contestants = {
                "values alone": (DifferentialRegression(basis, differential_weight=0.0),),
                "ridge at its best": tuple(
                    DifferentialRegression(basis, differential_weight=0.0, ridge=ridge) for ridge in RIDGES
                ),
                "differential": (DifferentialRegression(basis),),
            }
            for contestant, regressions in contestants.items():
                predicted = [
                    np.array([_fitted(one, problem, n, seed + k, x) for k in range(n_sets)])
                    for one in regressions
                ]
                best = min(predicted, key=lambda values: _rmse(values - truth))
                mean = best.mean(axis=0)
                for what, error in (
                    ("price rmse", best - truth),
                    ("bias beyond the polynomials'", mean - limit),
                    ("spread over training sets", best - mean),
                ):
                    ours.append(Ours(f"{what}, {contestant}, {name}", 100.0 * _rmse(error), "% of spot"))
            ours.append(
                Ours(f"error of the polynomials alone, {name}", 100.0 * _rmse(limit - truth), "% of spot")
            )
    return ours


def _fitted(
    regression: DifferentialRegression, problem: Problem, n: int, seed: int, x: np.ndarray
) -> np.ndarray:
    samples = simulate(problem, n, seed=seed, antithetic=True)
    return regression.fit(*samples).predict_with_greeks(x).values


def _rmse(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


TABLE = PublishedTable(
    title="Differential regression on polynomials: errors of prices after small training sets",
    source="the authors' article on twin networks, which gives no numbers: differential training mitigates overfitting "
    "without introducing bias, where a ridge is a trade-off",
    published={},
    stages=tuple(name for name, *_ in CASES),
    rows=rows,
    note=(
        f"Over {N_SETS} training sets: of {CASES[0][3]} and {CASES[1][3]:,d} samples. Bias: of the mean over training sets, "
        "from a differential regression on many samples, the best these polynomials can do. The ridge is the best of "
        f"{', '.join(f'{ridge:g}' for ridge in RIDGES)}, chosen by the truth, which nobody has."
    ),
)
