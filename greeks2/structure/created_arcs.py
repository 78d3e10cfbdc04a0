"""Which arcs the nodes of a program create, and addresses for the forward rows of their ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.program.once import once_per_program
from aadlib.program.program import Program
from aadlib.rules.properties import CURVES, CURVES_OF_SIDES
from aadlib.types import Flags, Ints
from greeks2.structure.passes import find_created_arcs
from greeks2.structure.reached import reached_slots


@dataclass(frozen=True, eq=False)
class CreatedArcs:
    """The arcs that the nodes of a program create, where an output's derivative reaches them.

    Attributes
    ----------
    bits : (n_nodes,) bits 1, 2, 4 of the arcs left-left, left-right and right-right that every node creates in its
        active operands; a repeated operand has its own under bit 1
    addresses : (n_slots,) address of the forward row of every slot that an arc needs, -1 of the others
    n_arcs, n_ends, n_addresses : int, arcs, their earlier ends (coefficients that many nodes use count once), and rows
        held at once; ends have the addresses below `n_ends`, to themselves
    n_rows : int, nodes with a row: those that an arc needs
    """

    bits: Flags
    addresses: Ints
    n_arcs: int
    n_ends: int
    n_addresses: int
    n_rows: int


@once_per_program
def created_arcs_of(program: Program) -> CreatedArcs:
    """Return the arcs a program creates."""
    bits, addresses, n_arcs, n_ends, n_addresses = find_created_arcs(
        program.nodes, CURVES, reached_slots(program)
    )
    n_rows = int(np.count_nonzero(addresses[program.first_node :] >= 0))
    return CreatedArcs(bits, addresses, n_arcs, n_ends, n_addresses, n_rows)


@once_per_program
def curvature_bits(program: Program) -> Flags:
    """Return which second partials of every node, in its active operands, do not vanish identically, (n_nodes,)."""
    nodes = program.nodes
    bits = CURVES[nodes.op] & CURVES_OF_SIDES[nodes.activity]
    return np.where((nodes.left == nodes.right) & (bits != 0), 1, bits).astype(np.uint8)
