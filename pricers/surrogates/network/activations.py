"""Activations of hidden layers: each with its slope and curvature, which training and Greeks pass through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError

Array = npt.NDArray[Any]
Derivatives = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Activation:
    """An activation: its name, its code in the compiled passes, whether its curvature is continuous, and its formulas.

    `derivatives(z)` returns value, slope and curvature, each of the shape of z.
    """

    name: str
    code: int
    twice_smooth: bool
    derivatives: Callable[[Array], Derivatives]


def _softplus(z: Array) -> Derivatives:
    decay = np.exp(-np.abs(z))
    share = 1.0 / (1.0 + decay)
    slope = np.where(z >= 0.0, share, decay * share)
    return np.maximum(z, 0.0) + np.log1p(decay), slope, decay * share * share


def _elu(z: Array) -> Derivatives:
    decay = np.exp(np.minimum(z, 0.0))
    positive = z > 0.0
    return np.where(positive, z, decay - 1.0), np.where(positive, 1.0, decay), np.where(positive, 0.0, decay)


def _silu(z: Array) -> Derivatives:
    decay = np.exp(-np.abs(z))
    share = 1.0 / (1.0 + decay)
    gate = np.where(z >= 0.0, share, decay * share)
    bend = decay * share * share
    return z * gate, gate + z * bend, bend * (2.0 + z * (1.0 - 2.0 * gate))


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("softplus", 0, True, _softplus),
        Activation("elu", 1, False, _elu),
        Activation("silu", 2, True, _silu),
    )
}
"""Softplus log(1 + e^z), ELU (Clevert et al. 2016, its curvature jumps at 0), SiLU z sigmoid(z), by name."""

JUMPING_SLOPES = ("relu", "leaky_relu", "selu", "prelu", "relu6", "hardtanh")


def require_activation(name: object) -> Activation:
    """Return the activation of a name; say why where its slope jumps."""
    if isinstance(name, str) and name in ACTIVATIONS:
        return ACTIVATIONS[name]
    if isinstance(name, str) and name.lower() in JUMPING_SLOPES:
        raise AadValueError(
            f"activation = {name!r}: its slope jumps, so the network's Greeks would jump too and their training has a "
            f"curvature of zero to go by; choose one of {', '.join(ACTIVATIONS)}"
        )
    raise AadValueError(f"activation = {name!r}: choose one of {', '.join(ACTIVATIONS)}")
