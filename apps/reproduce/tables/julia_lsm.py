"""The article's second example: least-squares Monte Carlo on dual numbers, 10,000 paths of 1,000 steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.american_put import CONTRACT, TRUTH
from apps.reproduce.contracts.bermudan_put import SEED
from apps.reproduce.measures.timing import median_seconds

N_PATHS, N_STEPS = 10_000, 1000
SPOT, VOLATILITY = 0, 4
"""Places of what is differentiated in among the kernel's arguments."""
OVERHEAD = "overhead of the derivative over the price alone"
PUBLISHED = {OVERHEAD: 134.0}


def rows(stage: Stage, *, n_paths: int = N_PATHS, seed: int = SEED) -> Sequence[Ours]:
    """Time the price alone, and the same source on duals with one partial and with two."""
    from aadlib.compiled_duals import derivatives
    from apps.reproduce.contracts.longstaff_schwartz_kernel import least_squares_put_kernel

    generator = np.random.Generator(np.random.Philox(seed))
    steps = generator.standard_normal((N_STEPS, n_paths)) * np.sqrt(CONTRACT["expiry"] / N_STEPS)
    names = ("spot", "strike", "expiry", "rate", "volatility")
    arguments = (*(CONTRACT[name] for name in names), np.cumsum(steps, axis=0))
    runs: dict[str, Callable[[], object]] = {
        "price": partial(least_squares_put_kernel, *arguments),
        "price and delta": partial(derivatives(least_squares_put_kernel, active=(SPOT,)), *arguments),
        "price, delta and vega": partial(
            derivatives(least_squares_put_kernel, active=(SPOT, VOLATILITY)), *arguments
        ),
    }
    with stage("times"):
        seconds = {name: median_seconds(run) for name, run in runs.items()}
    with stage("values"):
        value, gradient = derivatives(least_squares_put_kernel, active=(SPOT, VOLATILITY))(*arguments)
    return [
        *(Ours(f"time, {name}", 1e3 * time, "ms") for name, time in seconds.items()),
        Ours(OVERHEAD, 100.0 * (seconds["price and delta"] / seconds["price"] - 1.0), "%"),
        Ours("overhead of both", 100.0 * (seconds["price, delta and vega"] / seconds["price"] - 1.0), "%"),
        Ours("price over the truth", float(value) / TRUTH["price"]),
        Ours("delta over the truth", float(gradient[0]) / TRUTH["delta"]),
        Ours("vega over the truth", float(gradient[1]) / TRUTH["vega"]),
    ]


TABLE = PublishedTable(
    title=f"Least-squares Monte Carlo on dual numbers, American put, {N_STEPS:,d} steps; S = K = 100, one year, "
    "r = 3%, sigma = 20%",
    source="the article on dual numbers, its second example: 10,000 paths of 1,000 steps; contract not given",
    published=PUBLISHED,
    stages=("times", "values"),
    rows=rows,
    note=(
        "One source for floats and duals, the regression included. The fitted coefficients decide and pay nothing, so "
        "delta and vega are those of the policy held, right in first order. Most of the time goes into ten million "
        "exponentials, which a dual takes no more often than a float. A thousand regressions on the very paths that "
        "are priced make the price a little high; american-truth prices on fresh ones."
    ),
)
