from typing import Any, final

import numpy as np
import numpy.typing as npt

from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.loss import Loss, Samples

MOST_LAYERS: int

@final
class Passes:
    """The passes of networks of one shape, activation and precision, with the instruction set now in use."""

    def __init__(self, sizes: tuple[int, ...], activation: int, dtype: str) -> None: ...
    def train_epoch(
        self,
        adam: Adam,
        samples: Samples,
        loss: Loss,
        order: npt.NDArray[np.int64],
        rates: npt.NDArray[np.float64],
    ) -> tuple[float, float]:
        """Step once for each rate, through the samples in their order; return the mean losses of values and Greeks."""

    def losses(self, weights: npt.NDArray[Any], samples: Samples, loss: Loss) -> tuple[float, float]:
        """Return the mean losses of values and of Greeks."""

    def loss_and_gradient(
        self, weights: npt.NDArray[Any], samples: Samples, loss: Loss
    ) -> tuple[float, float, npt.NDArray[Any]]:
        """Return the mean losses of values and of Greeks, and the gradient (n_weights,) of their sum."""

@final
class Evaluator:
    """Values and Greeks of states in their own units by one network."""

    def __init__(
        self, passes: Passes, weights: npt.NDArray[Any], scaling: tuple[npt.NDArray[np.float64], ...]
    ) -> None: ...
    def evaluate(
        self,
        x: npt.NDArray[np.float64],
        values: npt.NDArray[np.float64],
        outside: npt.NDArray[np.uint8],
        greeks: npt.NDArray[np.float64] | None = None,
    ) -> None:
        """Fill values (n, m), Greeks (n, m, d) unless None, and marks of the states (n, d) outside the range."""
