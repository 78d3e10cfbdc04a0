"""The compiled march against its twin, and both against the textbook form with dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pricers.pde.backward.pricing import _compiled_march
from pricers.pde.march.substeps import Bands, Substep, march


def problem(rng: np.random.Generator, n_rows: int, n_nodes: int = 41) -> dict[str, Any]:
    n = n_nodes - 2
    below, above = rng.uniform(0.0, 2.0, (2, n_rows, n))
    diagonal = 0.5 + below + above
    substeps = []
    for k in range(6):
        row = n_rows - 1 - k if n_rows > 1 else 0
        for _ in range(2 if k < 2 else 1):
            substeps.append(Substep(row, k < 2, float(rng.normal()), float(rng.normal())))
    return {
        "initial": np.maximum(np.linspace(-1.0, 1.0, n_nodes), 0.0).tolist(),
        "bands": (below, diagonal, above),
        "substeps": substeps,
    }


def listed(bands: tuple[Any, ...]) -> list[Bands]:
    return [Bands(*(x[j].tolist() for x in bands)) for j in range(len(bands[0]))]


@pytest.mark.parametrize("n_rows", [1, 6])
@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("american", [True, False])
def test_the_kernel_equals_its_twin(rng: np.random.Generator, n_rows: int, top: bool, american: bool) -> None:
    case = problem(rng, n_rows)
    line = np.linspace(-1.0, 1.0, 41)
    exercise = np.maximum(line if top else -line, 0.0).tolist() if american else None
    twin = march(case["initial"], listed(case["bands"]), case["substeps"], exercise, top)
    found = _compiled_march(case["initial"], case["bands"], case["substeps"], exercise, top)
    np.testing.assert_allclose(found, np.array(twin, dtype=float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 6])
@pytest.mark.parametrize("top", [True, False])
def test_the_march_is_the_textbook_one(rng: np.random.Generator, n_rows: int, top: bool) -> None:
    """(I - M) V_new = (I + M) V for Crank-Nicolson, (I - M) V_new = V for a damped half step; A = (I - M) / 2."""
    case = problem(rng, n_rows)
    values = np.array(case["initial"])
    n = values.size
    for substep in case["substeps"]:
        below, diagonal, above = (2.0 * x[substep.row] for x in case["bands"])
        m = np.zeros((n, n))
        for i in range(1, n - 1):
            m[i, i - 1 : i + 2] = below[i - 1], 1.0 - diagonal[i - 1], above[i - 1]
        left, right = np.eye(n) - m, values if substep.damped else (np.eye(n) + m) @ values
        right = right.copy()
        right[0], right[-1] = substep.lower, substep.upper
        values = np.linalg.solve(left, right)
    found = march(case["initial"], listed(case["bands"]), case["substeps"], None, top)
    np.testing.assert_allclose(np.array(found, dtype=float), values, rtol=1e-11, atol=1e-12)
