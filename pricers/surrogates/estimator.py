"""What every surrogate shares: scikit-learn's estimator conventions, without importing it, and checks of samples."""

from __future__ import annotations

import inspect
import warnings
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_non_negative


class NotFitted(AadValueError, AttributeError):
    """A surrogate was asked before it was fitted; its parents are those of scikit-learn's NotFittedError."""


class Estimator:
    """Parameters by name, as the constructor takes them; what `fit` finds ends in an underscore.

    `sklearn.base.clone`, `Pipeline`, `GridSearchCV` and their kin work on it.
    """

    n_features_in_: int
    _estimator_type: str

    @classmethod
    def _parameters(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **parameters: Any) -> Any:
        """Set arguments of the constructor by name, and return the surrogate."""
        known = self._parameters()
        for name, given in parameters.items():
            if name not in known:
                raise AadValueError(f"{name} is no parameter of {type(self).__name__}: {', '.join(known)}")
            setattr(self, name, given)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {
            name: given
            for name, given in self.get_params().items()
            if repr(given) != repr(defaults[name].default)
        }
        return f"{type(self).__name__}({', '.join(f'{name}={given!r}' for name, given in changed.items())})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:  # only scikit-learn calls this
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=False, multi_output=True),
            input_tags=InputTags(),
        )

    def _require_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFitted(f"this {type(self).__name__} is not fitted: call fit first, or load a model")


