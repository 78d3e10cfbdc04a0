"""Forward over reverse: tangents of the adjoints, all directions as lanes of one sweep, or one direction a colour."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.extend import SPREAD, Program, hessian_products, n_threads, once_per_program
from aadlib.extend import simd as lanes
from aadlib.types import Floats
from greeks2.methods.forward_over_reverse.coloring import Coloring, color, fewest_colors, readings
from greeks2.methods.method import (
    BLOCK_CALL,
    COUNTED,
    ENTRY,
    ENTRY_READ,
    POINT,
    SIZES,
    Estimate,
    Method,
    Request,
    Solution,
    blocks_of,
    cost_now,
    solution_at,
)
from greeks2.point import Point
from greeks2.structure.pattern import as_pattern, find_pattern
from greeks2.structure.round_off import round_off
from greeks2.structure.within_limit import once_within_limit

SMALL_PROGRAM = 4096
"""Up to so many nodes `Program.derivatives` sweeps everything in one call; beyond, blocks of lanes go to threads."""

RELATIVE, ABSOLUTE = 1e-8, 1e-12
"""How far the product that tests a given pattern may be off, relative to its row and to the largest row."""

FAR = 8_000
"""Slots beyond which two blocks of lanes do not fit the second-level cache."""

# Nanoseconds, as in `greeks2.methods.method`.
ONE_CALL = 4_000.0  # all of it on a small program
SWEEPS_CALL = 30_000.0  # Python around the sweeps of a larger one
# A node of a tangent and a second-order sweep over one block of lanes, in cache; and where the blocks do not fit it.
LANE_NODE = {"baseline": 14.0, "avx2": 13.5, "avx512": 13.0}
LANE_NODE_FAR = {"baseline": 27.0, "avx2": 26.0, "avx512": 25.0}
SET_NODE = 40.0  # a node's set of inputs, and the colours: paid once per program


def forward_over_reverse(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs.

    Notes
    -----
    One tangent and one second-order sweep per block of lanes; blocks run on threads when the program is large.
    """
    rows = products(point, np.eye(point.active.size))
    half = 0.5 * rows  # halved first: no sum overflows
    return half + half.T


def products(point: Point, directions: Floats) -> Floats:
    """Return the Hessian times each row of `directions`, (m, n) over the active inputs."""
    rows = np.zeros((len(directions), point.program.n_inputs))
    rows[:, point.active] = directions
    return hessian_products(point.replay, rows)


@once_per_program
def coloring_of(program: Program) -> Coloring | None:
    """Return the colours of a program's own pattern; None where they do not save a direction."""
    return coloring_within(program, program.n_active - 1)


def coloring_within(program: Program, most: int) -> Coloring | None:
    """Return the colours of a program's own pattern, or None as soon as it proves to need more than `most`."""
    coloring = _color_own_pattern(program, most)
    return coloring if coloring is not None and coloring.n_colors <= most else None


@once_within_limit
def _color_own_pattern(program: Program, most: int) -> Coloring | None:
    pairs = find_pattern(program, most_colors=most) if most > 0 else None
    colors = None if pairs is None else fewest_colors(pairs, program.n_active, most)
    return None if pairs is None or colors is None else readings(colors, pairs)


