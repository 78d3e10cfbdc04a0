"""Hessian time of a basket call against the number of assets: every method, bumping, jax, and the report's points."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.report.plots import ACCENT, GRID, INK, MUTED, SECOND, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.contracts import basket_call
from apps.reproduce.contracts.basket_call import EXPIRY, RATE, SEED, STRIKE
from apps.reproduce.measures.path_bumping import bumped_hessian
from apps.reproduce.measures.timing import median_seconds, timed
from apps.reproduce.reproduction import Reproduction
from apps.reproduce.tables.table_9 import ALPHA, N_PATHS, REPORT
from greeks2 import expectation
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_ASSETS = (5, 7, 10, 15, 20, 30, 40)
BUMPING, PRICE, JAX = "bumping", "one price", "jax, compiled"
LOOKS = {
    "bottleneck": (ACCENT, "o"),
    "edge_pushing": (SECOND, "s"),
    "forward_over_reverse": ("#2f7d4f", "^"),
    BUMPING: (INK, "D"),
    JAX: ("#7b4fa3", "v"),
    PRICE: (MUTED, "."),
}


def jax_hessian(n_assets: int) -> Callable[[Floats, Floats], Any]:
    """Return jax's value, gradient and Hessian (forward over reverse) of the same mean, compiled at the first call."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def mean(p: Any, z: Any) -> Any:
        spots, volatilities = p[:n_assets], p[n_assets:]
        grown = jnp.exp((RATE - 0.5 * volatilities**2) * EXPIRY + volatilities * EXPIRY**0.5 * z)
        gain = grown @ (spots / n_assets) - STRIKE
        return jnp.exp(-RATE * EXPIRY) * jnp.mean(jnp.logaddexp(0.0, ALPHA * gain)) / ALPHA

    compiled = jax.jit(lambda p, z: (*jax.value_and_grad(mean)(p, z), jax.hessian(mean)(p, z)))
    return lambda p, z: [np.asarray(part) for part in compiled(p, z)]


def times(n_assets: int, n_paths: int, seed: int) -> tuple[dict[str, float], float]:
    """Return seconds of each contestant on one set of paths, and the largest relative difference of the exact ones."""
    path = basket_call.softplus_path(n_assets, ALPHA)
    point = path.parameters
    normals = basket_call.correlated(basket_call.end_normals(n_assets, n_paths, seed))
    program = ad.record(path, point, normals[:1], lanes=(1,), passive=(1,))
    seconds: dict[str, float] = {}
    matrices = []
    for method in PATH_METHODS:
        run = partial(expectation, program, point, lanes=normals, method=method)
        seconds[method] = median_seconds(run)
        matrices.append(np.asarray(run().hessian))
    try:
        theirs = jax_hessian(n_assets)
        matrices.append(theirs(point, normals)[2])
    except ImportError:
        pass
    else:
        seconds[JAX] = median_seconds(partial(theirs, point, normals), warm=False)
    seconds[BUMPING] = timed(partial(bumped_hessian, program, point, normals))[1]
    sweep = PathSweep(program, 0)
    seconds[PRICE] = median_seconds(lambda: sweep.sums((point,), (normals,), 0, n_paths))
    largest = np.abs(matrices[0]).max()
    return seconds, max(float(np.abs(matrix - matrices[0]).max() / largest) for matrix in matrices)


def reproduce(*, n_paths: int = N_PATHS, seed: int = SEED) -> Reproduction:
    """Time every contestant at every size, and draw them over the report's points."""
    measured, apart = {}, 0.0
    for n in N_ASSETS:
        measured[n], here = times(n, n_paths, seed)
        apart = max(apart, here)
    names = list(measured[N_ASSETS[-1]])
    with house_style():
        figure = new_figure(7.6, 5.4)
        axes = figure.add_axes((0.09, 0.09, 0.68, 0.84))
        _draw(axes, measured, names)
        axes.set_title(f"Hessian of a basket call over {n_paths:,d} paths")
    rows = [(n, *(1e3 * measured[n][name] for name in names)) for n in N_ASSETS]
    return Reproduction(
        title=f"Monte Carlo scaling: Hessian in 2 n inputs of a basket call on n assets, {n_paths:,d} paths, softplus "
        f"alpha = {ALPHA:g}; {basket_call.CONTRACT}",
        figure=figure,
        checks=(
            table(
                "Times of value, gradient and Hessian",
                [Column("n"), *(Column(name.replace("_", " "), "ms", ".3g") for name in names)],
                rows,
                note=f"Largest difference of an exact method's entry from another's, over the largest: {apart:.1e}.",
            ),
        ),
        remark=(
            "Warm medians on the same noise; ours with standard errors. Bumping is 4 n^2 + 2 n + 1 compiled prices "
            "with common random numbers on every core, one run. The report's points are its table 9, on a machine it "
            "does not name."
        ),
    )


def _draw(axes: Axes, measured: dict[int, dict[str, float]], names: list[str]) -> None:
    """Draw seconds against assets, a label at the end of each line."""
    ends: list[tuple[float, str, str]] = []
    for position, label in enumerate(("the report's edge pushing", "the report's differences")):
        values = [numbers[position] for numbers in REPORT.values()]
        axes.plot(list(REPORT), values, color=MUTED, linestyle=":", marker="s" if position == 0 else "D",
                  markersize=3.5, linewidth=1.0)  # fmt: skip
        ends.append((values[-1], label, MUTED))
    for name in names:
        colour, marker = LOOKS[name]
        values = [measured[n][name] for n in N_ASSETS]
        axes.plot(N_ASSETS, values, color=colour, marker=marker, markersize=4.0)
        ends.append((values[-1], name.replace("_", " "), colour))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(N_ASSETS, labels=[str(n) for n in N_ASSETS])
    axes.minorticks_off()
    axes.grid(True, color=GRID)
    axes.set_xlabel("assets (the Hessian has twice as many inputs)")
    axes.set_ylabel("seconds")
    _label(axes, ends)


def _label(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write the names right of the lines, pushed apart where they would overlap."""
    low, high = np.log10(axes.get_ylim())
    gap = (high - low) / 24.0
    height = -np.inf
    for value, text, colour in sorted(ends):
        height = max(float(np.log10(value)), height + gap)
        axes.annotate(
            text,
            (max(N_ASSETS), 10.0**height),
            xytext=(9, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
            fontsize=8.0,
        )
