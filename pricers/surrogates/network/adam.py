"""The state of Adam: weights and the running moments of their gradient."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass
class Adam:
    """Weights (n_weights,) with the running mean and mean square of their gradient, and the steps taken.

    References
    ----------
    Kingma and Ba 2015, Adam: a method for stochastic optimization, arXiv 1412.6980, algorithm 1.
    """

    weights: npt.NDArray[Any]
    mean: npt.NDArray[Any] = field(init=False)
    square: npt.NDArray[Any] = field(init=False)
    n_steps: int = 0
    mean_decay: float = 0.9
    square_decay: float = 0.999
    floor: float = 1e-8

    def __post_init__(self) -> None:
        self.mean = np.zeros_like(self.weights)
        self.square = np.zeros_like(self.weights)

    def copy(self) -> Adam:
        """Return the same state in arrays of its own."""
        copied = replace(self, weights=self.weights.copy())
        copied.mean, copied.square = self.mean.copy(), self.square.copy()
        return copied
