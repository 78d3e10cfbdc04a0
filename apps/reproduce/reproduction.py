"""What a reproduced figure consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Reproduction:
    """Our picture of a published figure, the numbers that check it, and a sentence on how the two compare."""

    title: str
    figure: Figure
    checks: tuple[Table, ...]
    remark: str
