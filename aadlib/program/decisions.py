"""Results that depend on the inputs through comparisons alone: a search by hand, whose derivative is lost."""

from __future__ import annotations

import warnings
from collections import defaultdict

import numpy as np

from aadlib.errors import DecisionWarning, Line, describe_line
from aadlib.program.layout import Layout
from aadlib.singular.report import outside_level
from aadlib.types import Flags, Floats

FEWEST = 6
"""Comparisons on one line below which they are no search."""

TURNS = 2
"""A search takes one branch, the other, and the first again; a barrier that is hit ends its loop at the first turn."""

CLOSE, CLOSEST = 1e-2, 1e-5
"""How near both sides of a search's comparisons come in its last third, and at least once, relative to the farthest."""


def turning_lines(program: Layout) -> dict[Line, list[int]]:
    """Return the lines with comparisons of active numbers that come out in turns, and the positions of these guards."""
    if len(program.guards) < FEWEST or not _any_result(program):
        return {}
    active = _active(program)
    _, left, right, outcomes = program.guard_arrays
    moved = np.flatnonzero(active[left] | active[right]).tolist()
    at: dict[Line, list[int]] = defaultdict(list)
    for position in moved:
        at[program.guards[position].line].append(position)
    return {
        line: positions
        for line, positions in at.items()
        if len(positions) >= FEWEST
        and np.count_nonzero(np.diff(outcomes[positions].astype(np.int8))) >= TURNS
    }


def searches(program: Layout, values: Floats, lines: dict[Line, list[int]]) -> list[tuple[Line, int]]:
    """Return the lines on which the two sides of comparisons come nearer and nearer, and how often they are compared.

    What such a loop finds are plain numbers, the ends of an interval say, of which a recording does not see that they
    depend on what was compared.
    """
    _, left, right, _ = program.guard_arrays
    narrowing = []
    for line, positions in lines.items():
        apart = np.abs(values[left[positions]] - values[right[positions]])
        last = apart[-(-2 * apart.size // 3) :]
        if last.max() <= CLOSE * apart.max() and apart.min() <= CLOSEST * apart.max():
            narrowing.append((line, len(positions)))
    return narrowing


def _any_result(program: Layout) -> bool:
    """Return whether the outputs are not all the number 0, as a payoff is on one of its branches."""
    constants = program.outputs[
        (program.outputs >= program.n_inputs) & (program.outputs < program.first_node)
    ]
    zeros = np.count_nonzero(program.constants[constants - program.n_inputs] == 0.0)
    return bool(zeros < program.outputs.size)


def _active(program: Layout) -> Flags:
    """Return one flag per slot: whether an active input changes its value."""
    active = np.zeros(program.n_slots, dtype=np.uint8)
    active[: program.n_inputs] = program.input_active
    program.mark_dependent(np.full(program.n_nodes, 3, dtype=np.uint8), active)
    return active


def warn_of_searches(searching: list[tuple[Line, int]]) -> None:
    """Issue a `DecisionWarning` for each search by comparisons, with its line."""
    for line, count in searching:
        warnings.warn(
            f"{count} comparisons at {describe_line(line)} search for a number: it depends on the inputs through them "
            "alone, so its derivative is lost and taken to be zero. A root found by bisection is differentiated by "
            "aadlib.root(f, x0, *params), with any float solver inside",
            DecisionWarning,
            stacklevel=outside_level(),
        )
