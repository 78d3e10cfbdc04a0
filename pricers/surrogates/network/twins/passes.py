"""The twin network in NumPy: forward, backward to the inputs, and the backward pass through both.

Rows are samples: `z` and `a` (n, units) are what enters and leaves a layer's activation. For output k, `q` is the
adjoint of z and, with the residual r of the predicted Greeks as a direction, `t` is the tangent of a. The gradient of
the combined loss is the gradient of  sum_k s_k y_k + D_{r_k} y_k  with s and r held: one tangent sweep and one more
backward pass (Huge and Savine 2020, Differential Machine Learning, arXiv 2005.02347, equations 3 to 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pricers.surrogates.network.activations import Activation
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.loss import Loss, Samples

Array = npt.NDArray[Any]


@dataclass
class Forward:
    """What a forward pass leaves: values of all layers, inputs first, and slopes and curvatures of the hidden ones."""

    values: list[Array]
    slopes: list[Array]
    curvatures: list[Array]


def forward(layout: Layout, activation: Activation, flat: Array, x: Array) -> Forward:
    """Return the values, slopes and curvatures of all layers; the last values are the outputs (n, m)."""
    passed = Forward([x], [], [])
    *hidden, (weights, biases) = layout.layers(flat)
    for w, b in hidden:
        value, slope, curvature = activation.derivatives(passed.values[-1] @ w + b)
        passed.values.append(value)
        passed.slopes.append(slope)
        passed.curvatures.append(curvature)
    passed.values.append(passed.values[-1] @ weights + biases)
    return passed


def backward(
    layout: Layout, flat: Array, passed: Forward, output: int
) -> tuple[list[Array], list[Array], Array]:
    """Return the adjoints of what leaves and what enters each hidden layer, and the derivatives (n, d) of an output."""
    *hidden, (weights, _) = layout.layers(flat)
    left = np.broadcast_to(weights[:, output], passed.values[-2].shape)
    leaving, entering = [], []
    for (w, _), slope in zip(reversed(hidden), reversed(passed.slopes), strict=True):
        leaving.append(left)
        entering.append(left * slope)
        left = entering[-1] @ w.T
    return leaving[::-1], entering[::-1], left


def loss_and_gradient(
    layout: Layout, activation: Activation, flat: Array, samples: Samples, loss: Loss
) -> tuple[float, float, Array]:
    """Return the loss of values, the loss of Greeks, and the gradient of their sum in the weights."""
    n = len(samples.x)
    passed = forward(layout, activation, flat, samples.x)
    layers = layout.layers(flat)
    gradient = np.zeros_like(flat)
    sums = layout.layers(gradient)
    residual = passed.values[-1] - samples.y
    value_loss = loss.value_weight * float(np.sum(residual**2)) / n
    seed = (2.0 * loss.value_weight / n) * residual
    bends = [np.zeros_like(slope) for slope in passed.slopes]
    slope_loss = 0.0
    if samples.dydx is not None:
        for output in range(layout.n_outputs):
            leaving, entering, dydx = backward(layout, flat, passed, output)
            difference = dydx - samples.dydx[:, output]
            weights = loss.slope_weights[output]
            slope_loss += float(np.sum(weights * difference**2)) / n
            tangent = (2.0 / n) * weights * difference
            for number, (w, _) in enumerate(layers[:-1]):
                sums[number][0][:] += tangent.T @ entering[number]
                moved = tangent @ w
                bends[number] += leaving[number] * passed.curvatures[number] * moved
                tangent = passed.slopes[number] * moved
            sums[-1][0][:, output] += tangent.sum(axis=0)
    adjoint = seed
    for number in reversed(range(len(layers))):
        sums[number][0][:] += passed.values[number].T @ adjoint
        sums[number][1][:] += adjoint.sum(axis=0)
        if number:
            adjoint = (adjoint @ layers[number][0].T) * passed.slopes[number - 1] + bends[number - 1]
    return value_loss, slope_loss, gradient
