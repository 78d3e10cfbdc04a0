"""Reading a grid: one operation that finds its nodes by value, equal to the formula written out."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError, BranchChanged
from pricers.pde.grids import Grid, interpolate, log_grid, sinh_grid
from pricers.pde.grids.interpolation import GridReading

GRIDS = {
    "spot": sinh_grid(lowest=0.0, highest=300.0, centre=100.0, width=30.0, n_nodes=25),
    "log_spot": log_grid(lowest=20.0, highest=400.0, n_nodes=25),
}


def values(grid: Grid) -> np.ndarray:
    return np.exp(-grid.spots / 80.0) + 0.01 * grid.spots


@pytest.mark.parametrize("point", [0.4, 7.3, 23.9])
def test_its_rules_pass_the_check(point: float) -> None:
    nodes = np.cumsum(np.linspace(0.5, 1.5, 25))
    operands = np.append(np.sin(nodes), np.interp(point, np.arange(25.0), nodes))
    ad.check_composite(GridReading(nodes, 3.0), operands)
    ad.check_composite(GridReading(nodes, operands[-1]), operands)


@pytest.mark.parametrize("kind", GRIDS)
def test_a_replay_reads_the_whole_grid(kind: str) -> None:
    grid = GRIDS[kind]
    program = ad.record(lambda s: interpolate(grid=grid, values=values(grid), spot=s), 100.0)
    for spot in (25.0, 60.0, 180.0, 290.0):
        assert program.value(spot) == pytest.approx(
            interpolate(grid=grid, values=values(grid), spot=spot), rel=1e-13
        )
        fresh = ad.record(lambda s: interpolate(grid=grid, values=values(grid), spot=s, expand=True), spot)
        assert program.gradient(spot) == pytest.approx(fresh.gradient(spot), rel=1e-9)
        assert program.hessian(spot)[0, 0] == pytest.approx(fresh.hessian(spot)[0, 0], rel=1e-7, abs=1e-12)


def test_around_home_it_keeps_its_nodes() -> None:
    """On a node, where cells meet, derivatives of a replay just beside are those of the recorded cubic."""
    grid = GRIDS["spot"]
    program = ad.record(lambda s: interpolate(grid=grid, values=values(grid), spot=s), 100.0)
    left, right = (program.hessian(100.0 + h)[0, 0] for h in (-1e-9, 1e-9))
    assert left == pytest.approx(right, rel=1e-6)


def test_off_the_grid_it_says_so() -> None:
    grid = GRIDS["spot"]
    program = ad.record(lambda s: interpolate(grid=grid, values=values(grid), spot=s), 100.0)
    with pytest.raises(AadValueError, match="left the grid"):
        program.value(301.0)
    expanded = ad.record(lambda s: interpolate(grid=grid, values=values(grid), spot=s, expand=True), 100.0)
    with pytest.raises(BranchChanged):
        expanded.value(180.0)
