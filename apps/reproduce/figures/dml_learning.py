"""Learning curves on baskets of 1 to 50 assets: differential and standard training, bands over seeds."""

from __future__ import annotations

import numpy as np

from apps.report.plots import ACCENT, SECOND, house_style, new_figure
from apps.report.surrogate_pictures import draw_curve, label_sizes
from apps.report.tables import Column, table
from apps.reproduce.measures.trainings import Judged, sample_ratio
from apps.reproduce.reproduction import Reproduction
from pricers.surrogates import BachelierBasket, LearningCurve

ASSETS = (1, 7, 20, 50)
SIZES, QUICK_SIZES = (1024, 4096, 16384), (256, 1024)
KINDS = {"differential": ACCENT, "values alone": SECOND}


def reproduce(*, quick: bool = False, seed: int = 1) -> Reproduction:
    """Train on every basket and size, with gradients and without."""
    sizes, n_seeds = (QUICK_SIZES, 2) if quick else (SIZES, 5)
    curves = {d: _curves(d, sizes, n_seeds, seed) for d in ASSETS}
    with house_style():
        figure = new_figure(9.6, 7.2)
        for k, (d, by_kind) in enumerate(curves.items()):
            axes = figure.add_axes((0.075 + 0.49 * (k % 2), 0.58 - 0.5 * (k // 2), 0.41, 0.37))
            for name, curve in by_kind.items():
                draw_curve(axes, sizes, 100.0 * curve.band(), KINDS[name], name)
            label_sizes(axes, sizes)
            axes.set_ylabel("rmse of prices (% of spot, log scale)")
            axes.set_title(f"{d} asset{'s' if d > 1 else ''}")
    rows = [
        (d, size, *(float(100.0 * by_kind[name].band()[row, k]) for name in KINDS for row in (1, 2)))
        for d, by_kind in curves.items()
        for k, size in enumerate(sizes)
    ]
    ratios = {d: sample_ratio(*(by_kind[name] for name in KINDS)) for d, by_kind in curves.items()}
    shown = ", ".join(
        f"{ratio if isinstance(ratio, str) else format(ratio, '.1f')} for d = {d}"
        for d, ratio in ratios.items()
    )
    return Reproduction(
        title="Figure of learning curves: call on a basket of d normal assets, spots 1, K = 1.1, basket volatility 20%",
        figure=figure,
        checks=(
            table(
                "Price rmse",
                [
                    Column("d"),
                    Column("samples"),
                    *(
                        Column(f"{name}, {what}", "% of spot", ".3f")
                        for name in KINDS
                        for what in ("median", "upper end")
                    ),
                ],
                rows,
            ),
        ),
        remark=(
            f"Medians and the middle 80% of {n_seeds} seeds, of samples and weights, at the authors' test states. For the "
            f"error of {sizes[0]:,d} samples with gradients values alone need this many times more: {shown}; the overview "
            "says 10 to 100."
        ),
    )


def _curves(d: int, sizes: tuple[int, ...], n_seeds: int, seed: int) -> dict[str, LearningCurve]:
    problem = BachelierBasket(n_assets=d)
    x = np.asarray(problem.test_states(4096, seed=2**20))
    judged = Judged(problem=problem, x=x, truth=problem.truth(x), n_seeds=n_seeds, seed=seed)
    return {name: judged.curve(sizes, differential=name == "differential") for name in KINDS}
