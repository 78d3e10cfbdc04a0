"""Estimators of a basket call's price and gamma, measured against the truth, their standard errors, and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.reproduce.comparison import Ours, Stage
from apps.reproduce.contracts import basket_call
from apps.reproduce.contracts.basket_call import N_STEPS, SEED
from apps.reproduce.measures.basket_truth import truth
from apps.reproduce.measures.distances import norm
from apps.reproduce.measures.path_bumping import Bumped, bumped_hessian
from apps.reproduce.measures.timing import timed
from greeks2 import expectation
from pricers.monte_carlo import Softplus

N_ASSETS = (3, 6, 10, 15)
N_PATHS, ALPHA = 100_000, 25.0
BATCHES = 100
INPUTS = ("spots",)
"""The report's differences take 2 n^2 + 1 prices, so its Hessians are in the n spots alone."""

FD_CALLS = {f"n = {n}, FD prices": 2 * n * n + 1 for n in N_ASSETS}


@dataclass(frozen=True, eq=False)
class Estimator:
    """One row of the tables.

    Parameters
    ----------
    label : str
    smoothing : of the path; "kink" leaves the path as it is and integrates its kink out afterwards
    n_steps : int, steps that are recorded; one where the method looks at the end of the path alone
    """

    label: str
    smoothing: Any
    n_steps: int = 1


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means with standard errors, and the time they took."""

    price: float
    price_stderr: float
    hessian: Floats
    hessian_stderr: Floats
    seconds: float


def estimate(estimator: Estimator, n_assets: int, n_paths: int, seed: int) -> Estimate:
    """Estimate price and Hessian in the spots; the paths are the same for all estimators."""
    is_kink = estimator.smoothing == "kink"
    path = basket_call.path(
        n_assets, None if is_kink else estimator.smoothing, differentiate=INPUTS, n_steps=estimator.n_steps
    )
    lanes: Any
    if estimator.n_steps > 1:
        lanes = basket_call.steps_source(n_assets, n_paths, seed)
    else:
        lanes = basket_call.end_normals(n_assets, n_paths, seed)
    zeros = np.zeros((1, *path.noise_shape))
    program = ad.record(path, path.parameters, zeros, lanes=(1,), passive=(1,))
    run = partial(expectation, program, path.parameters, smoothing="kink" if is_kink else None)
    few = basket_call.end_normals if estimator.n_steps == 1 else basket_call.steps_source
    run(lanes=few(n_assets, 2, seed))  # planned before it is timed
    mean, seconds = timed(partial(run, lanes=lanes, batches=min(BATCHES, n_paths)))
    return Estimate(
        mean.value, mean.stderr, np.asarray(mean.hessian), np.asarray(mean.hessian_stderr), seconds
    )


@cache
def differences(n_assets: int, n_paths: int, seed: int) -> tuple[Bumped, float]:
    """Return price and Hessian by bumping the softplus price over the same paths, and the time of that."""
    path = basket_call.path(
        n_assets, Softplus(sharpness=ALPHA), differentiate=INPUTS, correlated_normals=True
    )
    normals = basket_call.correlated(basket_call.end_normals(n_assets, n_paths, seed))
    program = ad.record(path, path.parameters, normals[:1], lanes=(1,), passive=(1,))
    return timed(partial(bumped_hessian, program, path.parameters, normals))


def errors(estimator: Estimator, n_assets: int, n_paths: int, seed: int) -> Sequence[Ours]:
    """Return the report's three numbers of an estimator, and what it misses the truth by."""
    measured = estimate(estimator, n_assets, n_paths, seed)
    bumped, bumping = differences(n_assets, n_paths, seed)
    exact = truth(n_assets, INPUTS)
    apart = measured.hessian - exact.hessian
    noise = np.hypot(measured.hessian_stderr, exact.hessian_stderr)
    price_noise = float(np.hypot(measured.price_stderr, exact.price_stderr))
    here = f"n = {n_assets}, {estimator.label}"
    return (
        Ours(f"{here}, |price - FD|", abs(measured.price - bumped.price), "currency"),
        Ours(f"{here}, |Hessian - FD|", norm(measured.hessian - bumped.hessian)),
        Ours(f"{here}, time over FD", measured.seconds / bumping, "times"),
        Ours(f"{here}, price error", abs(measured.price - exact.price) / price_noise, "standard errors"),
        Ours(f"{here}, Hessian error", norm(apart)),
        Ours(f"{here}, Hessian standard error", norm(measured.hessian_stderr)),
        Ours(f"{here}, farthest entry", float(np.abs(apart / noise).max()), "standard errors"),
    )


def baseline(n_assets: int, n_paths: int, seed: int) -> Sequence[Ours]:
    """Return bumping's and the true price and Hessian at one number of assets."""
    bumped, bumping = differences(n_assets, n_paths, seed)
    exact = truth(n_assets, INPUTS)
    here = f"n = {n_assets}"
    return (
        Ours(f"{here}, FD prices", bumped.n_prices),
        Ours(f"{here}, FD", bumping, "s"),
        Ours(f"{here}, FD, Hessian error", norm(bumped.hessian - exact.hessian)),
        Ours(f"{here}, true price", exact.price, "currency"),
        Ours(f"{here}, true Hessian", norm(exact.hessian)),
        Ours(f"{here}, true Hessian, standard error", norm(exact.hessian_stderr)),
        Ours(f"{here}, true Hessian, two ways apart", exact.apart, "standard errors"),
    )


def compared(
    estimators: Sequence[Estimator], stage: Stage, *, n_paths: int = N_PATHS, seed: int = SEED
) -> list[Ours]:
    """Return the rows of one table: at each number of assets the baseline, then every estimator."""
    ours = [Ours("paths", n_paths)]
    for n in N_ASSETS:
        with stage(f"n = {n}"):
            ours += baseline(n, n_paths, seed)
        for estimator in estimators:
            with stage(f"n = {n}, {estimator.label}"):
                ours += errors(estimator, n, n_paths, seed)
    return ours


def stages(estimators: Sequence[Estimator]) -> tuple[str, ...]:
    """Return the stages that `compared` announces, in order."""
    return tuple(
        name for n in N_ASSETS for name in (f"n = {n}", *(f"n = {n}, {one.label}" for one in estimators))
    )


COMPARED = (
    f"FD is bumping of the softplus price (alpha = {ALPHA:g}) over the same paths, compiled and on every core; what "
    "the report calls errors are differences from that, mostly its own. Price error, Hessian error and farthest "
    "entry are against the truth: the price by Sobol points with one direction integrated out, the Hessian by Sobol "
    "points with the kink found on every path; two ways apart compares it with the former's. Hessians are in the n "
    "spots, which is what the report's 2 n^2 + 1 prices are for (our FD takes n^2 + n + 1), and their sizes Frobenius "
    "norms. "
)
PUBLISHED_LABELS = ("|price - FD|", "|Hessian - FD|", "time over FD")


def published(report: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, float]:
    """Name the report's numbers: label -> price errors, Hessian errors and time ratios over the numbers of assets."""
    numbers: dict[str, float] = {
        f"n = {n}, {label}, {what}": number
        for label, lines in report.items()
        for what, line in zip(PUBLISHED_LABELS, lines, strict=True)
        for n, number in zip(N_ASSETS, line, strict=True)
    }
    return {"paths": N_PATHS, **numbers, **FD_CALLS}


CONTRACT = f"paths of {N_STEPS} steps; {basket_call.CONTRACT}"
