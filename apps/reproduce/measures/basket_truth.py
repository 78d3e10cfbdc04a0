"""Price and Hessian of the basket call to six digits and more, the exact kink included, by two independent ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from aadlib.types import Floats
from apps.reproduce.contracts import basket_call
from apps.reproduce.contracts.basket_call import STRIKE
from greeks2 import Expectation, Sobol, expectation

N_POINTS, REPLICATES = 2**15, 32
SEED = 1
STRIKE_STEP = 2.0
ROUND_OFF = 1e-12


@dataclass(frozen=True, eq=False)
class Truth:
    """Unbiased price and Hessian with their standard errors, and the bias that rounding the corner adds.

    Attributes
    ----------
    price, price_stderr : float
        Means over Sobol points, one direction integrated out (a conditional expectation).
    hessian, hessian_stderr : (n, n)
        Means over Sobol points, the kink found on every path (`expectation(smoothing="kink")`).
    apart : float
        Largest difference of that Hessian from the conditional expectation's, in standard errors of the difference.
    price_bend, hessian_bend : second derivatives in the strike
    """

    price: float
    price_stderr: float
    hessian: Floats
    hessian_stderr: Floats
    apart: float
    price_bend: float
    hessian_bend: Floats

    def price_bias(self, variance: float) -> float:
        """Return what a corner convolved with a density of mean zero and this variance adds, to leading order."""
        return 0.5 * variance * self.price_bend

    def hessian_bias(self, variance: float) -> Floats:
        """Return the same for the Hessian."""
        return 0.5 * variance * self.hessian_bend


def softplus_variance(alpha: float) -> float:
    """Return the variance of the logistic density that softplus convolves a corner with."""
    return math.pi**2 / (3.0 * alpha * alpha)


@cache
def truth(n_assets: int, differentiate: tuple[str, ...] = ("spots", "volatilities")) -> Truth:
    """Return the truth for that many assets, made once."""

    def over_sobol(strike: float, smoothing: str) -> Expectation:
        is_kink = smoothing == "kink"
        path = basket_call.path(
            n_assets, None if is_kink else smoothing, differentiate=differentiate, strike=strike
        )
        points = Sobol(n_paths=N_POINTS, shape=path.noise_shape, seed=SEED + is_kink, replicates=REPLICATES)
        return expectation(path, path.parameters, lanes=points, smoothing="kink" if is_kink else None)

    kink = over_sobol(STRIKE, "kink")
    below, middle, above = (
        over_sobol(STRIKE + shift, "conditional_expectation") for shift in (-STRIKE_STEP, 0.0, STRIKE_STEP)
    )
    estimates = (kink, below, middle, above)
    exact, low, centre, high = (np.asarray(mean.hessian) for mean in estimates)
    noise, other_noise = (np.asarray(mean.hessian_stderr) for mean in (kink, middle))
    rounded = ROUND_OFF * np.abs(exact).max()  # for one asset neither has any noise
    return Truth(
        price=middle.value,
        price_stderr=middle.stderr,
        hessian=exact,
        hessian_stderr=noise,
        apart=float((np.abs(exact - centre) / (np.hypot(noise, other_noise) + rounded)).max()),
        price_bend=(below.value - 2.0 * middle.value + above.value) / STRIKE_STEP**2,
        hessian_bend=(low - 2.0 * centre + high) / STRIKE_STEP**2,
    )
