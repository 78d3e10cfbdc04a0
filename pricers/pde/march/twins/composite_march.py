"""The march as one operation in plain NumPy, matrix by matrix: the readable twin of its kernels.

Every solve is a dense system, every derivative the line of algebra it comes from. With A linear in each of its
parameters p (the values u of diffusion cell by cell, drift, discount), and a solve A W = V,

    tangent     A W' = V' - A' W
    adjoint     A^T mu = W_bar,   V_bar = mu,   p_bar = -mu^T A_p W
    second      d2 (seeds . values) = -sum over solves of (mu^T A_j W_k + mu^T A_k W_j)

Rows of nodes that are exercised read W = floor + V (or 2 floor in a half step) instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats
from pricers.pde.march.plan import MarchPlan


@dataclass(frozen=True, eq=False)
class Numbers:
    """What varies, or its tangent along one direction: u of each cell, coefficients (drift, discount) by row, values.

    coefficients is (2, n_rows).
    """

    diffusion: Floats
    coefficients: Floats
    lower: Floats
    upper: Floats
    initial: Floats
    floor: Floats


def matrix(plan: MarchPlan, u: Floats, drift: float, discount: float) -> Floats:
    """Return u D + drift C + discount, (n, n + 2): the boundary values are its outer columns."""
    n = u.size
    rows = np.zeros((n, n + 2))
    i = np.arange(n)
    below, above = (
        u * plan.stencil[0] + drift * plan.stencil[2],
        u * plan.stencil[1] + drift * plan.stencil[3],
    )
    rows[i, i], rows[i, i + 1], rows[i, i + 2] = -below, below + above + discount, -above
    return rows


def march(plan: MarchPlan, x: Numbers) -> tuple[Floats, list[Floats], list[int]]:
    """Return the results (n_results, n + 2), every W with its ends, and how many nodes each solve exercised."""
    values, results, solutions, exercised = x.initial.copy(), [], [], []
    n = values.size - 2
    for s, j in enumerate(plan.row):
        a = matrix(plan, x.diffusion[j], *x.coefficients[:, j])
        a[:, 1:-1] += 0.5 * np.eye(n)
        ends = _ends(plan, s, x, values)
        held = (x.floor[1:-1] + (x.floor if plan.damped[s] else values)[1:-1]) if plan.american else None
        count = 0
        while True:  # more and more leading nodes are exercised until the rest stays above its floor
            w = _solve(a, values[1:-1], ends, held, count)
            if held is None or count == n or w[1 + count] > held[count]:
                break
            count += 1
        values = _step(plan, s, x, w, values)
        solutions.append(w)
        exercised.append(count)
        if s in plan.last:
            results.append(values)
    return np.array(results), solutions, exercised


def tangent(plan: MarchPlan, x: Numbers, dx: Numbers) -> tuple[Floats, list[Floats]]:
    """Return the derivatives along one direction of the results and of every W."""
    _, solutions, exercised = march(plan, x)
    values, results, moved = dx.initial.copy(), [], []
    n = values.size - 2
    for s, j in enumerate(plan.row):
        a = matrix(plan, x.diffusion[j], *x.coefficients[:, j])
        a[:, 1:-1] += 0.5 * np.eye(n)
        right = values[1:-1] - matrix(plan, dx.diffusion[j], *dx.coefficients[:, j]) @ solutions[s]
        held = (dx.floor[1:-1] + (dx.floor if plan.damped[s] else values)[1:-1]) if plan.american else None
        w = _solve(a, right, _ends(plan, s, dx, values), held, exercised[s])
        values = _step(plan, s, dx, w, values)
        moved.append(w)
        if s in plan.last:
            results.append(values)
    return np.array(results), moved


def adjoint(plan: MarchPlan, x: Numbers, seeds: Floats) -> tuple[Numbers, list[Floats]]:
    """Return the adjoints of all numbers for seeds (n_results, n + 2), and mu of every solve."""
    _, solutions, exercised = march(plan, x)
    bar = Numbers(*(np.zeros_like(part) for part in vars(x).values()))
    values, multipliers, left = np.zeros(seeds.shape[1]), [], list(seeds)
    n = values.size - 2
    for s in range(plan.row.size - 1, -1, -1):
        j, count, damped = plan.row[s], exercised[s], bool(plan.damped[s])
        if s in plan.last:
            values = values + left.pop()
        a = matrix(plan, x.diffusion[j], *x.coefficients[:, j])
        a[:, 1:-1] += 0.5 * np.eye(n)
        a[:count] = 0.0
        a[np.arange(count), 1 + np.arange(count)] = 1.0
        of_rows = np.linalg.solve(a[:, 1:-1].T, (0.5 if damped else 1.0) * values[1:-1])
        of_ends = -a[:, [0, -1]].T @ of_rows
        bar.lower[s] += values[0] + (2.0 if damped else 1.0) * of_ends[0]
        bar.upper[s] += values[-1] + (2.0 if damped else 1.0) * of_ends[1]
        bar.floor[1 : 1 + count] += (2.0 if damped else 1.0) * of_rows[:count]
        before = np.zeros(n + 2)
        if not damped:
            before[[0, -1]] = of_ends
            before[1:-1] = of_rows - values[1:-1]
        else:
            before[1 + count : -1] = of_rows[count:]
        mu = np.where(np.arange(n) < count, 0.0, of_rows)
        w = solutions[s]
        bar.diffusion[j] -= mu * (matrix(plan, np.ones(n), 0.0, 0.0) @ w)
        bar.coefficients[0, j] -= mu @ (matrix(plan, np.zeros(n), 1.0, 0.0) @ w)
        bar.coefficients[1, j] -= mu @ w[1:-1]
        values = before
        multipliers.append(mu)
    bar.initial[:] += values
    return bar, multipliers[::-1]


def curvature(plan: MarchPlan, x: Numbers, seeds: Floats, directions: list[Numbers]) -> Floats:
    """Return the second derivatives of seeds . values along pairs of directions of the numbers, (d, d)."""
    _, multipliers = adjoint(plan, x, seeds)
    moved = [tangent(plan, x, dx)[1] for dx in directions]
    products = np.zeros((len(directions), len(directions)))
    for j, dx in enumerate(directions):
        for k, solutions in enumerate(moved):
            products[j, k] = sum(
                mu @ (matrix(plan, dx.diffusion[row], *dx.coefficients[:, row]) @ w)
                for mu, row, w in zip(multipliers, plan.row, solutions, strict=True)
            )
    return -(products + products.T)


def _ends(plan: MarchPlan, s: int, x: Numbers, values: Floats) -> Floats:
    """Return what stands in W at the boundary: twice the new value in a half step, else new plus old."""
    new = np.array([x.lower[s], x.upper[s]])
    return 2.0 * new if plan.damped[s] else new + values[[0, -1]]


def _solve(a: Floats, right: Floats, ends: Floats, held: Floats | None, count: int) -> Floats:
    """Return W (n + 2,) with its ends, the first `count` unknowns being held."""
    known = np.zeros(right.size + 2)
    known[[0, -1]] = ends
    if held is not None:
        known[1 : 1 + count] = held[:count]
    free = slice(1 + count, -1)
    known[free] = np.linalg.solve(a[count:, free], (right - a @ known)[count:]) if count < right.size else []
    return known


def _step(plan: MarchPlan, s: int, x: Numbers, w: Floats, values: Floats) -> Floats:
    new = 0.5 * w if plan.damped[s] else w - values
    new[[0, -1]] = x.lower[s], x.upper[s]
    return new
