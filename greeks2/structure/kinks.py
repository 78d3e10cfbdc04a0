"""Kinks are never silent: which operations of a program are not smooth, grouped by source line."""

from __future__ import annotations

import ast
import functools
import linecache
import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np

from aadlib.errors import Line
from aadlib.extend import Program, once_per_program
from aadlib.types import Flags

CHOICES = ("where_true", "where_false")
"""Operations that are smooth where no active input moves their condition, the right operand."""


NEARLY_ALWAYS = {"equal": False, "not_equal": True}
"""How comparisons come out but on a set without a width."""


SMOOTH_ACROSS = ("aadlib.tape.linear_algebra",)
"""Modules whose comparisons choose between ways to one result."""


class KinkWarning(UserWarning):
    """A derivative passed through operations that are not smooth: what happens at a kink or a jump is not in it."""


@dataclass(frozen=True)
class KinkGroup:
    """Operations of one name recorded at one source line.

    Attributes
    ----------
    operation : str, as in `aadlib.rules.RULES`, or the `kink` of a composite
    file, line, function : where it was recorded
    count : int, how many are in the program
    """

    operation: str
    file: str
    line: int
    function: str
    count: int

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.operation} at {self.file}:{self.line} in {self.function}{times}"


def kinks_of(program: Program, *, begin: int = 0, end: int | None = None) -> tuple[KinkGroup, ...]:
    """Return the operations that are not smooth and that a derivative passes, the most frequent first.

    Only those in slots from `begin` on and below `end`; of all slots also the comparisons that chose a branch, as an
    `if` does, where the function may have a kink or a jump as well.
    """
    kinks = [kink for kink in program.kinks if begin <= kink.slot and (end is None or kink.slot < end)]
    if any(kink.operation in CHOICES for kink in kinks):
        active, right = active_slots(program), program.nodes.right
        kinks = [
            kink
            for kink in kinks
            if kink.operation not in CHOICES or active[right[kink.slot - program.first_node]]
        ]
    counted = Counter((kink.operation, kink.line) for kink in kinks)
    if begin == 0 and end is None and program.guards:
        counted.update(_guarded_lines(program))
    return tuple(KinkGroup(operation, *line, count) for (operation, line), count in counted.most_common())


def _guarded_lines(program: Program) -> list[tuple[str, Line]]:
    """Return name and line of the comparisons of active numbers that chose a branch.

    None are those that ask for equality and came out as they do nearly everywhere, those that only raise an error on
    the other branch, and those by which a solver chooses its pivots.
    """
    active = active_slots(program)
    _, left, right, _ = program.guard_arrays
    moved = np.flatnonzero(active[left] | active[right])
    return [
        (f"if {guard.operation}", guard.line)
        for guard in map(program.guards.__getitem__, moved.tolist())
        if guard.outcome != NEARLY_ALWAYS.get(guard.operation)
        and guard.module not in SMOOTH_ACROSS
        and not _only_raises(*guard.line[:2])
    ]


def _only_raises(file: str, line: int) -> bool:
    """Return whether a source line is of an assertion, or of a condition under which an error is raised."""
    return line in _raising_lines(file)


@functools.cache
def _raising_lines(file: str) -> frozenset[int]:
    """Return the lines of a file's assertions and of its conditions under which an error is raised."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return frozenset()
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or (
            isinstance(node, ast.If) and all(isinstance(inner, ast.Raise) for inner in node.body)
        ):
            lines.update(range(node.test.lineno, (node.test.end_lineno or node.test.lineno) + 1))
            lines.add(node.lineno)
    return frozenset(lines)


@once_per_program
def active_slots(program: Program) -> Flags:
    """Return one flag per slot: whether an active input changes its value, by a derivative or by a step."""
    active = np.zeros(program.n_slots, dtype=np.uint8)
    active[: program.n_inputs] = program.input_active
    program.mark_dependent(np.full(program.n_nodes, 3, dtype=np.uint8), active)
    return active


def listed(kinks: tuple[KinkGroup, ...], *, shown: int = 5) -> str:
    """Return the first groups as a text, and how many more there are."""
    more = f"; and {len(kinks) - shown} more lines" if len(kinks) > shown else ""
    return "; ".join(str(group) for group in kinks[:shown]) + more


def warn_of_kinks(kinks: tuple[KinkGroup, ...], *, shown: int = 5, stacklevel: int = 2) -> None:
    """Issue one `KinkWarning` that says how many kinks there are and where; none where there are none."""
    if not kinks:
        return
    total = sum(group.count for group in kinks)
    lines = listed(kinks, shown=shown)
    warnings.warn(
        f"this Hessian passed through {total} operation{'s' * (total > 1)} that "
        f"{'are' if total > 1 else 'is'} not smooth: {lines}. It is that of the branches taken; the curvature "
        "concentrated at a kink is not in it. Smooth the kink (softplus), average over states, or take differences of "
        "the exact gradients over steps that cross it",
        KinkWarning,
        stacklevel=stacklevel + 1,
    )
