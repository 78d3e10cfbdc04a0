"""What NumPy and SciPy offer for each operation on floats and float arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _scipy(name: str) -> Callable[[], Callable[..., Any]]:
    def load() -> Callable[..., Any]:
        import scipy.special

        function: Callable[..., Any] = getattr(scipy.special, name)
        return function

    return load


def _norm_pdf(x: Any) -> Any:
    return 0.3989422804014327 * np.exp(-0.5 * np.square(x))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


_PLAIN: dict[str, Callable[..., Any]] = {
    "norm_pdf": _norm_pdf,
    "softplus": _softplus,
    "stop_gradient": lambda x: x,
    "where_true": lambda x, y: np.where(y != 0.0, x, 0.0),
    "where_false": lambda x, y: np.where(y != 0.0, 0.0, x),
}
_LOADED_LATER = {
    "norm_cdf": _scipy("ndtr"),
    "norm_ppf": _scipy("ndtri"),
    "erf": _scipy("erf"),
    "erfc": _scipy("erfc"),
    "gamma": _scipy("gamma"),
    "gammaln": _scipy("gammaln"),
    "digamma": _scipy("psi"),
    "sigmoid": _scipy("expit"),
}


def plain_function(name: str) -> Callable[..., Any]:
    """Return what operation `name` does with floats and float arrays."""
    if name in _LOADED_LATER and name not in _PLAIN:
        _PLAIN[name] = _LOADED_LATER[name]()
    found: Callable[..., Any] | None = _PLAIN.get(name) or getattr(np, name, None)
    if found is None:
        raise LookupError(f"no plain function for rule {name!r}")
    return found
