"""Which inputs interact in the nodes of a program, with a plain set per slot."""

from __future__ import annotations

from aadlib.extend import Program, reached_slots
from greeks2.structure.curvature import curvature_bits


def pattern_by_sets(program: Program) -> list[list[int]]:
    """Return the entries [row, column], row > column and sorted, where the Hessian can be other than zero.

    Every node has the set of active inputs it depends on; a nonlinear node that an output depends on joins every input
    of one operand with every input of the other. A composite joins all its operands.
    """
    inputs = [slot for slot in range(program.n_inputs) if program.input_active[slot]]
    sets: list[set[int]] = [set() for _ in range(program.n_slots)]
    for position, slot in enumerate(inputs):
        sets[slot] = {position}
    bits, reached = curvature_bits(program), reached_slots(program)
    composites = {c.begin: c for c in program.composites}
    pairs: set[tuple[int, int]] = set()

    def join(one: set[int], other: set[int]) -> None:
        pairs.update((max(i, j), min(i, j)) for i in one for j in other if i != j)

    for k in range(program.n_nodes):
        slot = program.first_node + k
        if k in composites:
            every = set().union(*(sets[operand] for operand in composites[k].operands))
            join(every, every)
            for result in range(k, composites[k].end):
                sets[program.first_node + result] = every
        operands = [
            sets[operand]
            for operand, bit in ((program.nodes.left[k], 1), (program.nodes.right[k], 2))
            if program.nodes.activity[k] & bit
        ]
        if not operands:
            continue
        first, last = operands[0], operands[-1]
        sets[slot] = first | last
        if program.composites or reached[slot]:
            for bit, (one, other) in ((1, (first, first)), (2, (first, last)), (4, (last, last))):
                if bits[k] & bit:
                    join(one, other)
    return [list(entry) for entry in sorted(pairs)]
