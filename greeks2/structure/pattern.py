"""Where the Hessian of a program can be other than zero: found from the program, or given by the caller."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program, created_arcs_of
from greeks2.structure.curvature import curvature_bits
from greeks2.structure.input_sets import InputSets

Pairs = npt.NDArray[np.intp]
"""Entries (m, 2) below the diagonal, row > column, each once. The diagonal always belongs to a pattern."""

MOST_BYTES = 1 << 28
"""Sets of inputs are given up beyond: hundreds of thousands of inputs that all interact in long sums."""


def find_pattern(program: Program, *, most_colors: int | None = None) -> Pairs | None:
    """Return the entries where a Hessian over the active inputs can be other than zero.

    Every node that a nonlinear one needs has the set of inputs it depends on; a nonlinear node joins the sets of its
    operands, every input of one with every input of the other.

    Parameters
    ----------
    program : Program
    most_colors : int, optional
        Give up as soon as the pattern proves to need more colours than that: where so many inputs interact with so
        many others, or in the end, where it has too many entries.

    Returns
    -------
    (m, 2) pairs, or None where finding them was given up

    Notes
    -----
    Sets are bits, each held once; a union of two sets is looked up where it was made before, so that a time step like
    the last one costs no set operation. About 20 nanoseconds per node.

    Where all members of a set of p inputs interact with all of one of q >= p it takes p colours. With c colours every
    two of them make a forest, so that n inputs have at most (c - 1) n - c (c - 1) / 2 pairs.

    References
    ----------
    A. Walther, Computing sparse Hessians with automatic differentiation, ACM Trans. Math. Softw. 34 (2008), 3.
    M.O. Albertson et al., Coloring with no 2-colored P4's, Electron. J. Combin. 11 (2004), R26.
    """
    n = program.n_active
    colors = n if most_colors is None else min(most_colors, n)
    if program.composites:
        created, needed = curvature_bits(program), np.ones(program.n_slots, dtype=np.uint8)
    else:
        arcs = created_arcs_of(program)
        created, needed = arcs.bits, (arcs.addresses >= 0).view(np.uint8)
    sets = InputSets(MOST_BYTES)
    operands = [c.operands for c in program.composites]
    ends = np.cumsum([o.size for o in operands])
    composites = [(c.begin, c.end, end) for c, end in zip(program.composites, ends, strict=True)]
    carried = sets.carry(
        program.nodes,
        created,
        needed,
        np.flatnonzero(program.input_active),
        np.array(composites, dtype=np.int32).reshape(-1, 3),
        np.concatenate([*operands, np.empty(0, dtype=np.int32)]),
        colors,
    )
    if not carried:
        return None
    return sets.entries(
        n, (colors - 1) * n - colors * (colors - 1) // 2 if most_colors is not None else n * n
    )


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
