"""What differential machine learning must show: errors over seeds, collapses, samples, labels, adjustments.

Problems, labels and test states are the library's own; `network` races torch and jax. As many seeds as rounds.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from apps.report.progress import Stages
from apps.report.tables import print_table
from apps.reproduce.measures.trainings import sample_ratio
from apps.reproduce.tables import dml_bachelier, dml_digital, dml_pca
from apps.xva import tables as xva_tables
from apps.xva.adjustments import Credit
from apps.xva.valuation import Sizes, value
from contests import Settings
from pricers.surrogates import BachelierBasket, LearningCurve, TwinNetwork, learning_curve, random_netting_set

CASES = {
    7: {4096: 0.12, 8192: 0.09, 16384: 0.06},
    20: {4096: 0.23, 8192: 0.13, 16384: 0.09},
    50: {16384: 0.20, 65536: 0.07, 131072: 0.06},
}
"""Assets -> samples -> the price rmse to reach, times 100 with spot 1."""
ALONE = (4096, 16384, 65536, 262144)
"""Samples on values alone, to find how many reach the error of a differential training."""


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Name nothing: a contest prints its figures as they come."""
    yield


def basket_curve(d: int, sizes: list[int], n_seeds: int, differential: bool = True) -> LearningCurve:
    """Return the errors on a basket of d assets, at the authors' test states."""
    problem = BachelierBasket(n_assets=d)
    return learning_curve(
        TwinNetwork(),
        problem,
        sizes,
        n_seeds=n_seeds,
        seed=1,
        differential=differential,
        antithetic=True,
        x=problem.test_states(4096, seed=2**20),
    )


def error_table(n_seeds: int) -> LearningCurve:
    """Print price errors over seeds beside the bars, collapses, and return those of 7 assets."""
    print(f"Differential training, rmse of prices times 100 with spot 1, {n_seeds} seeds")
    headings = ("median", "bar", "over bar", "worst", "Greeks %", "gave up", "outliers")
    print(" " * 26 + "".join(f"{heading:>10}" for heading in headings))
    curves = {}
    for d, bars in CASES.items():
        began = time.perf_counter()
        curves[d] = curve = basket_curve(d, list(bars), n_seeds)
        for k, (n, bar) in enumerate(bars.items()):
            prices = 100.0 * curve.price[k]
            median, greeks = float(np.nanmedian(prices)), 100.0 * float(np.nanmedian(curve.greeks[k]))
            name, outliers = f"d = {d}, {n:,d} samples", int(np.count_nonzero(prices > 4.0 * median))
            print(
                f"  {name:<24}{median:10.4f}{bar:10.2f}{median / bar:10.2f}{np.nanmax(prices):10.3f}"
                f"{greeks:10.2f}{np.count_nonzero(np.isnan(prices)):10d}{outliers:10d}",
                flush=True,
            )
        print(f"  {time.perf_counter() - began:.1f} s for all trainings of d = {d}")
    return curves[7]


def sample_table(differential: LearningCurve, n_seeds: int) -> None:
    """Print how many more samples values alone need for the error of 4,096 samples with gradients, d = 7."""
    alone = basket_curve(7, list(ALONE), n_seeds, differential=False)
    print(f"Values alone, d = 7, median of {n_seeds} seeds")
    for n, median in zip(ALONE, (100.0 * alone.band()[1]).tolist(), strict=True):
        print(f"  {n:>9,d} samples{median:10.4f}")
    ratio = sample_ratio(differential, alone)
    print(
        f"  times more samples than differential training: {ratio if isinstance(ratio, str) else format(ratio, '.1f')}"
    )


def adjustments(n_nested: int) -> None:
    """Print the adjustments of a netting set by networks and by nested simulation."""
    sizes = Sizes(n_paths=4096, n_nested=n_nested, n_inner=1024, n_samples=32768, epochs=50, seed=1)
    found = value(random_netting_set(), Credit(0.02, 0.01, 0.4, 0.01), sizes, Stages(lambda name, done: None))
    print_table(xva_tables.adjustments(found))
    print_table(xva_tables.times(found))


def run(settings: Settings) -> None:
    """Print every figure; what is learned afresh for each seed is, `settings.rounds` times."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # of test states beyond the range, and of labels known to be wrong
        sample_table(error_table(settings.rounds), max(1, settings.rounds // 4))
        print("The overview's accuracy, 0.1% of prices and 1% of Greeks")
        for row in dml_bachelier.accurate(1, False):
            print(f"  {row.what:<70}{row.value:>12.6g} {row.unit}")
        for title, table in (("Labels of a digital", dml_digital), ("Differential components", dml_pca)):
            print(title)
            for row in table.rows(stage):
                print(f"  {row.what:<70}{row.value!s:>22} {row.unit}")
        adjustments(128)
