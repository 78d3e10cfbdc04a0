"""European options of a market by one forward march, on any volatility surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from aadlib.validation import as_floats, require_instance, require_positive, require_shape, values_of
from pricers.contracts import Market
from pricers.number_kinds import is_plain
from pricers.pde.forward.book import expiry_rows
from pricers.pde.forward.dupire_march import march_forward
from pricers.pde.forward.reading import read_options
from pricers.pde.grids.moneyness_grid import ForwardGrid, forward_grid
from pricers.surfaces.bumped_volatility import BumpedVolatility
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.later_volatility import today_and_elapsed
from pricers.surfaces.moved_variance import MovedVariance
from pricers.surfaces.moving_volatility import MovingVolatility

LATE = 1.0 / 12.0
"""Years to a first expiry beyond which a deviation has more nodes."""
SHORTEST = 1e-9
"""Years: expiries and seams that near to each other are one."""


@dataclass(frozen=True, eq=False)
class SurfaceVariance:
    """The variances of any surface on the nodes of a forward march, step by step: what `march_forward` calls."""

    market: Market
    grid: ForwardGrid

    def __call__(self, step: int) -> Any:
        """Return the variances at all nodes in one step."""
        time = float(self.grid.midpoints[step])
        moved = ad.log(self.market.spot) + self.market.log_growth(time)
        if is_plain(moved):
            volatility = self.market.surface(np.exp(self.grid.nodes + moved), time)
        else:
            points = ad.array([moved + node for node in self.grid.nodes.tolist()])
            volatility = self.market.surface.along_paths(points, time)
        if np.ndim(volatility) == 0:
            return [volatility * volatility] * self.grid.nodes.size
        return (volatility * volatility).tolist()


def price_vanillas(
    market: Market, *, strikes: Floats, expiries: Floats, is_call: Any, grid: ForwardGrid
) -> Any:
    """Price European options on a market's surface by one forward march.

    Parameters
    ----------
    market : Market with a surface, numbers of any kind
    strikes, expiries : (n_options,) float, > 0
    is_call : (n_options,) bool
    grid : ForwardGrid that hits the expiries, such as `vanilla_grid`

    Returns
    -------
    (n_options,) numbers, currency
    """
    require_instance("market", market, Market, "a Market, such as what calibrate returns")
    strikes, expiries = (np.atleast_1d(as_floats(*x)) for x in (("strikes", strikes), ("expiries", expiries)))
    require_positive("strikes", strikes)
    require_shape("strikes", strikes, (expiries.size,))
    rows = expiry_rows(grid, expiries)
    calls = march_forward(grid=grid, variance=variance_of(market, grid))
    times = expiries.tolist()
    log_forwards = [ad.log(market.spot) + market.log_growth(time) for time in times]
    log_moneyness = [
        x - log_forward for x, log_forward in zip(np.log(strikes).tolist(), log_forwards, strict=True)
    ]
    read = read_options(
        nodes=grid.nodes, calls=calls, rows=np.array(rows), log_moneyness=log_moneyness, is_call=is_call
    )
    return ad.array(
        [
            market.discount(time) * ad.exp(log_forward) * option
            for time, log_forward, option in zip(times, log_forwards, read, strict=True)
        ]
    )


def variance_of(market: Market, grid: ForwardGrid) -> Any:
    """Return the variances of a march: of a calibrated surface what it depends on, else cell by cell."""
    today, elapsed = today_and_elapsed(market.surface)
    moving = today if isinstance(today, MovingVolatility) else None
    if moving is not None:
        today = moving.surface
    bumped = today if isinstance(today, BumpedVolatility) else None
    surface = today if bumped is None else bumped.surface
    if not isinstance(surface, CalibratedVolatility):
        return SurfaceVariance(market, grid)
    # Where the forward lies on each step, seen from that of the calibration.
    shifts = [
        ad.log(market.spot)
        + market.log_growth(time)
        - float(surface.log_forward(time + elapsed))
        - (0.0 if moving is None else moving.moved(time + elapsed))
        for time in grid.midpoints.tolist()
    ]
    return MovedVariance(
        surface=surface,
        nodes=grid.nodes,
        times=grid.midpoints + elapsed,
        shift=shifts,
        drift=0.0,
        weights=surface.weights,
        levels=surface.levels,
        volatility_bumps=None if bumped is None else bumped.bumps,
        bump_shapes=None if bumped is None else bumped.hats,
    )


def vanilla_grid(
    market: Market, *, strikes: Floats, expiries: Floats, n_nodes: int = 200, reach: float = 6.0
) -> ForwardGrid:
    """Return a grid that hits the expiries and, between them, the times at which the surface jumps.

    Parameters
    ----------
    reach : float, half width in deviations of the last expiry, beyond the outermost strikes
    """
    surface = market.required_surface
    wanted = np.unique(expiries)
    seams = np.asarray(surface.seams, dtype=np.float64)
    seams = seams[seams < wanted[-1]]
    apart = [seam for seam in seams.tolist() if np.abs(wanted - seam).min() > SHORTEST]
    times = np.union1d(apart, wanted)

    def deviation(time: float) -> float:
        level = float(np.max(values_of(surface(float(values_of(market.forward(time))), 0.5 * time))))
        return level * float(np.sqrt(time))

    money = np.log(strikes) - np.array(
        [float(values_of(ad.log(market.forward(t)))) for t in expiries.tolist()]
    )
    # Near today the surface is as steep for a late expiry as for an early one: its wider deviation has more nodes.
    density = max(1.0, float(np.sqrt(wanted[0] / LATE)))
    half_width = max(reach * deviation(float(wanted[-1])), 1.0)
    return forward_grid(
        expiries=times,
        first_deviation=deviation(float(wanted[0])),
        lower=float(min(0.0, money.min())) - half_width,
        upper=float(max(0.0, money.max())) + half_width,
        n_nodes=round(density * n_nodes),
        nodes_per_deviation=28.0 * density,
        first_steps=16,
        later_steps=45,
    )
