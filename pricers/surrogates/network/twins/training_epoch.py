"""One epoch of training in NumPy: minibatches in a given order, each with one step of Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pricers.surrogates.network.activations import Activation
from pricers.surrogates.network.adam import Adam
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import Loss, Samples
from pricers.surrogates.network.twins.passes import loss_and_gradient

Array = npt.NDArray[Any]


def train_epoch(
    layout: Layout,
    activation: Activation,
    adam: Adam,
    samples: Samples,
    loss: Loss,
    order: npt.NDArray[np.int64],
    rates: npt.NDArray[np.float64],
) -> tuple[float, float]:
    """Step once for each rate, through the samples in their order; return the mean losses of values and of Greeks."""
    sums = np.zeros(2)
    bounds = np.arange(len(rates) + 1) * len(order) // len(rates)
    for begin, end, rate in zip(bounds, bounds[1:], rates, strict=False):
        rows = order[begin:end]
        value_loss, slope_loss, gradient = loss_and_gradient(
            layout, activation, adam.weights, samples.take(rows), loss
        )
        sums += np.array([value_loss, slope_loss]) * (len(rows) / len(order))
        adam.n_steps += 1
        adam.mean += (1.0 - adam.mean_decay) * (gradient - adam.mean)
        adam.square += (1.0 - adam.square_decay) * (gradient**2 - adam.square)
        scale = rate / (1.0 - adam.mean_decay**adam.n_steps)
        size = np.sqrt(adam.square / (1.0 - adam.square_decay**adam.n_steps)) + adam.floor
        adam.weights -= scale * adam.mean / size
    return float(sums[0]), float(sums[1])
