"""The twin network: prices and Greeks from samples of payoffs and their pathwise derivatives."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    one_float,
    require_choice,
    require_flag,
    require_instance,
    require_non_negative,
    whole_number,
)
from pricers.surrogates.estimator import (
    Prediction,
    Regressor,
    checked_samples,
    flag_outside,
    states,
    training_samples,
)
from pricers.surrogates.network.activations import require_activation
from pricers.surrogates.network.checkpoint import Checkpoint, fingerprint
from pricers.surrogates.network.collapse import trivial_loss
from pricers.surrogates.network.history import Epoch, History
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import Samples, combined_loss
from pricers.surrogates.network.model import Model
from pricers.surrogates.network.model_file import load_model, save_model
from pricers.surrogates.network.onnx_file import export_model
from pricers.surrogates.network.scaling import Scaling
from pricers.surrogates.network.schedules import OneCycle, Schedule
from pricers.surrogates.network.training import Data, Plan, State, begin, train

Progress = Callable[[Epoch], object]


class TwinNetwork(Regressor):
    """A feedforward network trained on values and their derivatives, which predicts both.

    Minimises the mean over samples of  alpha |y(x) - y|^2 + (1 - alpha) sum_j (dy/dx_j - dydx_j)^2 / d  in normalised
    units, where alpha = 1 / (1 + lambda d) and each derivative is divided by its root mean square. Trained on payoffs
    it learns their conditional expectation, the price, and the differentials of the payoffs teach it the Greeks.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    activation : {"softplus", "silu", "elu"}
        Of the hidden layers. The curvature of "elu" jumps at 0, so it has no Hessian.
    differential_weight : float, >= 0
        lambda: the weight of each derivative beside the value. 0 trains on values alone.
    epochs : int
        Passes through the samples.
    batch_size : int or None
        Samples in a minibatch; None for a sixteenth of the samples, at least 32.
    schedule : Schedule
        Adam's rate over the training, `OneCycle()` or `Cosine()`.
    dtype : {"float32", "float64"}
        Precision of weights, training and prediction; results are float64 either way.
    seed : int
        Of the first weights and of the shuffling: the same seed, samples and machine give the same bits.
    validation_fraction : float in [0, 1)
        Share of the samples held out to judge epochs by; the state with the least loss on them is kept.
    patience : int or None
        Stop when the loss on the samples held out has not improved for so many epochs.
    max_restarts : int
        How often a training that dies or diverges begins anew, each time at a quarter of the peak rate.
    warm_start : bool
        Begin from the weights and normalisation of the last fit, if there was one.

    Attributes
    ----------
    history_ : History
        Losses and rates of all epochs, and the restarts with their reasons.
    n_features_in_ : int
        The number of inputs d.

    Notes
    -----
    The methods are those of scikit-learn's estimators; in a `Pipeline` give dydx as `fit(x, y, NAME__dydx=...)`, in the
    inputs as they reach the network. A fit runs on one thread without holding the GIL for long, so several may run on
    several threads. Predictions of many states are spread over threads.

    References
    ----------
    Huge and Savine 2020, Differential Machine Learning, arXiv 2005.02347.

    Examples
    --------
    >>> import numpy as np
    >>> from pricers.surrogates import TwinNetwork
    >>> x = np.linspace(-1.0, 1.0, 256)[:, None]
    >>> network = TwinNetwork(hidden=(10, 10)).fit(x, x[:, 0] ** 2, 2.0 * x)
    >>> value, greeks, outside = network.predict_with_greeks([0.5])
    >>> bool(abs(value - 0.25) < 0.05), bool(abs(greeks[0] - 1.0) < 0.2), bool(outside)
    (True, True, False)
    """

    history_: History
    _model: Model
    _flat_output: bool

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
        validation_fraction: float = 0.0,
        patience: int | None = None,
        max_restarts: int = 5,
        warm_start: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.differential_weight = differential_weight
        self.epochs = epochs
        self.batch_size = batch_size
        self.schedule = schedule
        self.dtype = dtype
        self.seed = seed
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.max_restarts = max_restarts
        self.warm_start = warm_start

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        dydx: npt.ArrayLike | None = None,
        *,
        validation: tuple[npt.ArrayLike, ...] | None = None,
        progress: Progress | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> TwinNetwork:
        """Train on samples, and return the network.

        Parameters
        ----------
        x : (n, d)
            States, a sample a row.
        y : (n,) or (n, m)
            Payoffs or prices there.
        dydx : (n, d) or (n, m, d), optional
            Their derivatives in the states; without them the training is on values alone.
        validation : (x, y) or (x, y, dydx), optional
            Samples to judge epochs by, in place of a `validation_fraction`.
        progress : callable, optional
            Called with an `Epoch` after each epoch.
        checkpoint : path, optional
            A file that follows the training, at most a second behind; where it exists the training goes on from it and
            ends with the same bits as one that was never stopped. It is left to be removed.

        Raises
        ------
        AadValueError
            When samples or parameters cannot be used; rows with NaN or infinite numbers and constant columns are named.
        TrainingCollapsed
            When the training died or diverged at every peak rate that was tried.

        Warns
        -----
        UserWarning
            When Ctrl-C ended the training: the best state so far is kept, and `history_.interrupted` is True; when the
            training was too short to be better than a trivial predictor.
        """
        inputs, outputs, slopes = training_samples(x, y, dydx)
        require_flag("warm_start", self.warm_start)
        last = self._model if self.warm_start and self.__sklearn_is_fitted__() else None
        scaling = Scaling.of(inputs, outputs) if last is None else last.scaling.widened(inputs)
        layout = Layout((inputs.shape[1], *self._hidden(), outputs.shape[1]))
        if last is not None and last.layout != layout:
            raise AadValueError(
                f"warm_start: the last fit had layers {last.layout.sizes}, this has {layout.sizes}"
            )
        samples = scaling.samples(inputs, outputs, slopes, self._precision())
        samples, held = self._held_out(samples, scaling, validation, slopes is not None)
        data = self._data(samples, held)
        plan = self._plan(layout, len(samples))
        state = begin(plan, self.dtype, None if last is None else last.weights)
        file = None if checkpoint is None else Checkpoint(checkpoint, fingerprint(plan, data, state))
        state = state if file is None else file.resume(state)
        self._run(plan, data, state, file, progress)
        self._model = Model(layout, plan.activation, scaling, state.best_weights)
        self._flat_output = np.asarray(y).ndim == 1
        self.history_ = state.history
        self.n_features_in_ = layout.n_inputs
        return self

    def _hidden(self) -> tuple[int, ...]:
        if not isinstance(self.hidden, tuple | list | np.ndarray):
            raise AadTypeError(f"hidden = {self.hidden!r}: must be a tuple of units, such as (20, 20)")
        return tuple(whole_number("hidden", units, 1) for units in self.hidden)

    def _precision(self) -> str:
        require_choice("dtype", self.dtype, ("float32", "float64"))
        return self.dtype

    def _held_out(
        self,
        samples: Samples,
        scaling: Scaling,
        validation: tuple[npt.ArrayLike, ...] | None,
        differential: bool,
    ) -> tuple[Samples, Samples | None]:
        """Return the samples to train on and those to judge by."""
        if not 0.0 <= one_float("validation_fraction", self.validation_fraction) < 1.0:
            raise AadValueError(f"validation_fraction = {self.validation_fraction!r}: must be in [0, 1)")
        if validation is not None:
            require_instance("validation", validation, (tuple, list), "a tuple (x, y) or (x, y, dydx)")
            if len(validation) != (3 if differential else 2):
                raise AadValueError(
                    f"validation has {len(validation)} arrays: must have x, y, and dydx as the training does"
                )
            held = checked_samples(*validation)
            shapes = [array.shape[1:] for array in held if array is not None]
            if shapes != [a.shape[1:] for a in (samples.x, samples.y, samples.dydx) if a is not None]:
                raise AadValueError(f"validation has arrays of rows {shapes}: must have those of the samples")
            return samples, scaling.samples(*held, self.dtype)
        n_held = round(self.validation_fraction * len(samples))
        if n_held == 0:
            if self.patience is not None:
                raise AadValueError(
                    "patience needs samples to judge by: give validation, or a validation_fraction"
                )
            return samples, None
        if len(samples) - n_held < samples.x.shape[1] + 1:
            raise AadValueError(
                f"validation_fraction = {self.validation_fraction!r} leaves {len(samples) - n_held} samples of "
                f"{samples.x.shape[1]} inputs to train on: hold out fewer"
            )
        order = np.random.default_rng([whole_number("seed", self.seed, 0)]).permutation(len(samples))
        return samples.take(np.sort(order[n_held:])), samples.take(np.sort(order[:n_held]))

    def _data(self, samples: Samples, held: Samples | None) -> Data:
        require_non_negative(
            "differential_weight", one_float("differential_weight", self.differential_weight)
        )
        if self.differential_weight == 0.0:
            samples = Samples(samples.x, samples.y, None)
            held = None if held is None else Samples(held.x, held.y, None)
        loss = combined_loss(samples, self.differential_weight)
        return Data(samples, loss, trivial_loss(samples, loss), held)

    def _plan(self, layout: Layout, n: int) -> Plan:
        if not isinstance(self.schedule, Schedule):
            raise AadValueError(f"schedule = {self.schedule!r}: give OneCycle() or Cosine()")
        batch = (
            max(32, n // 16) if self.batch_size is None else whole_number("batch_size", self.batch_size, 1)
        )
        return Plan(
            layout,
            require_activation(self.activation),
            self.schedule,
            whole_number("epochs", self.epochs, 1),
            batch,
            whole_number("seed", self.seed, 0),
            None if self.patience is None else whole_number("patience", self.patience, 1),
            whole_number("max_restarts", self.max_restarts, 0),
        )

    @staticmethod
    def _run(
        plan: Plan, data: Data, state: State, file: Checkpoint | None, progress: Progress | None
    ) -> None:
        """Train, followed by the checkpoint; an interrupt ends it if there is a state to keep."""

        def watch(state: State) -> None:
            if file is not None:
                file.follow(state)
            if progress is not None:
                progress(state.history.epochs[-1])

        try:
            train(plan, data, state, watch)
        except KeyboardInterrupt:
            if not np.isfinite(state.best_loss):
                raise
            state.history.interrupted = True
            warnings.warn(
                f"training was interrupted after {state.epoch} of {plan.n_epochs} epochs: the best state is kept",
                stacklevel=3,
            )
        if file is not None:
            file.write(state)

    def predict(self, x: npt.ArrayLike) -> Floats:
        """Return values (n,) or (n, m) of states (n, d), or of one state (d,).

        Warns
        -----
        OutsideRange
            When states lie outside the range of an input in the training.
        """
        return self._evaluate(x, False)[0]

    def predict_with_greeks(self, x: npt.ArrayLike) -> Prediction:
        """Return values, Greeks, and which states lie outside the range trained on, of states (n, d) or of one (d,).

        Warns
        -----
        OutsideRange
            When states lie outside the range of an input in the training.
        """
        values, greeks, outside = self._evaluate(x, True)
        assert greeks is not None
        return Prediction(values, greeks, outside)

    def hessian(self, x: npt.ArrayLike) -> Floats:
        """Return exact second derivatives of the network, (n, d, d) or (n, m, d, d), of states (n, d) or of one (d,).

        Raises
        ------
        AadValueError
            When the activation's curvature jumps.
        """
        self._require_fitted()
        if not self._model.activation.twice_smooth:
            raise AadValueError(
                f"activation = {self._model.activation.name!r}: its curvature jumps at 0, so there is no Hessian; "
                "train with softplus or silu"
            )
        array, single = states(x, self.n_features_in_)
        hessians = self._model.hessians(array)
        hessians = hessians[:, 0] if self._flat_output else hessians
        return hessians[0] if single else hessians

    def _evaluate(self, x: npt.ArrayLike, greeks: bool) -> tuple[Any, Any, Any]:
        self._require_fitted()
        array, single = states(x, self.n_features_in_)
        values, slopes, marks = self._model.evaluate(array, greeks)
        flag_outside(marks, stacklevel=4)
        outside: Any = marks.view(np.bool_)
        if self._flat_output:
            values, slopes = values[:, 0], None if slopes is None else slopes[:, 0]
        if single:
            return values[0], None if slopes is None else slopes[0], outside[0]
        return values, slopes, outside

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted network to exactly `path`, an npz archive without pickles, whole or not at all."""
        self._require_fitted()
        save_model(path, self.get_params(), self._flat_output, self._model)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TwinNetwork:
        """Return the network that `save` wrote, without the history of its training.

        Raises
        ------
        AadValueError
            When the file is truncated, damaged, or no such file.
        """
        parameters, flat_output, model = load_model(path)
        network = cls(**parameters)
        network._model, network._flat_output = model, flat_output
        network.history_ = History()
        network.n_features_in_ = model.layout.n_inputs
        return network

    def export_onnx(self, path: str | os.PathLike[str], *, greeks: bool = True) -> None:
        """Write the network as ONNX: `states` (n, d) to `values` (n, m) and, if wanted, `greeks` (n, m, d), float64.

        Raises
        ------
        NoOnnx
            When the package onnx is not installed: pip install 'aadlib[onnx]'.
        """
        self._require_fitted()
        export_model(path, self._model, greeks)
