"""The put every figure of this package is quoted for, and its true Bermudan Greeks."""

from __future__ import annotations

from typing import Any

PUT: dict[str, Any] = {
    "spot": 100.0,
    "strike": 100.0,
    "expiry": 1.0,
    "volatility": 0.2,
    "rate": 0.03,
    "n_dates": 50,
}

# By Gauss-Legendre recursion with exact boundary roots, in a program of its own.
TRUTH = {
    "price": 6.735558, "delta": -0.426012, "vega": 38.5714, "rho": -35.4850, "gamma": 0.0214002, "vanna": 0.049163,
    "volga": 3.5522, "rate_rate": 289.035, "spot_rate": 0.8813, "volatility_rate": -49.495,
}  # fmt: skip


def named(greeks: Any, *, stderr: bool = False) -> dict[str, float]:
    """Return the Greeks of `TRUTH`, or their standard errors, by name."""
    price = greeks.stderr if stderr else greeks.price
    gradient = greeks.gradient_stderr if stderr else greeks.gradient
    hessian = greeks.hessian_stderr if stderr else greeks.hessian
    spot, rate, volatility = (greeks.labels.index(name) for name in ("spot", "rate", "volatility"))
    return {
        "price": price, "delta": gradient[spot], "vega": gradient[volatility], "rho": gradient[rate],
        "gamma": hessian[spot, spot], "vanna": hessian[spot, volatility], "volga": hessian[volatility, volatility],
        "rate_rate": hessian[rate, rate], "spot_rate": hessian[spot, rate],
        "volatility_rate": hessian[volatility, rate],
    }  # fmt: skip
