"""Local variances of a surface that stays where it is, on nodes that move: what a forward march reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import block_diag, csr_array

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.local_basis import LocalBasis, product_lines
from pricers.surfaces.surfaces_kernels import (
    MovedSurface,
    moved_curvature_kernel,
    moved_derivatives_kernel,
    moved_variance_kernel,
)
from pricers.surfaces.volatility_hats import VolatilityHats
from pricers.types import Bools

HOME_REACH = 2e-3
"""Moves of log-moneyness within which a recording keeps the knot intervals and hats that it was made with."""


@dataclass(frozen=True, eq=False)
class MovedVariance:
    """The variances of a `CalibratedVolatility` at x + shift + drift t, step by step, in numbers of any kind.

    Called with a step it is those variances, operation by operation. A recorded march takes `numbers` and `predictor`
    instead: what is recorded does then not grow with the nodes and steps, and knot intervals and hats are found anew
    wherever a replay moves x by more than `HOME_REACH` from where it was recorded.

    Parameters
    ----------
    surface : CalibratedVolatility
    nodes : (n_nodes,) float, increasing log-moneyness x
    times : (n_steps,) float, years
    shift, drift : numbers of any kind, common displacement of x today and its growth per year
        A list of shifts is one a step.
    weights, levels, volatility_bumps, bump_shapes
        As for `CalibratedVolatility.variance_row`.
    """

    surface: CalibratedVolatility
    nodes: Floats
    times: Floats
    shift: Any
    drift: Any
    weights: Any = None
    levels: Any = None
    volatility_bumps: Any = None
    bump_shapes: VolatilityHats | None = None

    def __post_init__(self) -> None:
        if (self.volatility_bumps is None) != (self.bump_shapes is None):
            raise AadValueError("volatility_bumps and bump_shapes: give both or neither")

    def __call__(self, step: int) -> list[Any]:
        """Return the variances at all nodes in one step."""
        time = float(self.times[step])
        return self.surface.variance_row(
            log_moneyness=self.nodes,
            time=time,
            shift=(self.shift[step] if isinstance(self.shift, list) else self.shift) + self.drift * time,
            weights=self.weights,
            levels=self.levels,
            volatility_bumps=self.volatility_bumps,
            bump_shapes=self.bump_shapes,
        )

    @property
    def numbers(self) -> list[Any]:
        """All that the variances depend on: weights row by row, levels, shift and drift, bumps."""
        weights = self.surface.weights if self.weights is None else self.weights
        levels = self.surface.levels if self.levels is None else self.levels
        bumps = [] if self.volatility_bumps is None else self.volatility_bumps
        shifts = self.shift if isinstance(self.shift, list) else [self.shift]
        return [*np.asarray(weights).ravel().tolist(), *levels, *shifts, self.drift, *bumps]

    @property
    def predictor(self) -> MovedPredictor:
        """The variances at all nodes but the outermost as a function of `numbers`."""
        times = np.asarray(self.times, dtype=np.float64)
        by_step = np.eye(times.size) if isinstance(self.shift, list) else np.ones((times.size, 1))
        return moved_predictor(
            surface=self.surface,
            nodes=self.nodes[1:-1],
            times=times,
            shifts=np.concatenate([by_step, times[:, None]], axis=1),
            home=by_step @ np.atleast_1d(values_of(self.shift)) + float(values_of(self.drift)) * times,
            hats=self.bump_shapes,
        )


def moved_predictor(
    *,
    surface: CalibratedVolatility,
    nodes: Floats,
    times: Floats,
    shifts: Floats,
    home: Floats,
    hats: VolatilityHats | None,
) -> MovedPredictor:
    """Return the variances of a surface at x + shift as a function of weights, levels, shift numbers and bumps.

    Parameters
    ----------
    nodes : (n,) float, increasing x
    times : (n_rows,) float, years
    shifts : (n_rows, n_shifts) float, each row's shift as a combination of the shift numbers
    home : (n_rows,) float, the shifts where it is made
    """
    centres = np.empty(0) if hats is None else hats.deviations
    return MovedPredictor(
        _lines(surface, times, shifts, hats),
        np.ascontiguousarray(nodes),
        home,
        1.0 / surface.scale(times),
        1.0 / np.sqrt(surface.total_variance(times)),
        surface.strike_basis.breakpoints,
        surface.strike_basis.pieces,
        np.asarray(centres, dtype=np.float64),
    )


def _lines(
    surface: CalibratedVolatility, times: Floats, shifts: Floats, hats: VolatilityHats | None
) -> csr_array:
    """Return what each step depends on, by line: weights in u of the log variance, shift, hats."""
    n_rows, n_u = times.size, surface.strike_basis.size
    kinds = [surface.lines(times, 2.0), csr_array(shifts)]
    widths = [n_u, 1]
    if hats is not None:
        widths.append(hats.deviations.size)
        kinds.append(product_lines(*hats.in_time(times), widths[-1]))
    # All lines of one kind come before those of the next so far: bring together those of a row.
    begins = np.cumsum([0, *(n_rows * width for width in widths[:-1])])
    order = [
        begin + width * np.arange(n_rows)[:, None] + np.arange(width)
        for begin, width in zip(begins, widths, strict=True)
    ]
    return csr_array(csr_array(block_diag(kinds))[np.concatenate(order, axis=1).ravel()])


@dataclass(frozen=True, eq=False)
class MovedPredictor:
    """Variances row by row: see `kernels/moved_variance.h`, whose names the fields have.

    Mirrored, its nodes are those in reverse order.
    """

    lines: csr_array
    nodes: Floats
    home: Floats
    inverse_scale: Floats
    inverse_width: Floats
    breakpoints: Floats
    pieces: Floats
    centres: Floats
    is_mirrored: bool = False

    def mirrored(self) -> MovedPredictor:
        """Return it with its nodes in reverse order."""
        return replace(self, is_mirrored=not self.is_mirrored)

    @cached_property
    def n_columns(self) -> int:
        """Lines of one row: weights of the spline, the shift, and heights of the hats."""
        return self.pieces.shape[0] + self.pieces.shape[1] + self.centres.size

    @property
    def n_weights(self) -> int:
        """Number of weights."""
        return int(self.lines.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, nodes)."""
        return self.inverse_scale.size, self.nodes.size

    def values(self, weights: Floats) -> Floats:
        """Return the variances, (n_rows, n_nodes).

        Raises
        ------
        AadValueError
            When a bump leaves no volatility above zero.
        """
        variances = np.empty(self.shape)
        if not moved_variance_kernel(self._surface, self._lines_at(weights), variances):
            raise AadValueError("bumped local volatility is not above zero everywhere: bump by less")
        return np.ascontiguousarray(variances[:, ::-1]) if self.is_mirrored else variances

    def linearised(self, weights: Floats) -> LocalBasis:
        """Return the basis of the derivatives of the variances in the weights."""
        inside = np.empty((*self.shape, self.pieces.shape[1] + 1 + min(3, self.centres.size)))
        columns = np.empty(inside.shape, dtype=np.int64)
        moved_derivatives_kernel(self._surface, self._lines_at(weights), columns, inside)
        basis = LocalBasis(self.lines, columns, inside, self.n_columns)
        return basis.mirrored() if self.is_mirrored else basis

    @property
    def lines_read(self) -> Bools:
        """Whether any node reads a line: which do depends on the shifts."""
        return np.ones(self.lines.shape[0], dtype=np.bool_)

    def curvature(self, weights: Floats, factors: Floats) -> Floats:
        """Return the second derivatives of sum(factors * variances), (n_weights, n_weights)."""
        if self.is_mirrored:
            factors = np.ascontiguousarray(factors[:, ::-1])
        result = np.zeros((self.n_weights, self.n_weights))
        start, weight = (np.asarray(x, dtype=np.int64) for x in (self.lines.indptr, self.lines.indices))
        moved_curvature_kernel(
            self._surface, self._lines_at(weights), start, weight, self.lines.data, factors, result
        )
        result += result.T
        return result

    def _lines_at(self, weights: Floats) -> Floats:
        return np.asarray((self.lines @ weights).reshape(self.shape[0], -1))

    @cached_property
    def _surface(self) -> MovedSurface:
        return MovedSurface(
            self.nodes, self.home, HOME_REACH, self.inverse_scale, self.inverse_width,
            self.breakpoints, self.pieces, self.centres,
        )  # fmt: skip