class Regressor(Estimator, ABC):
    """A surrogate that predicts, and how well."""

    _estimator_type = "regressor"

    @abstractmethod
    def predict(self, x: npt.ArrayLike) -> Floats:
        """Return values (n,) or (n, m) of states (n, d)."""

    def score(self, x: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return R^2, the share of the variance of y that is predicted, averaged over the outputs.

        Parameters
        ----------
        x, y
            As for `fit`.
        sample_weight : (n,), optional
            How much each sample counts, >= 0.

        Raises
        ------
        AadValueError
            When y has not the shape of the predictions, or an output is constant.
        """
        _, given, _ = checked_samples(x, y)
        _require_varying("y", given, "there is no variance to predict a share of")
        predicted = self.predict(x).reshape(len(given), -1)
        if predicted.shape != given.shape:
            raise AadValueError(f"y has {given.shape[1]} outputs: {predicted.shape[1]} are predicted")
        weights = np.ones(len(given)) if sample_weight is None else _numbers("sample_weight", sample_weight)
        if weights.shape != (len(given),):
            raise AadValueError(f"sample_weight has shape {weights.shape}: must be ({len(given)},)")
        require_non_negative("sample_weight", weights)
        mean = np.average(given, axis=0, weights=weights)
        return float(np.mean(1.0 - weights @ (given - predicted) ** 2 / (weights @ (given - mean) ** 2)))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.regressor_tags, tags.target_tags.required = RegressorTags(), True
        return tags


class OutsideRange(UserWarning):
    """States lie outside the box of the inputs that the surrogate was trained on."""


class Prediction(NamedTuple):
    """Values, Greeks, and which states lie outside the box of the inputs trained on.

    Attributes
    ----------
    values : (n,) or (n, m)
    greeks : (n, d) or (n, m, d), derivatives of every value in every input, in the units of the labels
    outside : (n,) of bool
    """

    values: Floats
    greeks: Floats
    outside: npt.NDArray[np.bool_]


def flag_outside(marks: npt.NDArray[Any], stacklevel: int) -> None:
    """Warn of states that are marked (n,) as outside the range trained on."""
    if marks.any():
        warnings.warn(
            f"{np.count_nonzero(marks)} of {len(marks)} states lie outside the range that the surrogate was trained "
            "on, where its numbers mean little; predict_with_greeks says which",
            OutsideRange,
            stacklevel,
        )


def states(x: npt.ArrayLike, n_inputs: int) -> tuple[Floats, bool]:
    """Return states as (n, d) float64, and whether one state (d,) was given; NaN and infinities go through.

    Raises
    ------
    AadValueError
        When the last axis is not as long as the surrogate has inputs.
    """
    array = _numbers("x", x)
    if array.ndim not in (1, 2) or array.shape[-1] != n_inputs:
        raise AadValueError(
            f"x has shape {array.shape}: must be (n, {n_inputs}) states, or one state ({n_inputs},)"
        )
    single = array.ndim == 1
    return np.ascontiguousarray(array.reshape(-1, n_inputs), dtype=np.float64), single


CheckedSamples = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None]


def checked_samples(x: npt.ArrayLike, y: npt.ArrayLike, dydx: npt.ArrayLike | None = None) -> CheckedSamples:
    """Return x (n, d), y (n, m) and dydx (n, m, d) or None.

    Raises
    ------
    AadValueError
        When shapes do not match, or numbers are NaN or infinite (their rows are named).
    """
    inputs, outputs = _numbers("x", x), _numbers("y", y)
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise AadValueError(f"x has shape {inputs.shape}: must be (n, d), a sample a row")
    n, d = inputs.shape
    if outputs.ndim not in (1, 2) or len(outputs) != n or outputs.size == 0:
        raise AadValueError(f"y has shape {outputs.shape}: must be ({n},) or ({n}, m), as x has {n} samples")
    slopes = None
    if dydx is not None:
        slopes = _numbers("dydx", dydx)
        if slopes.shape != (*outputs.shape, d):
            raise AadValueError(
                f"dydx has shape {slopes.shape}: must be {(*outputs.shape, d)}, the derivative of every y in every x"
            )
        slopes = slopes.reshape(n, -1, d)
    outputs = outputs.reshape(n, -1)
    for name, numbers in (("x", inputs), ("y", outputs), ("dydx", slopes)):
        if numbers is not None:
            _require_finite_rows(name, numbers)
    return inputs, outputs, slopes


def training_samples(x: npt.ArrayLike, y: npt.ArrayLike, dydx: npt.ArrayLike | None = None) -> CheckedSamples:
    """Return checked samples that something can be learned from.

    Raises
    ------
    AadValueError
        As `checked_samples`; when an input or an output is constant (its columns are named), or there are fewer samples
        than inputs.
    """
    inputs, outputs, slopes = checked_samples(x, y, dydx)
    n, d = inputs.shape
    if n < d + 1:
        raise AadValueError(f"x has {n} samples of {d} inputs: give more samples than inputs")
    _require_varying("x", inputs, "remove the column: nothing can be learned about it")
    _require_varying("y", outputs, "there is nothing to learn")
    return inputs, outputs, slopes


def _numbers(name: str, given: npt.ArrayLike) -> npt.NDArray[Any]:
    if isinstance(given, np.ma.MaskedArray):
        raise AadTypeError(f"{name} is a masked array: every entry is needed, give a plain array")
    try:
        array = np.asarray(given)
        array = array.astype(np.float64) if array.dtype.kind in "biuO" else array
    except (TypeError, ValueError) as error:
        raise AadTypeError(f"{name} is not an array of floats: {error}") from None
    if array.dtype.kind != "f":
        raise AadTypeError(f"{name} has dtype {array.dtype}: must be an array of floats")
    return array


def _require_finite_rows(name: str, numbers: npt.NDArray[Any]) -> None:
    with np.errstate(all="ignore"):
        total = (
            numbers.sum()
        )  # one pass without a temporary; only a NaN or infinity spoils it, or an overflow
    if np.isfinite(total):
        return
    bad = np.flatnonzero(~np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1))
    if bad.size:
        shown = ", ".join(map(str, bad[:10])) + (", ..." if bad.size > 10 else "")
        raise AadValueError(
            f"{name} is NaN or infinite in {bad.size} of {len(numbers)} rows ({shown}): remove them, or mend what "
            "made them"
        )


def _require_varying(name: str, numbers: npt.NDArray[Any], advice: str) -> None:
    constant = np.flatnonzero(numbers.max(axis=0) == numbers.min(axis=0))
    if constant.size:
        column = int(constant[0])
        raise AadValueError(
            f"{name}[:, {column}] is {float(numbers[0, column])!r} in every sample (constant columns: "
            f"{constant.tolist()}): {advice}"
        )
