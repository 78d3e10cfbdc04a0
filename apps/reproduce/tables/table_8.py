"""Table 8: edge pushing against differences of the same paths, a basket call on four assets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import aadlib as ad
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts import basket_call
from apps.reproduce.contracts.basket_call import SEED
from apps.reproduce.measures.basket_differences import difference_hessian, plain_difference_hessian
from apps.reproduce.measures.distances import relative_error
from greeks2 import expectation
from greeks2.monte_carlo.path_planner import PATH_METHODS

N_ASSETS, ALPHA, N_PATHS = 4, 30.0, 10_000
COARSE_STEP = 1e-3
PUBLISHED = {
    "paths": N_PATHS,
    "gamma, relative error": 4.52e-3,
    "gamma, mean |difference|": 1.54e-6,
    "vanna, relative error": 1.10e-4,
    "vanna, mean |difference|": 3.40e-6,
    "volga, relative error": 2.43e-4,
    "volga, mean |difference|": 4.06e-4,
}


def rows(stage: Stage, *, n_paths: int = N_PATHS, seed: int = SEED) -> Sequence[Ours]:
    """Compare the blocks of the Hessian with extrapolated differences of prices over the same paths."""
    with stage("exact methods"):
        path = basket_call.softplus_path(N_ASSETS, ALPHA)
        normals = basket_call.correlated(basket_call.end_normals(N_ASSETS, n_paths, seed))
        program = ad.record(path, path.parameters, normals[:1], lanes=(1,), passive=(1,))
        estimates = {
            method: expectation(
                program, path.parameters, lanes=normals, method=method, batches=min(100, n_paths)
            )
            for method in PATH_METHODS
        }
        exact = {method: basket_call.blocks(np.asarray(one.hessian)) for method, one in estimates.items()}
        noise = basket_call.blocks(np.asarray(estimates["edge_pushing"].hessian_stderr))
    with stage("extrapolated differences"):
        hessian, errors = difference_hessian(normals, ALPHA)
        reference, spread = basket_call.blocks(hessian), basket_call.blocks(errors)
        coarse = basket_call.blocks(plain_difference_hessian(normals, ALPHA, COARSE_STEP))
    ours = [Ours("paths", n_paths)]
    for name, block in exact["edge_pushing"].items():
        size = float(np.linalg.norm(reference[name]))
        apart = max(relative_error(other[name], block) for other in exact.values())
        ours += [
            Ours(f"{name}, relative error", relative_error(block, reference[name])),
            Ours(f"{name}, mean |difference|", float(np.abs(block - reference[name]).mean())),
            Ours(f"{name}, estimated error of the differences", float(np.linalg.norm(spread[name])) / size),
            Ours(f"{name}, largest difference of the exact methods", apart),
            Ours(f"{name}, relative error of bumping by {COARSE_STEP:.1%}", relative_error(coarse[name], block)),
            Ours(f"{name}, relative standard error", float(np.linalg.norm(noise[name])) / size),
        ]  # fmt: skip
    return ours


TABLE = PublishedTable(
    title=f"Table 8: edge pushing against differences, basket call on {N_ASSETS} assets, "
    f"softplus alpha = {ALPHA:g}; {basket_call.CONTRACT}",
    source="report, section 4.5.2, table 8; market and contract not given",
    published=PUBLISHED,
    stages=("exact methods", "extrapolated differences"),
    rows=rows,
    note=(
        "Errors are Frobenius norms over that of the block. The report puts its differences down to Monte Carlo "
        "noise; on the same paths there is none: both sides differentiate the same smooth sum, so what is left "
        "over is the step of its differences (a bump of one part in a thousand leaves as much in gamma: see its "
        "row). Ours are prices in long doubles by plain NumPy, extrapolated to step zero. The noise of the mean "
        "itself is the last row of each block."
    ),
)
