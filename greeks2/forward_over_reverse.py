"""Forward over reverse: tangents of the adjoints, all directions as lanes of one sweep."""

from __future__ import annotations

import numpy as np

from aadlib.sweeps import lanes
from aadlib.threads import map_pieces
from greeks2.point import Floats, Point

SMALL_PROGRAM = 4096
"""Up to so many nodes `Program.derivatives` sweeps everything in one call; beyond, blocks of lanes go to threads."""


def forward_over_reverse(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs.

    Notes
    -----
    One tangent and one second-order sweep per block of lanes; blocks run on threads when the program is large.
    """
    program, active = point.program, point.active
    # Plain nodes take the directions block by block, on all cores; a composite takes them all at once.
    width = active.size if program.composites else lanes.LANES
    directions = point.directions
    blocks = [directions[k : k + width] for k in range(0, active.size, max(1, width))]

    def products(block: Floats) -> Floats:
        with program.replay() as replay:
            replay.states = point.replay.states
            return replay.sweep_second_order(point.values, point.adjoints, block)[:, active]

    found = map_pieces(products, blocks, work=20.0 * lanes.LANES * program.n_nodes * len(blocks))
    rows = np.concatenate(found) if found else np.zeros((0, 0))
    return 0.5 * (rows + rows.T)
