"""Where the Hessian of a program can be other than zero: found from the program, or given by the caller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.program import Program
from greeks2 import arc_schedule
from greeks2.edge_pushing import curvature_bits, reached_slots

Pairs = npt.NDArray[np.intp]
"""Places (m, 2) below the diagonal, row > column, each once. The diagonal always belongs to a pattern."""

MOST_BYTES = 1 << 28
"""Sets of inputs are given up beyond: hundreds of thousands of inputs that all meet in long sums."""


def find_pattern(program: Program, *, clique: int | None = None) -> Pairs | None:
    """Return the places where a Hessian over the active inputs can be other than zero.

    Every node that a nonlinear one needs has the set of inputs it depends on; a nonlinear node joins the sets of its
    operands, every input of one with every input of the other.

    Parameters
    ----------
    program : Program
    clique : int, optional
        Give up as soon as more than so many inputs all meet each other: they need as many colours.

    Returns
    -------
    (m, 2) pairs, or None where finding them was given up

    Notes
    -----
    Sets are whole numbers with a bit per input, each kept once; a union of two sets is looked up where it was made
    before, so that a time step like the last one costs no set operation. About a quarter of a microsecond per node.

    References
    ----------
    A. Walther, Computing sparse Hessians with automatic differentiation, ACM Trans. Math. Softw. 34 (2008), 3.
    """
    most = program.n_active if clique is None else clique
    met = _met_sets(program, most)
    if met is None:
        return None
    rows = [0] * program.n_active
    for one, other in met.items():
        for j in _members(one):
            rows[j] |= other
    # A pair (a, b) is listed once among `met`, so both triangles are joined here.
    lower = [(i, j) if i > j else (j, i) for i, row in enumerate(rows) for j in _members(row & ~(1 << i))]
    return unique_pairs(np.array(lower, dtype=np.intp).reshape(-1, 2), program.n_active)


def _met_sets(program: Program, most: int) -> dict[int, int] | None:
    """Return, for every set of inputs that enters a nonlinear node, the union of the sets it meets there."""
    bits = curvature_bits(program)
    wanted, needed = _needed_slots(program, bits)
    sets: list[int] = [0]
    number_of: dict[int, int] = {0: 0}
    number = [0] * program.n_slots
    for position, slot in enumerate(np.flatnonzero(program.input_active).tolist()):
        if needed[slot]:
            number[slot] = number_of[1 << position] = len(sets)
            sets.append(1 << position)
    unions: dict[tuple[int, int], int] = {}
    nbytes = sum(one.bit_length() for one in sets) // 8

    def join(i: int, j: int) -> int:
        nonlocal nbytes
        union = sets[i] | sets[j]
        k = number_of.get(union)
        if k is None:
            k = number_of[union] = len(sets)
            sets.append(union)
            nbytes += union.bit_length() // 8
        unions[i, j] = k
        return k

    pairs: set[tuple[int, int]] = set()
    first = program.first_node
    composites = {first + c.begin: c for c in program.composites}
    chosen = np.flatnonzero((needed[first:] | wanted).astype(bool))
    left, right = program.left[chosen].tolist(), program.right[chosen].tolist()
    activity, kinds = program.activity[chosen].tolist(), (bits * wanted)[chosen].tolist()
    for v, a, b, active, kind in zip((chosen + first).tolist(), left, right, activity, kinds, strict=True):
        if v in composites:
            k = 0
            for slot in composites[v].operands.tolist():
                k = join(k, number[slot])
            if sets[k].bit_count() > most:
                return None
            for slot in range(v, first + composites[v].end):
                number[slot] = k
            pairs.add((k, k))
            continue
        if active == 0:
            continue
        i = number[a] if active & 1 else number[b]
        j = number[b] if active & 2 else i
        if kind:
            # A node with one active operand has its curvature under dxx or dyy; with two, under any of the three.
            if active != 3 or a == b:
                fresh = [(i, i)]
            else:
                fresh = [p for bit, p in ((1, (i, i)), (2, (i, j)), (4, (j, j))) if kind & bit]
            for pair in fresh:
                if pair not in pairs:
                    if (sets[pair[0]] & sets[pair[1]]).bit_count() > most:
                        return None
                    pairs.add(pair)
        if i == j:
            number[v] = i
        else:
            k = unions.get((i, j), -1)
            number[v] = join(i, j) if k < 0 else k
            if nbytes > MOST_BYTES:
                return None
    met: defaultdict[int, int] = defaultdict(int)
    for i, j in pairs:
        met[sets[i]] |= sets[j]
    return met


def _needed_slots(
    program: Program, bits: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return which nodes (n_nodes,) reach an output, and which slots a nonlinear one of these needs."""
    needed = np.zeros(program.n_slots, dtype=np.uint8)
    if program.composites:
        needed[:] = 1
        return np.ones(program.n_nodes, dtype=np.uint8), needed
    wanted = reached_slots(program)[program.first_node :]
    nonlinear = (bits * wanted) != 0
    for operands, bit in ((program.left, 1), (program.right, 2)):
        needed[operands[nonlinear & (program.activity & bit != 0)]] = 1
    arc_schedule.mark_reached(program.left, program.right, program.activity, needed, program.first_node)
    return wanted * nonlinear.astype(np.uint8), needed


def _members(bits: int) -> Iterator[int]:
    """Yield the positions of the bits that are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def unique_pairs(pairs: Pairs, n: int) -> Pairs:
    """Return pairs (row > column) sorted by row and column, each once."""
    keys = np.unique(pairs[:, 0] * n + pairs[:, 1])
    return np.stack([keys // max(1, n), keys % max(1, n)], axis=1)


def as_pattern(sparsity: Any, n: int) -> Pairs:
    """Return what a caller says about the pattern, checked for its shape: see `greeks2.hessian`.

    Either triangle, or both, may be given; the diagonal is taken to be full.
    """
    shape = getattr(sparsity, "shape", None)
    if shape is None:
        sparsity = np.asarray(sparsity)
        shape = sparsity.shape
    if tuple(shape) != (n, n):
        raise AadValueError(f"sparsity has shape {tuple(shape)}: the Hessian is ({n}, {n})")
    if isinstance(sparsity, np.ndarray):
        if sparsity.dtype != np.bool_:
            raise AadTypeError(
                f"sparsity has dtype {sparsity.dtype}: give booleans (True where the Hessian may differ from zero), "
                "or a scipy.sparse array"
            )
        rows, columns = np.nonzero(sparsity)
    elif hasattr(sparsity, "tocoo"):
        stored = sparsity.tocoo()  # what is stored counts, zeros too
        rows, columns = stored.row.astype(np.intp), stored.col.astype(np.intp)
    else:
        raise AadTypeError(
            f"sparsity is a {type(sparsity).__name__}: give a boolean array or a scipy.sparse array"
        )
    off = rows != columns
    pairs = np.stack([np.maximum(rows, columns)[off], np.minimum(rows, columns)[off]], axis=1)
    return unique_pairs(pairs, n)
