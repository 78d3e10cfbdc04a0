"""What a composite operation's rules return has the right shape: NumPy would spread a wrong one silently."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError


class Named(Protocol):
    """A composite operation, as far as messages need it."""

    @property
    def name(self) -> str:
        """What it is called."""


def require_rule_shape(
    operation: Named, rule: str, found: npt.ArrayLike, shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Return what a rule returned as an array, or raise `AadValueError` that names the rule and both shapes."""
    result = np.asarray(found, dtype=np.float64)
    if result.shape != shape:
        raise AadValueError(f"{operation.name}.{rule} returned shape {result.shape}: must return {shape}")
    return result
