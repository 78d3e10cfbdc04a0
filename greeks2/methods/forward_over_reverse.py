"""Forward over reverse: tangents of the adjoints, all directions as lanes of one sweep, or one direction a colour."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from aadlib.errors import AadValueError
from aadlib.extend import Program, map_pieces
from aadlib.extend import simd as lanes
from aadlib.types import Floats
from greeks2.methods.coloring import Coloring, color, fewest_colors, readings
from greeks2.point import Point
from greeks2.structure.pattern import Pairs, as_pattern, find_pattern

SMALL_PROGRAM = 4096
"""Up to so many nodes `Program.derivatives` sweeps everything in one call; beyond, blocks of lanes go to threads."""

RELATIVE, ABSOLUTE = 1e-8, 1e-12
"""How far the product that tests a given pattern may be off, relative to its row and to the largest row."""

_colorings: WeakKeyDictionary[Program, Coloring | None] = WeakKeyDictionary()
_given: WeakKeyDictionary[Program, tuple[Pairs, Coloring]] = WeakKeyDictionary()


def forward_over_reverse(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs.

    Notes
    -----
    One tangent and one second-order sweep per block of lanes; blocks run on threads when the program is large.
    """
    rows = products(point, np.eye(point.active.size))
    return 0.5 * (rows + rows.T)


def products(point: Point, directions: Floats) -> Floats:
    """Return the Hessian times each row of `directions`, (m, n) over the active inputs."""
    program, active = point.program, point.active
    # Plain nodes take the directions block by block, on all cores; a composite takes them all at once.
    width = len(directions) if program.composites else lanes.LANES
    blocks = [directions[k : k + width] for k in range(0, len(directions), max(1, width))]

    def sweep(block: Floats) -> Floats:
        rows = np.zeros((len(block), program.n_inputs))
        rows[:, active] = block
        with program.replay() as replay:
            replay.states = point.replay.states
            return replay.sweep_second_order(point.values, point.adjoints, rows)[:, active]

    found = map_pieces(sweep, blocks, work=20.0 * lanes.LANES * program.n_nodes * len(blocks))
    return np.concatenate(found) if found else np.zeros((0, active.size))


def coloring_of(program: Program) -> Coloring | None:
    """Return the colours of a program's own pattern, kept; None where they do not save a direction."""
    if program not in _colorings:
        _colorings[program] = coloring_within(program, program.n_active - 1)
    return _colorings[program]


def coloring_within(program: Program, most: int) -> Coloring | None:
    """Return the colours of a program's own pattern, or None as soon as it proves to need more than `most`."""
    found = _colorings.get(program)
    if found is None and most > 0:
        pairs = find_pattern(program, most_colors=most)
        colors = None if pairs is None else fewest_colors(pairs, program.n_active, most)
        if pairs is not None and colors is not None:
            found = _colorings[program] = readings(colors, pairs)
    return found if found is not None and found.n_colors <= most else None


def coloring_from(program: Program, sparsity: Any) -> Coloring:
    """Return the colours of a pattern somebody gave for a program, kept until another one is given."""
    pairs = as_pattern(sparsity, program.n_active)
    kept = _given.get(program)
    if kept is None or not np.array_equal(kept[0], pairs):
        kept = _given[program] = (pairs, color(pairs, program.n_active))
    return kept[1]


def colored_entries(point: Point, coloring: Coloring) -> Floats:
    """Return the entries of the coloring's pattern, from one direction per colour."""
    return coloring.entries(products(point, coloring.seeds))


def verified_entries(point: Point, coloring: Coloring) -> Floats:
    """Return the entries of a pattern somebody gave, tested with the product of one more, random direction.

    Raises
    ------
    AadValueError
        When the product is not that of the matrix with these entries: the Hessian has others.

    Notes
    -----
    An entry that is missing goes unseen only below 1e-8 of its row, or 1e-12 of the largest one.
    """
    generator = np.random.default_rng(20240229)
    test = generator.uniform(0.5, 1.5, coloring.n) * generator.choice([-1.0, 1.0], coloring.n)
    found = products(point, np.concatenate([coloring.seeds, test[None, :]]))
    entries = coloring.entries(found[:-1])
    terms = entries * test[coloring.columns]
    with np.errstate(invalid="ignore"):
        sums = np.bincount(coloring.rows, terms, coloring.n)
        sizes = np.bincount(coloring.rows, np.abs(terms), coloring.n)
        finite = np.isfinite(sizes)
        allowed = RELATIVE * sizes + ABSOLUTE * sizes[finite].max(initial=0.0)
        wrong = finite & ~(np.abs(found[-1] - sums) <= allowed)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise AadValueError(
            f"sparsity is wrong: row {row} of the Hessian has entries outside the pattern (its product with a random "
            f"direction is {found[-1, row]:.6g}, with the pattern's entries alone {sums[row]:.6g}); add them, or leave "
            "sparsity out and pass sparse=True to find the pattern from the function"
        )
    return entries
