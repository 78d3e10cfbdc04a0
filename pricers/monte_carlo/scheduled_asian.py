"""An Asian option on a schedule of fixings: a path whose steps end on them, however far apart they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Flags, Floats
from aadlib.validation import (
    as_floats,
    one_float,
    require_finite,
    require_increasing,
    require_positive,
    require_shape,
    whole_number,
)
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.payoff import check_call
from pricers.monte_carlo.triangular import total

SAME_TIME = 1e-9
"""Years within which the last fixing is at expiry."""


@dataclass(frozen=True, kw_only=True)
class ScheduledAsian:
    """A call or put on the arithmetic mean of one asset over its fixings, paid at expiry.

    Parameters
    ----------
    strike : float, currency
    fixings : (n_fixings,) float, years, > 0, increasing, the last not after the expiry
        Those still to come.
    expiry : float, years, > 0
    is_call : bool
    n_past : int, >= 0
        Fixings that are known already.
    past_mean : float, currency
        Their mean; it counts where there are any.
    n_steps : int, >= 1
        At least so many steps lead to the expiry, equal in the root of time but for the fixings they end on.

    Raises
    ------
    AadValueError
        For fixings that are none, not positive, out of order or after the expiry, and numbers out of range.

    Notes
    -----
    Near today a calibrated surface is steep in moneyness, and a delta there is a derivative of its first volatilities:
    equal steps in time, 24 to half a year, leave gamma 7% too high where their price is right to 0.1%; in the root of
    time they leave nothing above a standard error of 0.5%.

    A path is a function of a model and of one path's normals, which `greeks2.expectation` averages: its only kink is
    at the strike, and `smoothing="kink"` integrates it out.

    Examples
    --------
    >>> from greeks2 import Normals, expectation
    >>> from pricers.monte_carlo import GeometricBrownianMotion
    >>> asian = ScheduledAsian(strike=100.0, fixings=[0.1, 0.5], expiry=0.5)
    >>> def path(p, z):
    ...     return asian(GeometricBrownianMotion(spots=[p[0]], volatilities=[p[1]]), z)
    >>> normals = Normals(n_paths=20_000, shape=asian.noise_shape, seed=7, antithetic=True)
    >>> found = expectation(path, [100.0, 0.2], lanes=normals, order=2, smoothing="kink")
    >>> bool(abs(found.value - 3.5659) < 4.0 * found.stderr), found.hessian.shape
    (True, (2, 2))
    """

    strike: float
    fixings: Any
    expiry: float
    is_call: bool = True
    n_past: int = 0
    past_mean: float = 0.0
    n_steps: int = 24

    def __post_init__(self) -> None:
        require_finite("strike", self.strike)
        require_positive("expiry", one_float("expiry", self.expiry))
        require_finite("past_mean", self.past_mean)
        check_call(self.is_call)
        object.__setattr__(self, "n_past", whole_number("n_past", self.n_past, 0))
        object.__setattr__(self, "n_steps", whole_number("n_steps", self.n_steps, 1))
        fixings = np.array(as_floats("fixings", self.fixings))
        require_shape("fixings", fixings, (fixings.size,))
        if not fixings.size:
            raise AadValueError("fixings is empty: with every fixing known there is nothing left to simulate")
        require_positive("fixings", fixings)
        require_increasing("fixings", fixings)
        if fixings[-1] > self.expiry + SAME_TIME:
            raise AadValueError(
                f"fixings[{fixings.size - 1}] = {fixings[-1].item()!r}: must not be after the expiry, {self.expiry!r}"
            )
        fixings.setflags(write=False)
        object.__setattr__(self, "fixings", fixings)

    @cached_property
    def _steps(self) -> tuple[Floats, Flags]:
        """Ends of the steps, and which of them are fixings."""
        length = math.sqrt(self.expiry) / self.n_steps
        roots = np.sqrt(np.concatenate([[0.0], self.fixings]))
        ends: list[float] = []
        fixed: list[bool] = []
        for begin, end, fixing in zip(
            roots[:-1].tolist(), roots[1:].tolist(), self.fixings.tolist(), strict=True
        ):
            count = max(1, math.ceil((end - begin) / length - 1e-9))
            ends += [(begin + (end - begin) * (k + 1) / count) ** 2 for k in range(count - 1)] + [fixing]
            fixed += [False] * (count - 1) + [True]
        return np.array(ends), np.array(fixed)

    @property
    def step_ends(self) -> Floats:
        """Where the steps of a path end, years, (n_steps,)."""
        return self._steps[0]

    @property
    def noise_shape(self) -> tuple[int, int]:
        """Shape of one path's normals: (n_steps, 1)."""
        return self.step_ends.size, 1

    def __call__(self, dynamics: Dynamics, normals: Any) -> Any:
        """Return the present value of one path, or of many where plain normals have leading axes.

        Parameters
        ----------
        dynamics : Dynamics of one asset, numbers of any kind
        normals : (..., n_steps, 1), standard normals; one path while recording
        """
        if dynamics.n_assets != 1:
            raise AadValueError(f"dynamics has {dynamics.n_assets} assets: this option is on one")
        ends, fixed = self._steps
        if tuple(normals.shape[-2:]) != self.noise_shape:
            raise AadValueError(
                f"normals have shape {tuple(normals.shape)}: the last axes must be {self.noise_shape}"
            )
        log_prices = dynamics.log_spots()
        seen, begin = [], 0.0
        for step, (end, is_fixing) in enumerate(zip(ends.tolist(), fixed.tolist(), strict=True)):
            log_prices = dynamics.moved(log_prices, begin, end - begin, [normals[..., step, 0]])
            if is_fixing:
                seen.append(ad.exp(log_prices[0]))
            begin = end
        known = self.n_past * self.past_mean
        mean = (total(seen) + known) * (1.0 / (self.n_past + len(seen)))
        paid = mean - self.strike if self.is_call else self.strike - mean
        return dynamics.discount(float(self.expiry)) * ad.maximum(paid, 0.0)
