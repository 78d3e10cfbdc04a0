"""Fit a raw SVI slice to every expiry of a set of quotes: the usual benchmark of a volatility surface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    one_float,
    require_finite,
    require_positive,
    require_shape,
    whole_number,
)
from pricers.calibration.quality import FitQuality, fit_quality, fit_weights
from pricers.calibration.side_by_side import minimise_side_by_side
from pricers.surfaces.svi import SVISlice
from pricers.types import Longs

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes


N_STARTS = 2
"""Starting points polished per slice; twenty change no error of two index chains of 72 slices by 0.01%."""

_MAX_EVALUATIONS = 200
_RIDGE = 1e-6  # in volatility per unit of a free parameter: holds those that the quotes leave open
_LOWEST = np.array([-30.0, -15.0, -10.0, -1000.0, -14.0])  # in the units of `_Problem`
_HIGHEST = np.array([5.0, 12.0, 10.0, 1000.0, 7.0])


@dataclass(frozen=True, eq=False)
class SVIFit:
    """SVI slices fitted to quotes.

    Attributes
    ----------
    slices : tuple of SVISlice
        One per slice of the quotes.
    model_volatility, residual : (n,) float
        Fitted volatility of each quote, and fitted less mid.
    quality : FitQuality
        Errors in the weights of the fit.
    n_evaluations : int
        Evaluations of a slice's residuals, all starts together.
    """

    slices: tuple[SVISlice, ...]
    model_volatility: Floats
    residual: Floats
    quality: FitQuality
    n_evaluations: int


class _Problem(NamedTuple):
    """The quotes of one slice in its own units, so that a fit for seconds is one for years.

    k is log-moneyness in deviations, expiry what makes the total variance one where the volatility is the median;
    root_weight is of the squared errors.
    """

    k: Floats
    volatility: Floats
    expiry: float
    root_weight: Floats
    deviation: float


def _problem(k: Floats, volatility: Floats, expiry: float, weight: Floats) -> _Problem:
    level = float(np.median(volatility))
    deviation = level * float(np.sqrt(expiry))
    return _Problem(k / deviation, volatility, 1.0 / level**2, np.sqrt(weight / weight.mean()), deviation)


class _FreeParameters:
    """Residuals of slices side by side, in parameters (m, 5) without constraints.

    They are log v, log b, artanh rho, m, log sigma, with v = a + b sigma sqrt(1 - rho^2) the least total variance,
    so that every constraint of a slice holds at every step. Shorter slices are filled up with weights of zero.
    """

    def __init__(self, problems: Sequence[_Problem], centre: Floats) -> None:
        width = max(problem.k.size for problem in problems)

        def filled(rows: Iterable[Floats], end: float) -> Floats:
            return np.array([np.concatenate([row, np.full(width - row.size, end)]) for row in rows])

        self.k = filled((p.k for p in problems), 0.0)
        self.volatility = filled((p.volatility for p in problems), 1.0)
        self.root_weight = filled((p.root_weight for p in problems), 0.0)
        self.expiry = np.array([[p.expiry] for p in problems])
        self.centre = centre

    def total_variance(self, free: Floats, which: Longs) -> Floats:
        v, b, rho, m, sigma = _parameters(free)
        offset = self.k[which] - m
        root = np.sqrt(offset * offset + sigma * sigma)
        return np.asarray(v + b * (rho * offset + root - sigma * np.sqrt(1.0 - rho * rho)))

    def residuals(self, free: Floats, which: Longs) -> Floats:
        error = np.sqrt(self.total_variance(free, which) / self.expiry[which]) - self.volatility[which]
        return np.concatenate([self.root_weight[which] * error, _RIDGE * (free - self.centre[which])], axis=1)

    def jacobian(self, free: Floats, which: Longs) -> Floats:
        v, b, rho, m, sigma = _parameters(free)
        offset = self.k[which] - m
        root, tilt = np.sqrt(offset * offset + sigma * sigma), np.sqrt(1.0 - rho * rho)
        variance = v + b * (rho * offset + root - sigma * tilt)
        matrix = np.empty((len(free), offset.shape[1] + 5, 5))
        rows = matrix[:, :-5]
        rows[..., 0] = v
        rows[..., 1] = variance - v
        rows[..., 2] = b * (offset + sigma * rho / tilt) * (tilt * tilt)
        rows[..., 3] = -b * (rho + offset / root)
        rows[..., 4] = b * (sigma / root - tilt) * sigma
        rows *= (0.5 * self.root_weight[which] / np.sqrt(variance * self.expiry[which]))[..., None]
        rows *= ((free >= _LOWEST) & (free <= _HIGHEST))[:, None, :]
        matrix[:, -5:] = _RIDGE * np.eye(5)
        return matrix


def _parameters(free: Floats) -> tuple[Floats, ...]:
    """Return v, b, rho, m, sigma, (m, 1) each."""
    bounded = np.clip(free, _LOWEST, _HIGHEST)
    v, b, sigma = np.exp(bounded[:, [0, 1, 4]]).T[..., None]
    return v, b, np.tanh(bounded[:, 2:3]), bounded[:, 3:4], sigma


def _slice_at(free: Floats, deviation: float) -> SVISlice:
    v, b, rho, m, sigma = (float(x[0, 0]) for x in _parameters(free[None]))
    level = v - b * sigma * np.sqrt(1.0 - rho * rho)
    return SVISlice(
        a=level * deviation**2, b=b * deviation, rho=rho, m=m * deviation, sigma=sigma * deviation
    )


def _starts(problem: _Problem, n_starts: int) -> list[Floats]:
    """Return the best distinct points of a grid over (m, sigma).

    There the total variance is linear in the other three, so that each point costs a weighted linear regression.
    """
    k, variance = problem.k, problem.volatility**2 * problem.expiry
    span = max(float(np.ptp(k)), 1e-3)
    centres, widths = np.meshgrid(
        np.linspace(k.min() - 0.1 * span, k.max() + 0.1 * span, 13), span * np.geomspace(0.01, 1.5, 9)
    )
    m, sigma = centres.ravel(), widths.ravel()
    offset = k - m[:, None]
    root = np.sqrt(offset * offset + (sigma * sigma)[:, None])
    design = np.stack([np.ones_like(offset), offset, root], axis=-1)  # (grid, n, 3)
    # To first order an error in variance is one in volatility times 2 sqrt(w T).
    scale = problem.root_weight / (2.0 * np.sqrt(variance * problem.expiry))
    weighted = (design * (scale * scale)[:, None]).transpose(0, 2, 1)
    normal = weighted @ design
    normal += 1e-10 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    level, tilted, slope = np.linalg.solve(normal, weighted @ variance[:, None])[..., 0].T
    b = np.maximum(slope, 1e-4 * variance.max() / span)
    rho = np.clip(tilted / b, -0.98, 0.98)
    v = np.maximum(level + b * sigma * np.sqrt(1.0 - rho * rho), 1e-2 * variance.min())
    free = np.clip(
        np.stack([np.log(v), np.log(b), np.arctanh(rho), m, np.log(sigma)], axis=1), _LOWEST, _HIGHEST
    )
    same = np.zeros(len(free), dtype=np.int64)
    cost = np.sum(_FreeParameters([problem], free[:1]).residuals(free, same)[:, :-5] ** 2, axis=1)
    chosen: list[Floats] = []
    for point in free[np.argsort(cost, kind="stable")]:
        if all(abs(point[3] - p[3]) > 0.15 * span or abs(point[4] - p[4]) > 1.0 for p in chosen):
            chosen.append(point)
        if len(chosen) == n_starts:
            break
    return chosen


def _fit(problems: Sequence[_Problem], n_starts: int) -> tuple[list[SVISlice], int]:
    """Return the best slice of each problem, from all their starts side by side, and the number of evaluations."""
    starts = [_starts(problem, n_starts) for problem in problems]
    start = np.array([point for points in starts for point in points])
    owner = np.repeat(range(len(problems)), [len(points) for points in starts])
    slices = _FreeParameters([problems[i] for i in owner.tolist()], start)
    fit = minimise_side_by_side(slices.residuals, slices.jacobian, start, max_evaluations=_MAX_EVALUATIONS)
    best = [np.flatnonzero(owner == i) for i in range(len(problems))]
    chosen = [own[np.argmin(fit.cost[own])] for own in best]
    slices_at = [
        _slice_at(fit.parameters[i], problem.deviation) for i, problem in zip(chosen, problems, strict=True)
    ]
    return slices_at, fit.n_evaluations


def fit_svi_slice(
    *,
    log_moneyness: ArrayLike,
    volatility: ArrayLike,
    expiry: float,
    weights: ArrayLike | None = None,
    n_starts: int = N_STARTS,
) -> SVISlice:
    """Fit the five raw SVI parameters to the volatilities of one expiry.

    Minimises sum weight (sqrt(w(k)/T) - volatility)^2 by Levenberg-Marquardt with the analytic Jacobian, from
    several starts, in coordinates in which b > 0, \\|rho\\| < 1, sigma > 0 and w >= 0 hold by construction.

    Parameters
    ----------
    log_moneyness : (n,) array, n >= 5
    volatility : (n,) array, per square root of a year, > 0
    expiry : float, years, > 0
    weights : (n,) array, > 0, optional
        Of the squared errors; equal by default.
    n_starts : int, >= 1

    Returns
    -------
    SVISlice

    Raises
    ------
    AadValueError
        For fewer than five points, lengths that differ, or values that are not positive.
    """
    k = as_floats("log_moneyness", log_moneyness)
    require_finite("log_moneyness", k)
    if k.ndim != 1 or k.size < 5:
        raise AadValueError(f"log_moneyness has shape {k.shape}: must hold at least five points")
    target = as_floats("volatility", volatility)
    require_shape("volatility", target, k.shape)
    require_positive("volatility", target)
    require_positive("expiry", one_float("expiry", expiry))
    weight = np.ones_like(k) if weights is None else as_floats("weights", weights)
    require_shape("weights", weight, k.shape)
    require_positive("weights", weight)
    whole_number("n_starts", n_starts, 1)
    return _fit([_problem(k, target, expiry, weight)], n_starts)[0][0]


def fit_svi_slices(quotes: Quotes, *, weights: str | ArrayLike = "equal", n_starts: int = N_STARTS) -> SVIFit:
    """Fit an SVI slice to every expiry of the quotes, each on its own.

    Parameters
    ----------
    quotes : Quotes
        At least five in every slice.
    weights : "equal", "inverse_spread" or (n,) array
        Of the squared volatility errors, see `pricers.calibration.quality.fit_weights`.
    n_starts : int, >= 1

    Returns
    -------
    SVIFit

    Raises
    ------
    AadValueError
        For a slice with fewer than five quotes, or weights that cannot be used.
    """
    whole_number("n_starts", n_starts, 1)
    weight = fit_weights(quotes=quotes, weights=weights)
    counts = np.bincount(quotes.slice_index, minlength=len(quotes.slices))
    if counts.min() < 5:
        short = int(np.argmin(counts))
        raise AadValueError(
            f"slice {quotes.slices[short].label} has {counts[short]} quotes: five parameters need at least five"
        )
    members = [quotes.slice_index == index for index in range(len(quotes.slices))]
    problems = [
        _problem(quotes.log_moneyness[own], quotes.volatility[own], item.expiry, weight[own])
        for own, item in zip(members, quotes.slices, strict=True)
    ]
    smiles, n_evaluations = _fit(problems, n_starts)
    model = np.empty(len(quotes))
    for own, item, smile in zip(members, quotes.slices, smiles, strict=True):
        model[own] = smile.volatility(quotes.log_moneyness[own], expiry=item.expiry)
    return SVIFit(
        slices=tuple(smiles),
        model_volatility=model,
        residual=model - quotes.volatility,
        quality=fit_quality(quotes=quotes, model_volatility=model, weights=weights),
        n_evaluations=n_evaluations,
    )
