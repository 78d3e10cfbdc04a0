"""Functions of several variables, written once and run by every method.

`CASES` holds functions of one array with a point; `arguments` is what `hessian` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad

MATRIX = np.array(
    [[2.0, 0.3, -0.4, 0.1], [0.3, 1.5, 0.2, -0.2], [-0.4, 0.2, 1.1, 0.5], [0.1, -0.2, 0.5, 0.9]]
)


@dataclass(frozen=True)
class Case:
    """One function, where it is differentiated, and whether it passes kinks."""

    name: str
    function: Callable[..., Any]
    arguments: Any
    kinks: bool = False
    passive: tuple[int, ...] = ()


CASES: list[Case] = []


def case(*point: Any, kinks: bool = False, passive: tuple[int, ...] = ()) -> Callable[..., Any]:
    """Put a function on the list: several points are several arguments."""

    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        arguments = np.array(point[0], dtype=float) if len(point) == 1 else point
        CASES.append(Case(function.__name__, function, arguments, kinks, passive))
        return function

    return put


@case([0.5, 0.25, 2.0])
def report_example(x):
    return (x[0] + np.exp(x[1])) * (3.0 * x[1] + x[2] ** 2)


@case([1.3, 0.7])
def repeated_product(x):
    return x[0] * x[0] * x[1] + x[1] * x[1]


@case([1.3, 0.7])
def quotient_with_itself(x):
    return x[0] / x[0] * x[1] ** 3 + (x[0] - x[0]) * x[1]


@case([1.3, 0.7])
def power_of_itself(x):
    return x[0] ** x[0] + x[1] ** x[0] + x[0] ** 3 + 2.0 ** x[1]


@case([0.4])
def unary_chain(x):
    return np.sin(np.exp(np.tanh(np.sqrt(1.0 + x[0] ** 2))))


@case([0.4, 0.9])
def long_unary_chain(x):
    y = x[0] * x[1]
    for _ in range(20):
        y = np.sin(y) + 0.1 * x[1]
    return y


@case([1.0, 2.0, 3.0, 4.0])
def unused_inputs(x):
    return x[1] ** 2 * x[3]


@case([1.0, 2.0, 3.0])
def linear(x):
    return 2.0 * x[0] - x[1] + 0.5 * x[2]


@case([1.0, 2.0, 3.0])
def output_is_not_last(x):
    y = np.exp(x[0]) * x[1]
    _ = y * x[2] ** 2
    return y


@case([1.0, 2.0, 3.0])
def late_input(x):
    y = np.sin(x[0]) * x[1]
    for _ in range(5):
        y = y * y + 0.3
    return y * x[2]


@case([1.5, 2.0], [0.5, 0.3, 0.2], 0.7)
def several_arguments(x, y, z):
    return np.sum(y**2) * x[0] * z + x[1] / z


@case([1.5, 2.0], [0.5, 0.3], passive=(1,))
def passive_argument(x, y):
    return np.sum(x**2 * np.exp(y)) + x[0] * x[1] * y[0]


@case(0.8)
def scalar_argument(x):
    return np.exp(x) * x


@case([[1.0, 2.0], [3.0, 4.0]])
def matrix_argument(x):
    return x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0] ** 2


@case([0.3, -0.2, 0.5, 0.9])
def quadratic_form(x):
    return x @ MATRIX @ x


@case([0.3, -0.2, 0.5, 0.9])
def log_sum_exp(x):
    return np.log(np.sum(np.exp(x)))


@case([1.1, 1.3, 0.8, 0.9])
def product(x):
    return np.prod(x)


@case(np.linspace(0.5, 1.5, 12))
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@case(np.linspace(-1.0, 1.0, 10))
def separable(x):
    return np.sum(np.exp(np.sin(x)))


@case([0.3, -0.2, 0.5, 0.9])
def norm(x):
    return np.linalg.norm(x) * x[0]


@case([0.3, 0.2, 0.5, 0.9])
def network(x):
    for _ in range(4):
        x = np.tanh(MATRIX @ x + 0.1)
    return np.sum(x * x)


@case([0.9, 0.8, 1.1])
def hubs(x):
    """Sixty coefficients, each used at every step: rows of arcs in stretches."""
    y = [x[0] * (0.01 * k) + np.sin(x[1] * k) for k in range(60)]
    state = [1.0 + 0.1 * x[2]] * 4
    for n in range(12):
        for k, c in enumerate(y):
            state[(k + n) % 4] = state[(k + n) % 4] * 0.9 + 0.1 * c * state[(k + 1) % 4]
    return state[0] * state[1] + state[2] / state[3]


@case([0.5, 1.2, -0.3])
def cumulative(x):
    return np.sum(np.cumsum(x) ** 3)


@case([1.4, 0.2, -0.3])
def trigonometric(x):
    return np.arctan2(x[1], x[0]) * np.cos(x[2]) + np.arcsin(x[1]) * np.hypot(x[0], x[2])


@case([1.4, 0.2, 0.3])
def special(x):
    return ad.norm_cdf(x[0]) * ad.norm_ppf(x[1]) + ad.erf(x[2]) * ad.gammaln(x[0]) + ad.logaddexp(x[0], x[1])


@case([100.0, 0.2, 0.05, 1.0])
def black_scholes(x):
    spot, volatility, rate, expiry = x[0], x[1], x[2], x[3]
    spread = volatility * np.sqrt(expiry)
    d1 = np.log(spot / 95.0) / spread + rate * expiry / spread + 0.5 * spread
    return spot * ad.norm_cdf(d1) - 95.0 * np.exp(-rate * expiry) * ad.norm_cdf(d1 - spread)


@case(np.concatenate([np.linspace(0.9, 1.1, 6), np.linspace(0.1, 0.4, 6)]))
def basket(x):
    spots, volatilities = x[:6], x[6:]
    grown = spots * np.exp(-0.5 * volatilities**2 + volatilities * np.linspace(-1.0, 1.0, 6))
    return ad.softplus(np.sum(grown) / 6.0 - 1.0, sharpness=30.0)


@case([0.7, 1.9], kinks=True)
def maximum_of_two(x):
    return np.maximum(x[0] ** 2, x[1]) * x[0] + np.minimum(x[0], 1.0) ** 2


@case([0.0, 1.9], kinks=True)
def branch_not_taken(x):
    """The branch that is not taken holds log(0) and 1 / 0."""
    return np.where(x[0] > 0.5, np.log(x[0]) / x[0], x[1] ** 2 * (1.0 + x[0]))


@case([-0.7, 1.9, 0.4], kinks=True)
def absolute(x):
    return abs(x[0]) ** 3 * x[1] + np.clip(x[2], 0.0, 1.0) ** 2 * x[0]


@case([1.7, 0.9, 0.4])
def python_branch(x):
    return x[0] * x[1] ** 2 if x[0] > x[1] else x[2] ** 2


@case([0.0, 2.0])
def powers_at_zero(x):
    return x[0] ** 2 * x[1] + x[0] ** 3 + x[1] ** 2.5


@case([0.6, 0.3])
def value_used_twice(x):
    y = x[0] * x[1]
    return y * y / (1.0 + y) + y**3
