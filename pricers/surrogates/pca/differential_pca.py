"""Differential principal components: the few combinations of inputs on which values depend."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, one_float, whole_number
from pricers.surrogates.estimator import Estimator, checked_samples, states

LEAST_VARIANCE = 1e-12
"""Directions with a smaller share of the largest variance have none; every input counts in its own deviation."""


class DifferentialPCA(Estimator):
    """Principal components by relevance: along the factors kept values move, along those dropped they do not.

    The inputs are whitened, x = mean + L u; the mean of the outer products of the derivatives in u has eigenvectors,
    the factors, and eigenvalues, their relevance: the mean square of the derivative along a factor of variance one.

    Parameters
    ----------
    n_factors : int or None
        How many factors to keep; None for the fewest that leave no more than `tolerance` of the relevance.
    tolerance : float in [0, 1)
        The share of relevance that may be dropped.

    Attributes
    ----------
    relevance_ : (d,)
        Of all factors, descending.
    n_factors_ : int
        Factors kept.
    axes_ : (n_factors_, d)
        Derivatives of the factors in the inputs: a factor is axes_ @ (x - mean).
    mean_ : (d,)
    n_features_in_ : int

    Notes
    -----
    For normal inputs the variance of the value that is lost with dropped factors is at most the sum of their relevance
    (Poincare's inequality), so that truncation is safe, where by the variance of the inputs it is not: a hedged book
    depends on what hardly moves.

    References
    ----------
    Huge and Savine 2020, Differential Machine Learning, arXiv 2005.02347, and its appendix on principal components.

    Examples
    --------
    >>> import numpy as np
    >>> from pricers.surrogates import DifferentialPCA
    >>> x = np.random.default_rng(0).standard_normal((100, 3))
    >>> spread = DifferentialPCA().fit(x, dydx=np.outer(x[:, 0] - x[:, 1], [1.0, -1.0, 0.0]))
    >>> spread.n_factors_
    1
    """

    _estimator_type = "transformer"

    relevance_: Floats
    n_factors_: int
    axes_: Floats
    mean_: Floats
    _loadings: Floats

    def __init__(self, n_factors: int | None = None, *, tolerance: float = 1e-6) -> None:
        self.n_factors = n_factors
        self.tolerance = tolerance

    def fit(
        self, x: npt.ArrayLike, y: npt.ArrayLike | None = None, *, dydx: npt.ArrayLike
    ) -> DifferentialPCA:
        """Find the factors of states x (n, d) with derivatives dydx (n, d) or (n, m, d), and return the components.

        Raises
        ------
        AadValueError
            When samples or parameters cannot be used; rows with NaN or infinite numbers are named.
        """
        if dydx is None:
            raise AadTypeError("dydx is None: components are those of derivatives, give them")
        labels = np.zeros(np.shape(dydx)[:-1]) if y is None else y
        inputs, _, slopes = checked_samples(x, labels, dydx)
        assert slopes is not None
        n, d = inputs.shape
        if n < d + 1:
            raise AadValueError(f"x has {n} samples of {d} inputs: give more samples than inputs")
        if not 0.0 <= one_float("tolerance", self.tolerance) < 1.0:
            raise AadValueError(f"tolerance = {self.tolerance!r}: must be in [0, 1)")
        mean, whitening, colouring = _whitening(inputs)
        along = slopes.reshape(-1, d) @ colouring
        found, factors = np.linalg.eigh(along.T @ along / n)
        relevance = np.zeros(d)
        relevance[: len(found)] = np.maximum(found[::-1], 0.0)
        if relevance[0] == 0.0:
            raise AadValueError("dydx is zero in every sample: there is no direction along which values move")
        n_factors = self._kept(relevance, len(found))
        kept = _turned_up(factors[:, ::-1][:, :n_factors].T)
        self.mean_, self.relevance_, self.n_factors_, self.n_features_in_ = mean, relevance, n_factors, d
        self.axes_, self._loadings = kept @ whitening, colouring @ kept.T
        return self

    def _kept(self, relevance: Floats, most: int) -> int:
        if self.n_factors is not None:
            wanted = whole_number("n_factors", self.n_factors, 1)
            if wanted > most:
                raise AadValueError(f"n_factors = {wanted}: the states move along {most} directions only")
            return wanted
        dropped = np.append(np.cumsum(relevance[::-1])[::-1][1:], 0.0)  # summed from the least: the last is 0
        return int(np.argmax(dropped <= max(self.tolerance, 1e-15) * relevance.sum())) + 1

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags()
        return tags

    def transform(self, x: npt.ArrayLike) -> Floats:
        """Return the factors (n, k) of states (n, d), or (k,) of one state (d,)."""
        self._require_fitted()
        array, single = states(x, self.n_features_in_)
        factors = (array - self.mean_) @ self.axes_.T
        return factors[0] if single else factors

    def fit_transform(
        self, x: npt.ArrayLike, y: npt.ArrayLike | None = None, *, dydx: npt.ArrayLike
    ) -> Floats:
        """Find the factors as `fit` does, and return those (n, k) of the same states."""
        return self.fit(x, y, dydx=dydx).transform(x)

    def inverse_transform(self, factors: npt.ArrayLike) -> Floats:
        """Return the states (n, d) nearest the mean, in whitened distance, that have the factors (n, k)."""
        self._require_fitted()
        return self.mean_ + _rows("factors", factors, self.n_factors_) @ self._loadings.T

    def greeks_in_factors(self, dydx: npt.ArrayLike) -> Floats:
        """Return derivatives in the factors (..., k) from derivatives in the inputs (..., d)."""
        self._require_fitted()
        return _rows("dydx", dydx, self.n_features_in_) @ self._loadings

    def greeks_in_inputs(self, greeks: npt.ArrayLike) -> Floats:
        """Return derivatives in the inputs (..., d) from derivatives in the factors (..., k)."""
        self._require_fitted()
        return _rows("greeks", greeks, self.n_factors_) @ self.axes_

    def simplest_axes(self) -> Floats:
        """Return orthonormal axes (k, d) that span the factors, turned so that each loads on few inputs (varimax).

        Relevance fixes the space of the factors, not the axes in it: where values depend on several baskets of
        different assets, these are their weights, of length one.

        References
        ----------
        Kaiser 1958, The varimax criterion for analytic rotation in factor analysis.
        """
        self._require_fitted()
        axes, _ = np.linalg.qr(self.axes_.T)
        turn = np.eye(self.n_factors_)
        for _ in range(1000):
            turned = axes @ turn
            slope = axes.T @ (turned**3 - turned * np.mean(turned**2, axis=0))
            left, _, right = np.linalg.svd(slope)
            change = np.abs(left @ right - turn).max()
            turn = left @ right
            if change < 1e-14:
                break
        return _turned_up((axes @ turn).T)


def _whitening(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean of states x (n, d), the matrix (k, d) to whitened states u and that (d, k) back, x = mean + L u.

    Inputs are divided by their deviations first, so that their units do not decide which directions vary.
    """
    with np.errstate(all="ignore"):
        mean, deviation = x.mean(axis=0, dtype=np.float64), x.std(axis=0, ddof=1, dtype=np.float64)
    if not np.isfinite(deviation).all() or not deviation.any():
        raise AadValueError(
            f"x has standard deviations {deviation.tolist()}: give inputs that vary, in units where none is huge"
        )
    still = np.ptp(x, axis=0) <= 4.0 * np.finfo(np.float64).eps * np.abs(mean)  # constant but for round-off
    unit = np.where(still, 1.0, deviation)
    normal = np.where(still, 0.0, (x - mean) / unit)
    variances, directions = np.linalg.eigh(normal.T @ normal / (len(x) - 1))
    moving = variances > LEAST_VARIANCE * variances[-1]
    deviations, directions = np.sqrt(variances[moving]), directions[:, moving]
    return mean, (directions / deviations).T / unit, unit[:, None] * directions * deviations


def _turned_up(axes: Floats) -> Floats:
    """Return axes (k, d) with signs such that the largest entry of each is positive."""
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.where(largest < 0.0, -1.0, 1.0)


def _rows(name: str, given: npt.ArrayLike, length: int) -> Floats:
    """Return an array of floats whose last axis has a length."""
    array = as_floats(name, given)
    if array.ndim == 0 or array.shape[-1] != length:
        raise AadValueError(f"{name} has shape {array.shape}: must be (..., {length})")
    return array
