"""Properties of the operations, found from the rows of the table and tabulated by operation code."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aadlib.rules.table import RULES, Rule
from aadlib.types import Flags

INPUT, RESULT = 255, 254
"""Codes of nodes that are no rows of the table: an input, and a result of a composite operation."""


def _by_code(of_rule: Callable[[Rule], int]) -> Flags:
    """Tabulate a property over every code a node may have; 0 for inputs and results."""
    table = np.zeros(256, dtype=np.uint8)
    table[: len(RULES)] = [of_rule(rule) for rule in RULES]
    return table


PASSES = _by_code(lambda rule: sum(1 << side for side, text in enumerate(rule.first) if text != "0.0"))
"""Through which operands (bits 1 and 2) each operation has a derivative at all."""

OPERANDS = np.ones(256, dtype=np.uint8)
OPERANDS[: len(RULES)] = [1 if rule.arity == 1 else 3 for rule in RULES]
"""Which operands (bits 1 and 2) each operation has; a leaf has itself."""

LINEAR = _by_code(lambda rule: rule.linear)
"""Operations without curvature, by code."""

CURVES = _by_code(lambda rule: sum(1 << k for k, text in enumerate(rule.second) if text != "0.0"))
"""Which second partials (bits 1, 2 and 4 for dxx, dxy, dyy) each operation has at all."""

CURVES_OF_SIDES: Flags = np.array([0, 1, 4, 7], dtype=np.uint8)
"""Second partials (bits of `CURVES`) that matter where no, the left, the right or both operands are active."""

UNITS = _by_code(lambda rule: sum(1 << side for side, text in enumerate(rule.first) if text == "1.0"))
"""Through which operands (bits 1 and 2) each operation has the derivative one."""

COMMUTES = _by_code(lambda rule: rule.commutes)
"""Operations whose operands may be exchanged, by code."""

LOGARITHM, POWER = 1, 2
"""How fast an infinity grows at least."""

MAKES = _by_code(lambda rule: {"": 0, "log": LOGARITHM, "power": POWER}[rule.makes])
"""Growth of an infinity that an operation makes of finite operands."""

KEEPS = _by_code(lambda rule: {"": 0, "power": POWER, "all": POWER | LOGARITHM}[rule.keeps])
"""Which growth of an infinite operand an operation's infinite result has too."""

SQUARES = _by_code(lambda rule: ("", "square", "sum", "multiple").index(rule.squares))
"""How an operation makes a sum of squares: 1 as a square, 2 as a sum, 3 as a multiple, or a product of equals."""

ENDS = _by_code(lambda rule: any(rule.dead))
"""Operations that may not depend on an operand at all near a point."""
