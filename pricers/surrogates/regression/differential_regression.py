"""Differential regression: least squares on values and derivatives at once, in a basis of functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import one_float, require_non_negative
from pricers.surrogates.estimator import Prediction, Regressor, flag_outside, states, training_samples
from pricers.surrogates.network.loss import combined_loss
from pricers.surrogates.network.scaling import Scaling
from pricers.surrogates.regression.bases import Basis, Evaluator, Polynomials

NUMBERS = 1 << 22
"""Most numbers in the derivatives of a piece of states."""


class DifferentialRegression(Regressor):
    """Linear regression in a basis on values and, where they are given, on their derivatives.

    Minimises  sum_i alpha (phi(x_i) w - y_i)^2 + sum_ij beta_j (d phi(x_i)/dx_j w - dydx_ij)^2 + n ridge |w|^2  in
    normalised units, with the weights of `TwinNetwork`. Unlike the ridge, the derivatives regularise without a bias.

    Parameters
    ----------
    basis : Basis
        `Polynomials(degree)`, `Splines(n_knots)` or your own.
    ridge : float, >= 0
        Tikhonov's weight.
    differential_weight : float, >= 0
        The weight of each derivative beside the value; 0 regresses on values alone.
    cutoff : float
        Singular values below this share of the largest are taken for zero, so that functions which repeat each other
        over the samples do no harm.

    Attributes
    ----------
    coefficients_ : (p, m)
        Of the basis functions, in normalised units.
    singular_values_ : (p,)
        Of the weighted least-squares matrix of the last output.
    n_features_in_ : int
        The number of inputs.

    Notes
    -----
    The matrix of n (1 + d) rows is never held: its pieces are folded into a triangle by Householder reflections, as
    stable as on the whole, and the triangle is solved by its singular values.

    References
    ----------
    Huge and Savine 2020, Differential Machine Learning, arXiv 2005.02347, and its appendix on regression.

    Examples
    --------
    >>> import numpy as np
    >>> from pricers.surrogates import DifferentialRegression, Polynomials
    >>> x = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> cubic = DifferentialRegression(Polynomials(3)).fit(x, x[:, 0] ** 3, 3.0 * x**2)
    >>> round(float(cubic.predict([0.5])), 6)
    0.125
    """

    coefficients_: Floats
    singular_values_: Floats
    _scaling: Scaling
    _functions: Evaluator
    _flat_output: bool

    def __init__(
        self,
        basis: Basis = Polynomials(),  # noqa: B008 - frozen
        *,
        ridge: float = 0.0,
        differential_weight: float = 1.0,
        cutoff: float = 1e-10,
    ) -> None:
        self.basis = basis
        self.ridge = ridge
        self.differential_weight = differential_weight
        self.cutoff = cutoff

    def fit(
        self, x: npt.ArrayLike, y: npt.ArrayLike, dydx: npt.ArrayLike | None = None
    ) -> DifferentialRegression:
        """Regress on samples x (n, d), y (n,) or (n, m) and dydx (n, d) or (n, m, d), and return the regression.

        Raises
        ------
        AadValueError
            When samples or parameters cannot be used; rows with NaN or infinite numbers and constant columns are named.
        """
        if not isinstance(self.basis, Basis) or isinstance(self.basis, type):
            raise AadValueError(
                f"basis = {self.basis!r}: give Polynomials(degree), Splines(n_knots) or a Basis"
            )
        for name in ("ridge", "differential_weight", "cutoff"):
            require_non_negative(name, one_float(name, getattr(self, name)))
        inputs, outputs, slopes = training_samples(x, y, dydx)
        scaling = Scaling.of(inputs, outputs)
        slopes = slopes if self.differential_weight > 0.0 else None
        samples = scaling.samples(inputs, outputs, slopes, np.float64)
        functions = self.basis.settle(samples.x)
        loss = combined_loss(samples, self.differential_weight)
        n, p, m = len(samples), functions.n_functions, samples.y.shape[1]
        if samples.dydx is None and self.ridge == 0.0 and n < p:
            raise AadValueError(
                f"{n} samples for {p} functions: give more samples, derivatives, a ridge or a smaller basis"
            )
        triangles: list[Floats] = [np.zeros((0, p + 1)) for _ in range(m)]
        rows = max(p + 1, NUMBERS // (p * inputs.shape[1]))
        for begin in range(0, n, rows):
            part = samples.take(np.arange(begin, min(begin + rows, n)))
            values, derivatives = functions.evaluate(part.x)
            for k in range(m):
                piece = [np.sqrt(loss.value_weight) * np.column_stack([values, part.y[:, k]])]
                if part.dydx is not None:
                    for j, weight in enumerate(np.sqrt(loss.slope_weights[k])):
                        piece.append(weight * np.column_stack([derivatives[:, :, j], part.dydx[:, k, j]]))
                triangles[k] = np.asarray(np.linalg.qr(np.vstack([triangles[k], *piece]), mode="r"))
        solved = [self._solve(triangle[:, :p], triangle[:, p], n) for triangle in triangles]
        self.coefficients_ = np.column_stack(solved)
        self._scaling, self._functions, self._flat_output = scaling, functions, np.asarray(y).ndim == 1
        self.n_features_in_ = inputs.shape[1]
        return self

    def _solve(self, matrix: Floats, right: Floats, n: int) -> Floats:
        """Return the solution of least norm of the triangle's least squares, with the ridge."""
        left, sizes, rows = np.linalg.svd(matrix, full_matrices=False)
        self.singular_values_ = sizes
        filters = np.where(sizes > self.cutoff * sizes[0], sizes / (sizes**2 + n * self.ridge), 0.0)
        return rows.T @ (filters * (left.T @ right))

    def predict(self, x: npt.ArrayLike) -> Floats:
        """Return values (n,) or (n, m) of states (n, d), or of one state (d,); warn of those outside the range."""
        return self._evaluate(x).values

    def predict_with_greeks(self, x: npt.ArrayLike) -> Prediction:
        """Return values, derivatives and which states lie outside the range, of states (n, d) or of one (d,)."""
        return self._evaluate(x)

    def _evaluate(self, x: npt.ArrayLike) -> Prediction:
        self._require_fitted()
        array, single = states(x, self.n_features_in_)
        s = self._scaling
        outside: Any = ~((array >= s.lowest) & (array <= s.highest)).all(axis=1)
        flag_outside(outside, stacklevel=4)
        n, d, m = len(array), array.shape[1], self.coefficients_.shape[1]
        values, greeks = np.empty((n, m)), np.empty((n, m, d))
        rows = max(1, NUMBERS // (self._functions.n_functions * d))
        for begin in range(0, n, rows):
            part = slice(begin, begin + rows)
            functions, slopes = self._functions.evaluate((array[part] - s.x_mean) / s.x_deviation)
            values[part] = functions @ self.coefficients_
            greeks[part] = np.einsum("npd,pm->nmd", slopes, self.coefficients_, optimize=True)
        values = values * s.y_deviation + s.y_mean
        greeks *= s.y_deviation[:, None] / s.x_deviation
        results: list[Any] = [values, greeks] if not self._flat_output else [values[:, 0], greeks[:, 0]]
        results.append(outside)
        return Prediction(*(result[0] for result in results)) if single else Prediction(*results)
