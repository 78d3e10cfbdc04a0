"""Table 13: edge pushing through the frozen American payoff in coarse and in fine mini-batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts.bermudan_put import N_PATHS, SEED, TEXT, batched_hessian, cut, frozen
from apps.reproduce.measures.timing import timed

SETTINGS = {"coarse (4000 x 10)": 10, "fine (1000 x 40)": 40}
"""Name in the report and number of mini-batches."""
CAP = 200
WHAT = ("max |edge pushing - differences|", "relative error")
PUBLISHED = {
    f"{what}, {setting}": number
    for setting, numbers in zip(SETTINGS, ((3.211e-1, 0.251), (2.348e-2, 0.0169)), strict=True)
    for what, number in zip(WHAT, numbers, strict=True)
}


def rows(stage: Stage, *, n_paths: int = N_PATHS, seed: int = SEED) -> Sequence[Ours]:
    """Push edges through the same paths, cut coarsely and finely, and compare with differences."""
    with stage("exercise pass"):
        stops = frozen(n_paths, seed)
    ours, matrices = [], []
    for setting, n_batches in SETTINGS.items():
        batches = cut(stops, n_batches)
        with stage(setting):
            matrix, seconds = timed(partial(batched_hessian, batches, method="edge_pushing", cap_active=CAP))
            apart = float(np.abs(matrix - batched_hessian(batches, method="bumping2")).max())
        matrices.append(matrix)
        ours += [
            Ours(f"{WHAT[0]}, {setting}", apart),
            Ours(f"{WHAT[1]}, {setting}", 100.0 * apart / float(np.abs(matrix).max()), "%"),
            Ours(f"time, {setting}", seconds, "s"),
        ]
    apart = float(np.abs(matrices[0] - matrices[1]).max() / np.abs(matrices[0]).max())
    return [*ours, Ours("largest difference of the two, of the largest entry", apart)]


TABLE = PublishedTable(
    title=f"Table 13: mini-batches of the frozen American payoff, Hessian in spot, volatility and rate; {TEXT}",
    source="report, section 4.6, table 13; market and contract not given",
    published=PUBLISHED,
    stages=("exercise pass", *SETTINGS),
    rows=rows,
    note=(
        "Derivatives of a mean are means of derivatives: on the same paths every cut gives the same Hessian but for "
        "round-off. The report's gain from finer batches is another draw of paths, or another policy for each batch."
    ),
)
