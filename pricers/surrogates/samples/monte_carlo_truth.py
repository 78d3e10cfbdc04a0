"""Prices and Greeks at given states by fresh simulation, with standard errors: scrambled Sobol points, replicated."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.extend import Program, map_pieces, record
from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.surrogates.samples.noise import PATHS, drawn
from pricers.surrogates.samples.problem import Estimator, Problem, Truth, require_problem

REPLICATES = 16
"""Independent randomisations of the points: the standard error comes from the spread of their means."""


def monte_carlo_truth(
    problem: Problem, x: Any, *, estimator: Estimator | None = None, n_paths: int = 2**15, seed: int = 2**31
) -> Truth:
    """Average a path and its gradient at every state; all states share their noise.

    Parameters
    ----------
    problem : Problem
    x : (n, d) states
    estimator : path whose recorded derivative is unbiased; by default that of the problem's first kind of labels
    n_paths : int, for each state, `REPLICATES` times a power of two
    seed : int, >= 0, another than that of the samples

    Returns
    -------
    Truth, its standard errors from 16 replicates

    Raises
    ------
    AadValueError
        For states of another shape, or a number of paths that is no such multiple.

    Notes
    -----
    Where the path is smooth the error falls almost like 1 / n_paths; where it jumps like the root of that, at least.
    The share of paths beyond a kink, of a problem with a single normal, is a whole number of points in every replicate:
    its standard error may then be zero, and its error up to one point.
    """
    require_problem(problem)
    states = problem.checked_states(x)
    path = problem.estimator(problem.LABELS[0]) if estimator is None else estimator
    noise = sobol_shocks(problem, whole_number("n_paths", n_paths, 1), whole_number("seed", seed, 0))
    probe = record(path, states[0], noise[0][:1], lanes=(1,), passive=(1,))
    m = int(np.prod(probe.output_shape)) if probe.output_shape else 0
    programs = [probe] if not m else [_one(path, k, states, noise) for k in range(m)]
    n, d = states.shape
    values, gradients = np.empty((REPLICATES, n, max(1, m))), np.empty((REPLICATES, n, max(1, m), d))

    def fill(row: int) -> None:
        for replicate, lanes in enumerate(noise):
            for output, program in enumerate(programs):
                value, gradient = program.value_and_gradient(states[row], lanes)
                values[replicate, row, output] = value.mean()
                gradients[replicate, row, output] = gradient / len(lanes)

    map_pieces(fill, range(n), work=4.0 * n * n_paths * sum(program.n_nodes for program in programs))
    if not m:
        values, gradients = values[:, :, 0], gradients[:, :, 0]
    root = np.sqrt(REPLICATES)
    return Truth(
        values.mean(axis=0),
        gradients.mean(axis=0),
        values.std(axis=0, ddof=1) / root,
        gradients.std(axis=0, ddof=1) / root,
    )


def _one(path: Estimator, output: int, states: Floats, noise: list[Floats]) -> Program:
    return record(lambda x, z: path(x, z)[output], states[0], noise[0][:1], lanes=(1,), passive=(1,))


def sobol_shocks(problem: Problem, n_paths: int, seed: int) -> list[Floats]:
    """Return the noise of every replicate, (n_paths / REPLICATES, ...), from scrambled Sobol points."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    points, left = divmod(n_paths, REPLICATES)
    if left or points & (points - 1) or not points:
        raise AadValueError(
            f"n_paths = {n_paths}: must be {REPLICATES} times a power of two, such as {REPLICATES * 2048}"
        )
    size = int(np.prod(problem.noise_shape))
    replicates = []
    for child in np.random.SeedSequence(seed).spawn(REPLICATES):
        engine = qmc.Sobol(size, scramble=True, rng=np.random.default_rng(child))
        uniform = engine.random(points)
        normals = ndtri(np.clip(uniform, 2.0**-33, 1.0 - 2.0**-33))
        replicates.append(problem.shocks(normals.reshape(points, *problem.noise_shape)))
    return replicates


def nested_monte_carlo(
    problem: Problem, x: Any, *, n_paths: int, seed: int, common: bool = False
) -> tuple[Floats, Floats]:
    """Price every state by an inner simulation, values alone: what a surrogate stands in for.

    Parameters
    ----------
    problem : Problem of one payoff
    x : (n, d) states, such as those of outer scenarios
    n_paths : int, >= 2, inner paths of each state
    seed : int, >= 0
    common : bool
        Whether all states share their paths, as differences between states want it; otherwise each has its own.

    Returns
    -------
    values, standard errors : (n,) each, currency
    """
    require_problem(problem)
    states = problem.checked_states(x)
    paths = whole_number("n_paths", n_paths, 2)
    key = whole_number("seed", seed, 0)
    n = len(states)

    def noise(generator: np.random.Generator, size: int) -> Floats:
        return problem.shocks(generator.standard_normal((size, *problem.noise_shape)))

    first = drawn(key, PATHS, 0, 1, noise)
    program = record(problem.payoff, states[0], first, lanes=(1,), passive=(1,))
    if program.output_shape:
        raise AadValueError(
            f"the payoff has shape {program.output_shape}: nested_monte_carlo takes problems of one payoff"
        )
    values, stderr = np.empty((2, n))

    def fill(row: int) -> None:
        begin = 0 if common else row * paths
        inner = program.value(states[row], drawn(key, PATHS, begin, begin + paths, noise))
        values[row], stderr[row] = inner.mean(), inner.std(ddof=1) / np.sqrt(paths)

    map_pieces(fill, range(n), work=float(n * paths) * (2.0 * program.n_nodes + 40.0 * first.size))
    return values, stderr


def closed_form_truth(problem: Problem, x: Any, formula: Any) -> Truth:
    """Return the value and gradient of a closed form, a function of one state (d,), at states x (n, d)."""
    states = problem.checked_states(x)
    program = record(formula, states[:1], lanes=(0,))
    return Truth.exact(*program.value_and_gradient(states))
