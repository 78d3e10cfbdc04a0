"""The collapse guard: tells a dead or diverged training from one that learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadError
from pricers.surrogates.network.history import Epoch
from pricers.surrogates.network.loss import Loss, Samples

Array = npt.NDArray[Any]


class TrainingCollapsed(AadError, RuntimeError):
    """Every attempt at training died or diverged; the message says how."""


CONSTANT = 1e-3
"""Outputs whose standard deviation is below this share of the labels' are constant."""

BURN_IN = 0.5
"""The share of a training from which its loss is judged: the peak rate, where losses jump, is behind."""

FAR = 1.0
"""The sum of rates, as far as Adam can have moved a weight, from which a loss is judged: before, it is only slow."""

SLACK = 1.1
"""A collapsed network's loss is twice the linear predictor's; a linear function's may be a little above it."""

LEARNED = 1e-3
"""A smaller loss is no collapse, whatever a linear predictor's: of a linear function that is zero."""


def trivial_loss(samples: Samples, loss: Loss) -> float:
    """Return the loss that a network must be below: a constant's, which is one, or a linear predictor's with slack."""
    return min(1.0, max(LEARNED, SLACK * linear_loss(samples, loss)))


def linear_loss(samples: Samples, loss: Loss) -> float:
    """Return the loss of the best linear predictor, which minimises the combined loss over slopes and intercept."""
    x, y = samples.x.astype(np.float64), samples.y.astype(np.float64)
    n = len(x)
    second = x.T @ x / n
    total = 0.0
    for output in range(y.shape[1]):
        matrix = loss.value_weight * second
        right = loss.value_weight * (x.T @ y[:, output]) / n
        if samples.dydx is not None:
            weights = np.asarray(loss.slope_weights[output], dtype=np.float64)
            matrix = matrix + np.diag(weights)
            right = right + weights * samples.dydx[:, output].mean(axis=0, dtype=np.float64)
            total += float(weights @ np.mean(np.square(samples.dydx[:, output], dtype=np.float64), axis=0))
        slopes = np.linalg.lstsq(matrix, right, rcond=None)[0]
        total += loss.value_weight * float(np.mean(y[:, output] ** 2)) - float(right @ slopes)
    return total


def collapse_of(epoch: Epoch, progress: float, moved: float, trivial: float) -> str:
    """Return why an epoch shows a collapse, or an empty text; `moved` is the sum of rates until then."""
    if not np.isfinite(epoch.loss):
        return "the loss is not finite"
    if progress >= BURN_IN and moved >= FAR and epoch.loss > trivial:
        return f"the loss, {epoch.loss:.4g}, is above the trivial predictor's, {trivial:.4g}"
    return ""


def constant_output(outputs: Array) -> str:
    """Return which outputs (n, m), normalised, do not move over training samples, or an empty text."""
    still = np.flatnonzero(~(outputs.std(axis=0) > CONSTANT))
    return f"outputs {still.tolist()} are constant" if still.size else ""
