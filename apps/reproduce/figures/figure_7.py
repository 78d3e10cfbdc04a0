"""Figure 7: what a cap on live arcs costs, and what freezing exercise times leaves of second-order Greeks."""

from __future__ import annotations

from functools import partial

import numpy as np

from apps.report.plots import ACCENT, MUTED, SECOND, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.contracts.bermudan_put import CONTRACT, N_PATHS, SEED, TEXT, batched_hessian, cut, frozen
from apps.reproduce.measures.timing import timed
from apps.reproduce.reproduction import Reproduction
from pricers.american.bermudan import american_greeks, quadrature_greeks

CAPS = (3, 10, 50, 200, 500)
REPORT = {200: 95.0, 500: 738.0}
ENTRIES = {
    "gamma": ("spot", "spot"), "d2V/dS dr": ("spot", "rate"), "d2V/dsigma dr": ("rate", "volatility"),
    "d2V/dr2": ("rate", "rate"),
}  # fmt: skip
"""Entries that are not near zero at the money."""
N_BATCHES = 40


def reproduce(*, n_paths: int = N_PATHS, seed: int = SEED) -> Reproduction:
    """Time edge pushing under several caps; compare frozen and moving boundaries with the truth."""
    batches = cut(frozen(n_paths, seed), N_BATCHES)
    seconds, matrices = [], []
    for cap in CAPS:
        matrix, elapsed = timed(partial(batched_hessian, batches, method="edge_pushing", cap_active=cap))
        seconds.append(elapsed)
        matrices.append(matrix)
    apart = max(float(np.abs(m - matrices[0]).max() / np.abs(matrices[0]).max()) for m in matrices)
    truth = quadrature_greeks(**CONTRACT)
    shown = {
        "times frozen": american_greeks(**CONTRACT, exercise="frozen_times", n_paths=n_paths, seed=seed),
        "boundary moves": american_greeks(**CONTRACT, n_paths=n_paths, seed=seed),
    }
    ratios = {
        name: [found.second(*entry) / truth.second(*entry) for entry in ENTRIES.values()]
        for name, found in shown.items()
    }
    with house_style():
        figure = new_figure(8.2, 3.9)
        axes = figure.add_axes((0.08, 0.15, 0.38, 0.73))
        axes.loglog(CAPS, seconds, color=ACCENT, marker="o", markersize=4.0, label="ours")
        axes.loglog(
            list(REPORT), list(REPORT.values()), color=MUTED, marker="s", linestyle=":", label="the report"
        )
        axes.set_xlabel("cap_active")
        axes.set_ylabel("seconds")
        axes.set_title(f"Edge pushing over {n_paths:,d} paths")
        axes.legend(loc="center right")
        axes = figure.add_axes((0.56, 0.15, 0.42, 0.73))
        places = np.arange(len(ENTRIES))
        for shift, colour, (name, values) in zip((-0.2, 0.2), (MUTED, SECOND), ratios.items(), strict=True):
            axes.bar(places + shift, values, width=0.36, color=colour, label=name)
        axes.axhline(1.0, color="black", linewidth=0.8, linestyle=":")
        axes.set_xticks(places, labels=list(ENTRIES))
        axes.set_title("Second derivatives over the truth")
        axes.legend(loc="upper left", ncols=2)
        axes.set_ylim(0.0, 2.2)
    return Reproduction(
        title=f"Figure 7: American put with frozen exercise times; {TEXT}",
        figure=figure,
        checks=(
            table(
                "Edge pushing",
                [Column("cap_active", "", ",d"), Column("time", "s", ".3g"), Column("report", "s", ".3g")],
                [(cap, elapsed, REPORT.get(cap)) for cap, elapsed in zip(CAPS, seconds, strict=True)],
                note=f"Largest difference between two caps, of the largest entry: {apart:.1e}.",
            ),
            table(
                "Second derivatives over the truth", [Column("entry"), *(Column(name, "", ".4f") for name in ratios)],
                [(entry, *(values[k] for values in ratios.values())) for k, entry in enumerate(ENTRIES)],
            ),
        ),
        remark=(
            "The report's picture is not in the text we have; its runtimes are. The cap changes time and memory alone. "
            "Right of it is what a validation against the truth shows."
        ),
    )  # fmt: skip
