"""Kinds of steps of the block machine: numbered here alone, for its writer, its machines and its twin.

The build writes them into `aadlib/generated/block_steps.h`; nothing but plain numbers stands here.
"""

from __future__ import annotations

KINDS = {"TIMES": 3, "TIMES_TO": 3, "PLUS": 3, "MINUS": 3, "NEGATE": 2, "PLUS_TO": 2, "MINUS_TO": 2}
"""Arithmetic and how many operands it names, the target first:

d = ab, d += ab, d = a + b, d = a - b, d = -a, d += a, d -= a.
"""

TIMES, TIMES_TO, PLUS, MINUS, NEGATE, PLUS_TO, MINUS_TO = range(len(KINDS))

VALUE, FIRST, SECOND = 256, 512, 768
"""Kinds from here on add a row of the table of operations: its value, its first, its second partials."""


def n_results(kind: int) -> int:
    """Return how many registers a step writes: they come first among its operands."""
    return 1 if kind < FIRST else 2 if kind < SECOND else 3


def n_operands(kind: int) -> int:
    """Return how many registers a step names, results and operands."""
    if kind < VALUE:
        return tuple(KINDS.values())[kind]
    return n_results(kind) + (2 if kind < FIRST else 3)
