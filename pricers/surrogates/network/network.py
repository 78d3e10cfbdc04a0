"""The twin network: prices and Greeks from samples of payoffs and their pathwise derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats
from aadlib.validation import whole_number
from pricers.surrogates.estimator import Estimator, states, training_samples
from pricers.surrogates.network.activations import require_activation
from pricers.surrogates.network.collapse import linear_loss
from pricers.surrogates.network.history import Epoch, History
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import combined_loss
from pricers.surrogates.network.scaling import Scaling
from pricers.surrogates.network.schedules import OneCycle, Schedule
from pricers.surrogates.network.training import Data, Plan, State, begin, train
from pricers.surrogates.network.twins.passes import backward, forward

Array = npt.NDArray[Any]


class OutsideRange(UserWarning):
    """States lie outside the box of the inputs that the surrogate was trained on."""


class Prediction(NamedTuple):
    """Values (n,) or (n, m), Greeks (n, d) or (n, m, d), and which states (n,) lie outside the trained range."""

    values: Floats
    greeks: Floats
    outside: npt.NDArray[np.bool_]


class TwinNetwork(Estimator):
    def __init__(
        self,
        hidden: tuple[int, ...] = (20, 20, 20, 20),
        *,
        activation: str = "softplus",
        differential_weight: float = 1.0,
        epochs: int = 100,
        batch_size: int | None = None,
        schedule: Schedule = OneCycle(),  # noqa: B008 - frozen
        dtype: str = "float32",
        seed: int = 0,
        patience: int | None = None,
        max_restarts: int = 5,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.differential_weight = differential_weight
        self.epochs = epochs
        self.batch_size = batch_size
        self.schedule = schedule
        self.dtype = dtype
        self.seed = seed
        self.patience = patience
        self.max_restarts = max_restarts

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        dydx: npt.ArrayLike | None = None,
        *,
        validation: tuple[npt.ArrayLike, ...] | None = None,
        progress: Callable[[Epoch], object] | None = None,
    ) -> TwinNetwork:
        inputs, outputs, slopes = training_samples(x, y, dydx)
        layout = Layout((inputs.shape[1], *self.hidden, outputs.shape[1]))
        scaling = Scaling.of(inputs, outputs)
        samples = scaling.samples(inputs, outputs, slopes, self.dtype)
        loss = combined_loss(samples, self.differential_weight)
        plan = Plan(
            layout,
            require_activation(self.activation),
            self.schedule,
            whole_number("epochs", self.epochs, 1),
            self.batch_size or max(256, len(inputs) // 16),
            self.seed,
            self.patience,
            self.max_restarts,
        )
        held = None if validation is None else scaling.samples(*training_samples(*validation), self.dtype)
        data = Data(samples, loss, min(1.0, 1.1 * linear_loss(samples, loss)), held)
        state = begin(plan, self.dtype)

        def watch(state: State) -> None:
            if progress:
                progress(state.history.epochs[-1])

        try:
            train(plan, data, state, watch)
        except KeyboardInterrupt:
            if not np.isfinite(state.best_loss):
                raise
            state.history.interrupted = True
            warnings.warn("training was interrupted: the best state so far is kept", stacklevel=2)
        self._layout, self._scaling, self._weights = layout, scaling, state.best_weights
        self.history_: History = state.history
        self.n_features_in_ = layout.n_inputs
        self._flat_output = np.ndim(y) == 1
        return self

    def predict(self, x: npt.ArrayLike) -> Floats:
        return self._evaluate(x, False).values

    def predict_with_greeks(self, x: npt.ArrayLike) -> Prediction:
        return self._evaluate(x, True)

    def _evaluate(self, x: npt.ArrayLike, greeks: bool) -> Prediction:
        self._require_fitted()
        array, single = states(x, self.n_features_in_)
        scaling, layout = self._scaling, self._layout
        outside = ((array < scaling.lowest) | (array > scaling.highest)).any(axis=1)
        if outside.any():
            warnings.warn(
                f"{int(outside.sum())} of {len(array)} states lie outside the range trained on",
                OutsideRange,
                stacklevel=3,
            )
        activation = require_activation(self.activation)
        normal = ((array - scaling.x_mean) / scaling.x_deviation).astype(self.dtype)
        passed = forward(layout, activation, self._weights, normal)
        values = passed.values[-1] * scaling.y_deviation + scaling.y_mean
        slopes = np.empty((len(array), layout.n_outputs, layout.n_inputs))
        for output in range(layout.n_outputs if greeks else 0):
            slopes[:, output] = backward(layout, self._weights, passed, output)[2]
        slopes *= scaling.y_deviation[:, None] / scaling.x_deviation
        if self._flat_output:
            values, slopes = values[:, 0], slopes[:, 0]
        if single:
            values, slopes, outside = values[0], slopes[0], outside[0]
        return Prediction(values, slopes, outside)
