"""A book of options under a local-volatility surface by one forward march, differentiable in the whole surface.

Six expiries of seven strikes, a surface of 192 spline weights and six levels, spot and rate: 200 inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib as ad
from pricers.pde.forward import book_grid, price_book
from pricers.surfaces import calibrated_volatility as local_volatility
from pricers.surfaces.bspline import uniform_basis

from .sizes import SMALLEST, median_seconds

SPOT, RATE = 100.0, 0.03
EXPIRIES = np.array([0.08, 0.17, 0.25, 0.5, 0.75, 1.0])
DEVIATIONS = np.linspace(-1.5, 1.5, 7)
N_TIMES, N_STRIKES = (4, 5) if SMALLEST else (12, 16)


def surface() -> local_volatility.CalibratedVolatility:
    """Return a skewed surface whose skew flattens with time."""
    strike_basis = uniform_basis(lower=-3.0, upper=2.0, size=N_STRIKES)
    skew = 0.2 - 0.03 * strike_basis.greville
    return local_volatility.CalibratedVolatility(
        strike_basis=strike_basis,
        time_basis=uniform_basis(lower=np.log(EXPIRIES[0]), upper=np.log(EXPIRIES[-1]), size=N_TIMES),
        expiries=EXPIRIES,
        atm_variance=0.04 * EXPIRIES,
        variance_offset=0.002,
        weights=np.log(0.2 + np.linspace(1.0, 0.6, N_TIMES)[:, None] * (skew - 0.2)),
        levels=np.zeros(EXPIRIES.size),
    )


def point() -> npt.NDArray[np.float64]:
    """Return spot, rate shift and the surface's parameters."""
    return np.concatenate([[SPOT, 0.0], surface().parameters])


def book_value(x: Any, *, expand: bool = False) -> Any:
    """Return the value of the book, puts below the money and calls above it, at `x` as of `point`."""
    known = surface()
    expiries = np.repeat(EXPIRIES, DEVIATIONS.size)
    deviations = np.tile(DEVIATIONS, EXPIRIES.size)
    forwards = SPOT * np.exp(RATE * expiries)
    weights, levels = known.split(x[2:])
    prices = price_book(
        surface=known,
        strikes=forwards * np.exp(0.2 * np.sqrt(expiries) * deviations),
        expiries=expiries,
        is_call=deviations > 0.0,
        forwards=forwards,
        discounts=np.exp(-RATE * expiries),
        reference_spot=SPOT,
        spot=x[0],
        rate_shift=x[1],
        weights=weights,
        levels=levels,
        grid=book_grid(surface=known, expiries=EXPIRIES, n_nodes=40 if SMALLEST else 200),
        expand=expand,
    )
    return np.dot(np.where(np.arange(expiries.size) % 3 == 0, -1.0, 1.0), prices)


def recorded(*, expand: bool = False) -> ad.Program:
    """Record the value of the book."""
    return ad.record(lambda x: book_value(x, expand=expand), point())


class ForwardBook:
    """Replays of one recording, the march and the reading one operation each."""

    def setup(self) -> None:
        """Record once."""
        self.x, self.program = point(), recorded()

    def time_record(self) -> None:
        """Record."""
        recorded()

    def time_value(self) -> None:
        """Replay the value."""
        self.program.value(self.x)

    def time_gradient(self) -> None:
        """Replay the gradient."""
        self.program.gradient(self.x)

    def time_hessian(self) -> None:
        """Replay the whole matrix."""
        self.program.hessian(self.x)

    def track_nodes(self) -> int:
        """Return what was recorded."""
        return self.program.n_nodes

    def track_hessian_over_value(self) -> float:
        """Return the cost of a Hessian in values of the book."""
        value = median_seconds(lambda: self.program.value(self.x))
        return median_seconds(lambda: self.program.hessian(self.x)) / value

    def track_hessian_over_plain_tape(self) -> float:
        """Return our time over that of the march recorded operation by operation."""
        every = recorded(expand=True)
        ours = median_seconds(lambda: self.program.hessian(self.x))
        return ours / median_seconds(lambda: every.hessian(self.x), rounds=5)
