"""Which second partials of the nodes do not vanish."""

from __future__ import annotations

import numpy as np

from aadlib.extend import CURVES, CURVES_OF_SIDES, Program, once_per_program
from aadlib.types import Flags


@once_per_program
def curvature_bits(program: Program) -> Flags:
    """Return which second partials of every node, in its active operands, do not vanish identically, (n_nodes,)."""
    nodes = program.nodes
    bits = CURVES[nodes.op] & CURVES_OF_SIDES[nodes.activity]
    return np.where((nodes.left == nodes.right) & (bits != 0), 1, bits).astype(np.uint8)
