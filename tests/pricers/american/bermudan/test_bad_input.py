"""Messages that name the argument, the value and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.american.bermudan import (
    american_greeks,
    finite_difference_greeks,
    frozen_times,
    least_squares_price,
    refit_greeks,
)

from .cases import PUT


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"spot": -1.0}, AadValueError, "spot = -1.0"),
        ({"volatility": 0.0}, AadValueError, "volatility = 0.0"),
        ({"expiry": float("nan")}, AadValueError, "expiry = nan"),
        ({"rate": float("inf")}, AadValueError, "rate = inf"),
        ({"n_dates": 0}, AadValueError, "n_dates = 0"),
        ({"is_call": "put"}, AadTypeError, "is_call = 'put'"),
        (
            {"basis": "fourier"},
            AadValueError,
            "basis = 'fourier': choose one of chebyshev, legendre, laguerre",
        ),
        ({"noise": "halton"}, AadValueError, "noise = 'halton': choose one of pseudo, sobol"),
        ({"degree": 0}, AadValueError, "degree = 0"),
        ({"n_paths": 100}, AadValueError, "n_paths = 100: must be at least 128"),
        ({"n_batches": 1}, AadValueError, "n_batches = 1"),
        ({"seed": -1}, AadValueError, "seed = -1"),
        ({"antithetic": 2}, AadTypeError, "antithetic = 2"),
    ],
)
@pytest.mark.parametrize("function", [least_squares_price, american_greeks])
def test_what_is_refused(function: Any, change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        function(**PUT | {"n_paths": 2048} | change)


def test_unknown_treatments() -> None:
    with pytest.raises(
        AadValueError, match="exercise = 'frozen': choose one of boundary, frozen_times, refit"
    ):
        american_greeks(**PUT, exercise="frozen")
    with pytest.raises(AadValueError, match=r"exercise = \['boundary'\]"):
        american_greeks(**PUT, exercise=["boundary"])
    with pytest.raises(AadValueError, match="n_upper_paths = 5"):
        american_greeks(**PUT, exercise="refit", n_upper_paths=5)
    with pytest.raises(AadValueError, match="sharpness"):
        frozen_times(**PUT, sharpness=0.0)
    with pytest.raises(AadValueError, match="n_steps"):
        finite_difference_greeks(**PUT, n_steps=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": [1.0]}, "steps has shape"),
        ({"steps": [1.0, 0.0, 0.1, 0.1]}, r"steps\[1\] = 0.0"),
        ({"normals": np.zeros((10, 4))}, "normals has shape"),
        ({"labels": ["spot"]}, "labels has 1 names"),
        ({"path": lambda x, z: x}, "path returned shape"),
        ({"parameters": [[1.0]]}, "parameters has shape"),
        (
            {
                "path": lambda x, z: np.stack([np.log(x[0]) - z, 0.0 * z, z]),
                "steps": [200.0, 0.01, 0.01, 0.01],
            },
            r"path is not finite at parameters = \[-100.0",
        ),
    ],
)
def test_what_refitting_refuses(change: dict[str, Any], message: str) -> None:
    given = {
        "path": lambda x, z: np.stack([x[0] - z, 0.0 * z, z]),
        "parameters": [100.0, 0.03, 0.0, 0.2], "normals": np.ones((2048, 4)),
        "steps": [1.0, 0.01, 0.01, 0.01],
    }  # fmt: skip
    with pytest.raises(AadValueError, match=message):
        refit_greeks(**given | change)
    with pytest.raises(AadTypeError, match="path = 3"):
        refit_greeks(**given | {"path": 3})
