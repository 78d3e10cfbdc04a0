"""Grids: nodes where they are wanted, smooth spacing, and a message for everything that cannot be a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.pde.grids import Grid, log_grid, sinh_grid, uniform_grid


def test_uniform() -> None:
    grid = uniform_grid(lowest=0.0, highest=300.0, n_nodes=201)
    np.testing.assert_allclose(np.diff(grid.spots), 1.5, rtol=1e-12)
    assert grid.n_nodes == 201
    assert not grid.spots.flags.writeable


@pytest.mark.parametrize("n_nodes", [9, 50, 101, 400])
@pytest.mark.parametrize("centre", [60.0, 100.0, 137.0])
def test_the_centre_is_an_even_node_and_the_spacing_is_smooth(n_nodes: int, centre: float) -> None:
    grids = (
        sinh_grid(lowest=0.0, highest=300.0, centre=centre, width=30.0, n_nodes=n_nodes),
        log_grid(lowest=20.0, highest=500.0, centre=centre, n_nodes=n_nodes),
    )
    for grid in grids:
        node = int(np.argmin(np.abs(grid.spots - centre)))
        assert grid.spots[node] == pytest.approx(centre, rel=1e-14)
        assert node % 2 == 0
        gaps = np.diff(grid.positions)
        if n_nodes >= 50:
            assert np.abs(np.diff(np.log(gaps))).max() < 8.0 / n_nodes


def test_the_sinh_grid_is_closest_at_its_centre() -> None:
    grid = sinh_grid(lowest=0.0, highest=300.0, centre=100.0, width=10.0, n_nodes=201)
    gaps = np.diff(grid.spots)
    assert grid.spots[np.argmin(gaps)] == pytest.approx(100.0, abs=3.0)
    assert gaps.max() / gaps.min() > 10.0


def test_positions_of_a_log_grid_are_logarithms() -> None:
    grid = log_grid(lowest=50.0, highest=200.0, n_nodes=11)
    np.testing.assert_allclose(grid.positions, np.log(grid.spots))
    np.testing.assert_allclose(np.diff(grid.positions), np.log(4.0) / 10.0)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (Grid, {"spots": [1.0, 2.0, 3.0, 4.0]}, "4 nodes: must have at least 5"),
        (Grid, {"spots": [1.0, 2.0, 2.0, 4.0, 5.0]}, "strictly increasing"),
        (Grid, {"spots": [1.0, 2.0, np.nan, 4.0, 5.0]}, "must be finite"),
        (Grid, {"spots": [-1.0, 2.0, 3.0, 4.0, 5.0]}, "not negative"),
        (Grid, {"spots": [0.0, 2.0, 3.0, 4.0, 5.0], "coordinate": "log_spot"}, "above zero"),
        (Grid, {"spots": [1.0, 2.0, 3.0, 4.0, 5.0], "coordinate": "log"}, "coordinate = 'log'"),
        (uniform_grid, {"lowest": 2.0, "highest": 1.0, "n_nodes": 11}, "increasing order"),
        (uniform_grid, {"lowest": -2.0, "highest": 1.0, "n_nodes": 11}, "lowest = -2.0"),
        (uniform_grid, {"lowest": 0.0, "highest": np.inf, "n_nodes": 11}, "highest = inf"),
        (uniform_grid, {"lowest": 0.0, "highest": 1.0, "n_nodes": 4}, "n_nodes = 4"),
        (uniform_grid, {"lowest": 0.0, "highest": 1.0, "n_nodes": 10.0}, "n_nodes = 10.0"),
        (log_grid, {"lowest": 0.0, "highest": 1.0, "n_nodes": 11}, "lowest = 0.0"),
        (log_grid, {"lowest": 1.0, "highest": 2.0, "n_nodes": 11, "centre": 3.0}, "centre = 3.0"),
        (
            sinh_grid,
            {"lowest": 0.0, "highest": 2.0, "centre": 2.0, "width": 1.0, "n_nodes": 11},
            "centre = 2.0",
        ),
        (
            sinh_grid,
            {"lowest": 0.0, "highest": 2.0, "centre": 1.0, "width": 0.0, "n_nodes": 11},
            "width = 0.0",
        ),
    ],
)
def test_bad_grids(build: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("level", [0.0, 300.0, -1.0, 301.0])
def test_levels_outside(level: float) -> None:
    with pytest.raises(AadValueError, match=f"spot = {level}: must lie inside the grid"):
        uniform_grid(lowest=0.0, highest=300.0, n_nodes=11).require_inside("spot", level)
