"""The direction of the noise that is integrated out at a kink: the one along which the integral varies least."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats

SEED = 271828
MIXTURES = 8
"""Sums of axes tried for a direction."""

TURN = 10.0
"""How much a direction that crosses as often one way as the other counts as worse."""

ROUND_OFF = 1e-12
"""Relative length below which a slope or a direction is none."""


def steep_direction(slopes: Floats) -> Floats:
    """Return the unit vector, of some tried, along which an integral varies least: the first of `steep_directions`."""
    best: Floats = steep_directions(slopes)[0]
    return best


def steep_directions(slopes: Floats) -> Floats:
    """Return unit vectors (m, n_noise), first the one along which an integral varies least.

    A root on a surface of slope g weighs 1 / |g e|, so the mean of |g|^2 / |g e| is made small: it is infinite where
    part of the surface runs along e. Directions that cross the surface both ways, with more roots to find, come last.
    Tried are the mean slope, the main axis of the slopes and sums of all their axes.

    Parameters
    ----------
    slopes : (n, n_noise), weighed by how near to the surface they were taken, not all zero
    """
    lengths = np.linalg.norm(slopes, axis=1)
    seen = lengths > ROUND_OFF * lengths.max()
    slopes, lengths = slopes[seen], lengths[seen]
    _, spreads, axes = np.linalg.svd(slopes, full_matrices=False)
    mean = slopes.mean(axis=0)
    signs = np.random.Generator(np.random.Philox(SEED)).choice([-1.0, 1.0], (MIXTURES, spreads.size))
    signs[0] = np.where(axes @ mean < 0.0, -1.0, 1.0)
    tried = np.concatenate([axes[:1], mean[None], (signs * spreads**2) @ axes])
    norms = np.linalg.norm(tried, axis=1)
    tried = tried[norms > ROUND_OFF * norms.max()]
    tried /= np.linalg.norm(tried, axis=1)[:, None]
    cosines = slopes @ tried.T / lengths[:, None]
    costs = lengths @ (1.0 / np.maximum(np.abs(cosines), ROUND_OFF))
    turns = np.minimum((cosines > 0.0).mean(axis=0), (cosines < 0.0).mean(axis=0))
    ordered: Floats = tried[np.argsort(costs * (1.0 + TURN * turns), kind="stable")]
    return ordered
