"""Trinomial trees over a local volatility surface, such as a calibrated one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.curves.rate_curve import Rate
from pricers.pde.backward.payoff import averaged_payoff
from pricers.pde.grids.spot_grids import Grid
from pricers.trees.flat_tree import require_finite_price
from pricers.trees.scheduled_tree import sums
from pricers.trees.tree import Tree
from pricers.trees.trinomial_kernel import REACH, trinomial_tree_kernel

DEVIATIONS = 6.0
"""How far the nodes reach, in deviations of the spot."""
SPREAD = 3.0
"""Squared distance of neighbours over the variance of a step, in the mean over time: one sixth goes either way."""
LEAST_SPREAD = 1.25
"""The same in the step of the largest variance: all probabilities stay positive, those of bumped volatilities too."""
N_MESH, N_TIMES = 801, 64
"""Spots and times at which the surface is looked at to lay the nodes."""
SHORTEST = 1e-9


@dataclass(frozen=True, eq=False)
class SurfaceTree(Tree):
    """An option under a local volatility: nodes laid once, at which the surface is read in every step."""

    n_steps: int
    spot: float
    strike: float
    expiry: float
    rate: Rate
    dividend_yield: Rate
    surface: Any
    is_call: bool
    american: bool
    lattice: str = "trinomial"

    @property
    def point(self) -> Floats:
        """The spot, and no shift."""
        return np.array([self.spot, 0.0, 0.0, 0.0])

    @property
    def spacing(self) -> float:
        """What neighbouring nodes differ by, as a factor of the spot."""
        return float(self._nodes[self._root + 1] / self._nodes[self._root])

    @property
    def lowest_volatility(self) -> float:
        """The least volatility on the lattice."""
        return float(self._local.min())

    @cached_property
    def _times(self) -> Floats:
        """Ends of the steps, equal in variance at the forward between the times at which the surface jumps."""
        seams = np.asarray(self.surface.seams, dtype=np.float64)
        cuts = np.concatenate(
            [[0.0], seams[(seams > SHORTEST) & (seams < self.expiry - SHORTEST)], [self.expiry]]
        )
        pieces, weights = [], []
        for begin, end in itertools.pairwise(cuts.tolist()):
            edges = np.linspace(begin, end, N_TIMES // 4 + 1)
            middles = 0.5 * (edges[1:] + edges[:-1])
            at_forward = [
                float(self._volatility(np.array([self.spot]), time)[0]) for time in middles.tolist()
            ]
            spent = np.concatenate([[0.0], np.cumsum(np.square(at_forward) * np.diff(edges))])
            pieces.append((edges, spent))
            weights.append(spent[-1])
        counts = np.maximum(1, np.round(self.n_steps * np.array(weights) / sum(weights))).astype(int)
        times = [
            np.interp(np.arange(count) / count * spent[-1], spent, edges)
            for count, (edges, spent) in zip(counts, pieces, strict=True)
        ]
        return np.append(np.concatenate(times), self.expiry)

    def _growth(self, times: Floats) -> Floats:
        return np.exp(sums(self.rate, times) - sums(self.dividend_yield, times))

    def _volatility(self, levels: Floats, time: float) -> Floats:
        """Return the local volatilities at levels of the spot over its forward, times today's spot."""
        growth = float(self._growth(np.array([time]))[0])
        found = np.broadcast_to(values_of(self.surface(levels * growth, time)), levels.shape)
        if not (np.isfinite(found).all() and (found > 0.0).all()):
            raise AadValueError(f"volatility: the surface is not positive and finite at {time:.6g} years")
        return np.asarray(found)

    @cached_property
    def _nodes(self) -> Floats:
        """Levels of the nodes; their distances follow the volatility that the spot can see there."""
        times = self._times
        near = float(self._volatility(np.array([self.spot]), 0.5 * self.expiry)[0]) * np.sqrt(self.expiry)
        mesh = 0.5 * near * np.sinh(np.linspace(-9.0, 9.0, N_MESH))
        mesh = mesh[np.abs(mesh) < 20.0]
        levels, root = self.spot * np.exp(mesh), mesh.size // 2
        steps = np.unique(np.linspace(0, times.size - 2, N_TIMES).astype(int))
        variances = np.empty((steps.size, mesh.size))
        seen = np.empty(variances.shape, dtype=bool)
        for row, m in enumerate(steps.tolist()):
            volatility = self._volatility(levels, float(0.5 * (times[m] + times[m + 1])))
            slowness = 1.0 / volatility
            distance = np.concatenate(
                [[0.0], np.cumsum(0.5 * (slowness[1:] + slowness[:-1]) * np.diff(mesh))]
            )
            seen[row] = np.abs(distance - distance[root]) <= DEVIATIONS * np.sqrt(times[m + 1])
            variances[row] = volatility**2 * (times[m + 1] - times[m])
        seen[-1] |= seen.any(axis=0)
        largest = np.where(seen, variances, 0.0).max(axis=0)
        mean = np.where(seen, variances, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        inside = seen.any(axis=0)
        gap = np.sqrt(np.maximum(SPREAD * mean, LEAST_SPREAD * largest))[inside]
        y = mesh[inside]
        count = np.concatenate([[0.0], np.cumsum(0.5 * (1.0 / gap[1:] + 1.0 / gap[:-1]) * np.diff(y))])
        count -= np.interp(0.0, y, count)
        below, above = max(int(-count[0]), REACH + 1), max(int(count[-1]), REACH + 1)
        places = np.interp(np.arange(-below, above + 1), count, y)
        return self.spot * np.exp(np.where(np.arange(-below, above + 1) == 0, 0.0, places))

    @cached_property
    def _root(self) -> int:
        return int(np.searchsorted(self._nodes, self.spot * (1.0 - 1e-12)))

    @cached_property
    def _local(self) -> Floats:
        """Volatilities at all steps and nodes, held to what the probabilities bear where the spot hardly gets."""
        times, nodes = self._times, self._nodes
        local = np.array(
            [self._volatility(nodes, float(time)) for time in (0.5 * (times[1:] + times[:-1])).tolist()]
        )
        gaps = np.diff(np.log(nodes))
        most = np.full(nodes.size, gaps.min())
        most[1:-1] = np.sqrt(gaps[1:] * gaps[:-1] / LEAST_SPREAD)
        return np.minimum(local, most / np.sqrt(np.diff(times))[:, None])

    @cached_property
    def _rest(self) -> tuple[Any, ...]:
        times, nodes = self._times, self._nodes
        growths = self._growth(times)
        payoff = np.array(
            averaged_payoff(Grid(nodes * growths[-1]), self.strike, self.is_call), dtype=np.float64
        )
        return (
            np.ascontiguousarray(self._local), nodes, payoff, times, sums(self.rate, times), growths, self.strike,
            self._root, self.is_call, self.american,
        )  # fmt: skip

    def value(self, point: Floats) -> float:
        """Return the price."""
        kept = trinomial_tree_kernel(*point[1:].tolist(), *self._rest)
        return require_finite_price(float(self._weights(point[0])[0] @ kept))

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Return the price and its gradient."""
        from aadlib.compiled_duals import derivatives

        values, slopes = derivatives(trinomial_tree_kernel, order=1, active=(0, 1, 2))(
            *point[1:].tolist(), *self._rest
        )
        at, slope = self._weights(point[0])
        value = require_finite_price(float(at @ values))
        return value, np.concatenate([[slope @ values], at @ slopes])

    def _weights(self, spot: float) -> tuple[Floats, Floats]:
        """Return what takes values around the root to value and delta at a spot: the polynomial through the nodes."""
        nodes = self._nodes[self._root - REACH : self._root + REACH + 1]
        z = np.log(nodes / self.spot)
        powers = np.arange(z.size)
        x = float(np.log(spot / self.spot))
        inverse = np.linalg.inv((z[:, None] / z[-1]) ** powers)
        at = (x / z[-1]) ** powers @ inverse
        slope = np.concatenate([[0.0], powers[1:] * (x / z[-1]) ** powers[:-1]]) / z[-1] @ inverse / spot
        return at, slope
