"""Kinks are never silent: which operations of a program are not smooth, grouped by source line."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np

from aadlib.extend import Program, once_per_program
from aadlib.types import Flags

CHOICES = ("where_true", "where_false")
"""Operations that are smooth where no active input moves their condition, the right operand."""


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

    Only those in slots from `begin` on and below `end`.
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
    return tuple(KinkGroup(operation, *line, count) for (operation, line), count in counted.most_common())


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
        "concentrated at a kink is not in it. Smooth the kink (softplus), or average over states",
        KinkWarning,
        stacklevel=stacklevel + 1,
    )
