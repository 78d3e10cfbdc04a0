"""The fitted network as a function of states in their own units: values, Greeks and Hessians."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.extend import map_pieces
from aadlib.types import Flags, Floats
from pricers.surrogates.network.activations import Activation
from pricers.surrogates.network.compiled_passes import Evaluator, Passes
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.scaling import Scaling
from pricers.surrogates.network.twins.passes import backward, forward

Array = npt.NDArray[Any]

PIECE = 8192
"""States in one piece of work for a thread."""

HESSIAN_NUMBERS = 1 << 20
"""Most numbers in one array of a Hessian's sweep."""


@dataclass(frozen=True)
class Model:
    """Weights (n_weights,) in their layout, the activation and the scaling that they were trained with."""

    layout: Layout
    activation: Activation
    scaling: Scaling
    weights: Array
    evaluator: Evaluator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        passes = Passes(self.layout.sizes, self.activation.code, str(self.weights.dtype))
        object.__setattr__(self, "evaluator", Evaluator(passes, self.weights, self.scaling.tuple))

    def evaluate(self, x: Floats, greeks: bool) -> tuple[Floats, Floats | None, Flags]:
        """Return values (n, m), Greeks (n, m, d) if wanted, and marks on the states (n, d) outside the range."""
        n, m, d = len(x), self.layout.n_outputs, self.layout.n_inputs
        values = np.empty((n, m))
        slopes = np.empty((n, m, d)) if greeks else None
        outside = np.empty(n, dtype=np.uint8)
        if n <= PIECE:
            self.evaluator.evaluate(x, values, outside, slopes)
            return values, slopes, outside

        def piece(begin: int) -> None:
            part = slice(begin, begin + PIECE)
            some = None if slopes is None else slopes[part]
            self.evaluator.evaluate(x[part], values[part], outside[part], some)

        map_pieces(piece, range(0, n, PIECE), work=float(n * self.layout.n_weights))
        return values, slopes, outside

    def hessians(self, x: Floats) -> Floats:
        """Return the exact second derivatives (n, m, d, d), in double precision: all directions over the adjoints."""
        n, m, d = len(x), self.layout.n_outputs, self.layout.n_inputs
        hessians = np.empty((n, m, d, d))
        rows = max(1, HESSIAN_NUMBERS // (d * max(self.layout.sizes)))
        for begin in range(0, n, rows):
            hessians[begin : begin + rows] = self._hessians(x[begin : begin + rows])
        scaling = self.scaling
        units = scaling.y_deviation[:, None, None] / np.outer(scaling.x_deviation, scaling.x_deviation)
        return hessians * units

    def _hessians(self, x: Floats) -> Floats:
        weights = self.weights.astype(np.float64)
        normal = (x - self.scaling.x_mean) / self.scaling.x_deviation
        passed = forward(self.layout, self.activation, weights, normal)
        hidden = self.layout.layers(weights)[:-1]
        moved, tangent = [], np.broadcast_to(np.eye(x.shape[1]), (len(x), x.shape[1], x.shape[1]))
        for (w, _), slope in zip(hidden, passed.slopes, strict=True):
            moved.append(tangent @ w)
            tangent = slope[:, None] * moved[-1]
        hessians = np.zeros((len(x), self.layout.n_outputs, x.shape[1], x.shape[1]))
        for output in range(self.layout.n_outputs):
            leaving, _, _ = backward(self.layout, weights, passed, output)
            adjoint = np.zeros(1)
            for number in reversed(range(len(hidden))):
                bend = (leaving[number] * passed.curvatures[number])[:, None] * moved[number]
                adjoint = (bend + adjoint * passed.slopes[number][:, None]) @ hidden[number][0].T
            hessians[:, output] = adjoint
        return 0.5 * (hessians + hessians.swapaxes(2, 3))
