"""Model files: a fitted network with the settings it was made with."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from pricers.surrogates.network.activations import require_activation
from pricers.surrogates.network.archive import read_archive, write_archive
from pricers.surrogates.network.layout import Layout
from pricers.surrogates.network.model import Model
from pricers.surrogates.network.scaling import Scaling
from pricers.surrogates.network.schedules import SCHEDULES

KIND = "twin network"


def schedule_settings(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return an estimator's parameters with the schedule as its name and fields, in JSON's types."""
    schedule: Any = parameters["schedule"]
    name = type(schedule).__name__
    if name not in SCHEDULES:
        raise AadValueError(f"schedule = {schedule!r}: only {', '.join(SCHEDULES)} can be written to a file")
    return parameters | {
        "schedule": [name, asdict(schedule)],
        "hidden": [int(units) for units in parameters["hidden"]],
    }


def parameters_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that `schedule_settings` took apart."""
    name, fields = settings["schedule"]
    if "points" in fields:
        fields = fields | {"points": tuple(map(tuple, fields["points"]))}
    return settings | {"schedule": SCHEDULES[name](**fields), "hidden": tuple(settings["hidden"])}


def save_model(
    path: str | os.PathLike[str], parameters: dict[str, Any], flat_output: bool, model: Model
) -> None:
    """Write a model and the parameters of its estimator."""
    settings = {
        "parameters": schedule_settings(parameters),
        "sizes": list(model.layout.sizes),
        "activation": model.activation.name,
        "flat_output": flat_output,
    }
    write_archive(path, KIND, settings, {"weights": model.weights, **vars(model.scaling)})


def load_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], bool, Model]:
    """Return the parameters of the estimator, whether its outputs are flat, and its model."""
    settings, arrays = read_archive(path, KIND)
    try:
        layout = Layout(tuple(settings["sizes"]))
        weights = arrays.pop("weights")
        scaling = Scaling(**arrays)
        _require_fitting(layout, weights, scaling)
        model = Model(layout, require_activation(settings["activation"]), scaling, weights)
        return parameters_of(settings["parameters"]), bool(settings["flat_output"]), model
    except (KeyError, TypeError, ValueError) as error:
        raise AadValueError(f"{os.fspath(path)} is damaged ({error}): write it anew") from None


def _require_fitting(layout: Layout, weights: npt.NDArray[Any], scaling: Scaling) -> None:
    d, m = layout.n_inputs, layout.n_outputs
    shapes = [numbers.shape for numbers in (weights, *scaling.tuple)]
    if shapes != [(layout.n_weights,), (d,), (d,), (m,), (m,), (d,), (d,)]:
        raise ValueError(f"arrays of shapes {shapes} for layers of sizes {layout.sizes}")
    if weights.dtype not in (np.float32, np.float64) or any(a.dtype != np.float64 for a in scaling.tuple):
        raise ValueError("arrays of other than floats")
    if not all(np.isfinite(numbers).all() for numbers in (weights, *scaling.tuple)):
        raise ValueError("weights that are not finite")
    if not (scaling.x_deviation.min() > 0.0 and scaling.y_deviation.min() > 0.0):
        raise ValueError("deviations that are not above zero")