def coloring_from(program: Program, sparsity: Any) -> Coloring:
    """Return the colours of a pattern somebody gave for a program, cached until another one is given."""
    pairs = as_pattern(sparsity, program.n_active)
    last = program.cache.get(coloring_from)
    if last is None or not np.array_equal(last[0], pairs):
        last = program.cache[coloring_from] = (pairs, color(pairs, program.n_active))
    coloring: Coloring = last[1]
    return coloring


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
    An entry that is missing goes unseen only below 1e-8 of its row, 1e-12 of the largest one, or the round-off of the
    products that add up to it.
    """
    generator = np.random.default_rng(20240229)
    test = generator.uniform(0.5, 1.5, coloring.n) * generator.choice([-1.0, 1.0], coloring.n)
    rows = products(point, np.concatenate([coloring.seeds, test[None, :]]))
    entries = coloring.entries(rows[:-1])
    terms = entries * test[coloring.columns]
    with np.errstate(invalid="ignore"):
        sums = np.bincount(coloring.rows, terms, coloring.n)
        sizes = np.bincount(coloring.rows, np.abs(terms), coloring.n)
        finite = np.isfinite(sizes)
        allowed = RELATIVE * sizes + ABSOLUTE * sizes[finite].max(initial=0.0)
        off = np.abs(rows[-1] - sums)
        wrong = finite & ~(off <= allowed)
        if wrong.any():
            wrong &= ~(off <= round_off(point, test))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise AadValueError(
            f"sparsity is wrong: row {row} of the Hessian has entries outside the pattern (its product with a random "
            f"direction is {rows[-1, row]:.6g}, with the pattern's entries alone {sums[row]:.6g}); add them, or leave "
            "sparsity out and pass sparse=True to find the pattern from the function"
        )
    return entries


def solve(request: Request) -> Solution:
    """Sweep one direction a colour where a pattern is given, wanted or planned, and else all of them."""
    program, sparsity = request.program, request.options.get("sparsity")
    coloring = None
    if sparsity is not None:
        coloring = coloring_from(program, sparsity)
    elif request.sparse or "colors" in request.counts:
        coloring = coloring_of(program)
    if coloring is None and request.weights is None and program.n_nodes <= SMALL_PROGRAM:
        return Solution(*program.derivatives(*request.arguments))
    with request.point() as point:
        if coloring is None:
            return solution_at(point, forward_over_reverse(point))
        entries = (colored_entries if sparsity is None else verified_entries)(point, coloring)
        matrix = coloring.sparse(entries) if request.sparse else coloring.dense(entries)
        return solution_at(point, matrix, coloring)


def _counts(program: Program, coloring: Coloring | None) -> dict[str, int]:
    return {"directions": program.n_active if coloring is None else coloring.n_colors}


def _all_directions(program: Program, best: float, replays: int) -> Estimate:
    """Estimate the sweep of every direction."""
    n, nodes = program.n_active, program.n_nodes
    blocks = blocks_of(n)
    if nodes <= SMALL_PROGRAM:
        time = ONE_CALL + cost_now(LANE_NODE) * nodes * blocks + ENTRY * n * n
    else:
        time = POINT + SWEEPS_CALL + _directions_time(program, blocks) + ENTRY * n * n
    counts = {
        "lane_blocks": blocks,
        "lane_multiply_adds": 6 * lanes.LANES * blocks * nodes,
        "bytes_forward_over_reverse": 16 * lanes.LANES * program.n_slots * min(n_threads(), blocks),
    }
    return Estimate(time, counts)


def _by_colors(program: Program, best: float, replays: int) -> Estimate | None:
    """Estimate one direction per colour of a sparse Hessian, where that can be cheaper and is worth finding out."""
    if (best - POINT - _directions_time(program, 1)) * replays < SET_NODE * program.n_nodes:
        return None
    # More colours than this cannot be the cheapest way.
    blocks = blocks_of(program.n_active)
    while blocks and POINT + SWEEPS_CALL + _directions_time(program, blocks) > best:
        blocks -= 1
    coloring = coloring_within(program, min(lanes.LANES * blocks, program.n_active - 1))
    if coloring is None:
        return None
    n_entries = int(coloring.rows.size)
    time = (
        POINT + SWEEPS_CALL + _directions_time(program, blocks_of(coloring.n_colors)) + ENTRY_READ * n_entries
    )
    return Estimate(time, {"colors": coloring.n_colors, "entries": n_entries})


def _directions_time(program: Program, blocks: int) -> float:
    """Return the time of tangent and second-order sweeps over blocks of directions, on threads where they are used."""
    nodes = program.n_nodes
    threads = min(n_threads(), blocks) if 20.0 * lanes.LANES * nodes * blocks > SPREAD else 1
    lane_node = cost_now(LANE_NODE_FAR if program.n_slots > FAR else LANE_NODE)
    return BLOCK_CALL * blocks + lane_node * nodes * -(-blocks // max(1, threads))


FORWARD_OVER_REVERSE = Method(
    name="forward_over_reverse",
    solve=solve,
    counts=_counts,
    seconds={SIZES: _all_directions, COUNTED: _by_colors},
    options={"sparsity": "sparsity colours the directions of forward_over_reverse and has no meaning with"},
    is_exact=True,
    takes_composites=True,
)
