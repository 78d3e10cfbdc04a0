"""Functions of all shapes: the planner's choice against the fastest method, and edge pushing's own figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib as ad
from aadlib.types import Floats
from greeks2 import hessian, plan
from greeks2.methods import methods_for
from greeks2.methods.edge_pushing.edge_pushing import replay_arcs, schedule_of
from greeks2.methods.forward_over_reverse.forward_over_reverse import colored_entries, coloring_of
from greeks2.point import point_at

from .black_scholes import POINT, call_price
from .bspline_march import recorded, static_basis
from .bspline_pde import price, weights
from .sizes import SMALLEST
from .unseen_functions import UNSEEN

COLORED = "coloured directions"
HOPELESS = 5.0
"""A method that took so many times the fastest at its first timing is not timed again."""


@dataclass(frozen=True)
class Shape:
    """One program and where it is differentiated."""

    name: str
    program: ad.Program
    point: Floats


Function = Callable[[Any], Any]
FUNCTIONS: dict[str, tuple[Function, Floats]] = {}


def shape(name: str, point: npt.ArrayLike) -> Callable[[Function], Function]:
    """Put a function on the list."""

    def put(function: Function) -> Function:
        FUNCTIONS[name] = (function, np.asarray(point, dtype=np.float64))
        return function

    return put


@shape("three inputs, five operations", [0.5, 0.25, 2.0])
def _few(x: Any) -> Any:
    return (x[0] + np.exp(x[1])) * (3.0 * x[1] + x[2] ** 2)


shape("Black-Scholes, 5 inputs", POINT)(call_price)


@shape("basket of 20: spots and volatilities", np.r_[np.linspace(0.9, 1.1, 20), np.linspace(0.1, 0.4, 20)])
def _basket(x: Any) -> Any:
    grown = x[:20] * np.exp(-0.5 * x[20:] ** 2 + x[20:] * np.linspace(-1.0, 1.0, 20))
    return ad.softplus(np.sum(grown) / 20.0 - 1.0, sharpness=30.0)


@shape("log of a sum of exponentials, 100 inputs", np.linspace(-1.0, 1.0, 100))
def _log_sum_exp(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


@shape("separable, 500 inputs", np.linspace(-1.0, 1.0, 500))
def _separable(x: Any) -> Any:
    return np.sum(np.exp(np.sin(x)))


@shape("500 inputs, 3 of them nonlinear", np.linspace(0.5, 1.5, 500))
def _few_nonlinear(x: Any) -> Any:
    return np.sum(x * np.linspace(1.0, 2.0, 500)) + x[0] ** 2 * x[250] + np.exp(x[499])


def _rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


shape("chained Rosenbrock, 50 inputs", np.linspace(0.5, 1.5, 50))(_rosenbrock)
shape("chained Rosenbrock, 2000 inputs", np.linspace(0.5, 1.5, 2000))(_rosenbrock)


@shape("recurrence, 2 inputs, 2000 steps", [0.3, 1.7])
def _recurrence(x: Any) -> Any:
    y = x[0]
    for _ in range(2000):
        y = x[1] * y * (1.0 - y) + 0.01
    return y


@shape("Monte Carlo, 50 paths of 50 steps, 5 inputs", [1.0, 0.04, 1.5, 0.3, -0.5])
def _paths(x: Any) -> Any:
    spot, variance, speed, spread, correlation = x
    normals = np.random.default_rng(20240229).standard_normal((50, 2, 50))
    other = np.sqrt(1.0 - correlation**2)
    total = 0.0
    for path in normals:
        s, v = np.log(spot), variance
        for a, b in path.T.tolist():
            root = np.sqrt(v) * 0.1414
            s = s - 0.01 * v + root * a
            v = ad.softplus(
                v + 0.02 * speed * (0.05 - v) + spread * root * (correlation * a + other * b), 50.0
            )
        total = total + ad.softplus(np.exp(s) - 1.0, sharpness=20.0)
    return total / 50.0


@shape("one path under 40 forward rates and volatilities", np.r_[np.full(20, 0.03), np.full(20, 0.2)])
def _forward_rates(x: Any) -> Any:
    normals = np.random.default_rng(20240229).standard_normal(20)
    rates, discount, value = list(x[:20]), 1.0, 0.0
    for n in range(20):
        drift = 0.0
        for k in range(n, 20):
            drift = drift + 0.25 * rates[k] * x[20 + k] / (1.0 + 0.25 * rates[k])
            moved = (drift - 0.5 * x[20 + k]) * x[20 + k] * 0.25 + 0.5 * x[20 + k] * float(normals[n])
            rates[k] = rates[k] * np.exp(moved)
        discount = discount / (1.0 + 0.25 * rates[n])
        value = value + discount * ad.softplus(rates[n] - 0.03, sharpness=200.0)
    return value


@shape("swap on a curve of 60 rates", np.linspace(0.01, 0.04, 60))
def _swap(x: Any) -> Any:
    discount, value = 1.0, 0.0
    for n in range(60):
        discount = discount / (1.0 + 0.5 * x[n])
        value = value + discount * (x[n] - 0.025)
    return value


@shape("network, 40 inputs, 3 dense layers", np.linspace(-0.5, 0.5, 40))
def _network(x: Any) -> Any:
    layers = 0.2 * np.random.default_rng(20240229).standard_normal((3, 40, 40))
    for layer in layers:
        x = np.tanh(layer @ x)
    return np.sum(x * x)


@shape("quadratic form, 60 inputs", np.linspace(-1.0, 1.0, 60))
def _quadratic_form(x: Any) -> Any:
    matrix = np.random.default_rng(20240229).standard_normal((60, 60))
    return x @ matrix @ x


@shape("logarithm of a determinant, 8 x 8", np.eye(8).ravel() + np.linspace(0.0, 0.3, 64))
def _determinant(x: Any) -> Any:
    rows, result = [list(x[8 * i : 8 * i + 8]) for i in range(8)], 0.0
    for i in range(8):
        result = result + np.log(rows[i][i])
        for k in range(i + 1, 8):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return result


@shape("book of 60 trades, 4 inputs each, long recurrences", np.linspace(0.5, 1.5, 240))
def _book(x: Any) -> Any:
    total = 0.0
    for k in range(0, 240, 4):
        state = [x[k + m % 4] * (1.0 + 0.01 * m) for m in range(40)]
        for n in range(6):
            state = [np.sin(s + 0.1 * state[(m + n) % 40] * state[m - 1]) for m, s in enumerate(state)]
        total = total + sum(state)
    return total


@shape("book of 200 closed forms under 3 common inputs", np.r_[np.full(200, 0.2), 1.0, 0.03, 0.01])
def _closed_forms(x: Any) -> Any:
    spot, rate, dividend = x[200:]
    total = 0.0
    for k in range(200):
        d1 = (np.log(spot) + (rate - dividend) - 0.002 * (k - 100)) / x[k] + 0.5 * x[k]
        total = total + spot * np.exp(-dividend) * ad.norm_cdf(d1) - np.exp(-rate) * ad.norm_cdf(d1 - x[k])
    return total


@shape("explicit PDE, 60 spots, 12 x 8 weights in spot and time", np.full(96, 0.2))
def _explicit(x: Any) -> Any:
    values = [max(0.05 * i - 1.5, 0.0) for i in range(61)]
    for n in range(64):
        time_place = n / 64 * 7
        j, b = int(time_place), time_place % 1.0
        volatility = [x[8 * k + j] * (1.0 - b) + x[8 * k + j + 1] * b for k in range(12)]
        inner = []
        for i in range(1, 60):
            k, a = divmod(i / 61 * 11, 1.0)
            level = volatility[int(k)] * (1.0 - a) + volatility[int(k) + 1] * a
            diffusion = 0.5 * i * i / 64 * 0.2 * level * level
            inner.append(values[i] + diffusion * (values[i + 1] - 2.0 * values[i] + values[i - 1]))
        values = [values[0], *inner, values[-1]]
    return values[30]


shape("implicit PDE, 101 spots, 20 steps, 9 weights", weights(9))(partial(price, n_spots=101, n_steps=20))
shape("implicit PDE, 201 spots, 100 steps, 19 weights", weights(19))(price)
FUNCTIONS |= UNSEEN


def march() -> Shape:
    """Return the PDE whose march is one operation."""
    return Shape(
        "the march as one operation, 19 weights", recorded(weights(19), static_basis(19)), weights(19)
    )


def shapes(names: list[str] | None = None) -> list[Shape]:
    """Return the functions of these names, recorded; all of them, and the march, where none are given."""
    chosen = list(FUNCTIONS) if names is None else names
    found = [
        Shape(name, ad.record(FUNCTIONS[name][0], FUNCTIONS[name][1]), FUNCTIONS[name][1]) for name in chosen
    ]
    return found + ([march()] if names is None else [])


def contestants(one: Shape) -> dict[str, Callable[[], object]]:
    """Return the dense Hessian by every exact method that runs on the program, coloured directions among them."""
    found: dict[str, Callable[[], object]] = {
        method.name: partial(hessian, one.program, one.point, method=method.name)
        for method in methods_for(one.program)
        if method.is_exact
    }
    coloring = coloring_of(one.program)
    if coloring is not None:

        def colored() -> Floats:
            with point_at(one.program, (one.point,)) as point:
                return coloring.dense(colored_entries(point, coloring))

        found[COLORED] = colored
    return found


def best_seconds(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the shortest time of each, timed in turn, small ones many calls at a time."""
    found: dict[str, float] = {}
    for name, run in runs.items():
        run()
        found[name] = min(_seconds(run, 1) for _ in range(3))
    for _ in range(rounds):
        fastest = min(found.values())
        for name, run in runs.items():
            if found[name] < HOPELESS * fastest:
                found[name] = min(found[name], _seconds(run, max(1, int(1e-3 / found[name]))))
    return found


def _seconds(run: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - began) / calls


def choice_of(one: Shape) -> str:
    """Return what the planner chooses, by the names of `contestants`."""
    chosen = plan(one.program)
    return COLORED if chosen.method == "forward_over_reverse" and "colors" in chosen.counts else chosen.method


@dataclass(frozen=True)
class Pushes:
    """One numeric phase of edge pushing: its pushes, most arcs alive, bytes held, and seconds."""

    pushes: int
    live_arcs: int
    flushes: int
    nbytes: int
    seconds: float


def numeric_phase(one: Shape, rounds: int, cap_active: int | None = None) -> Pushes:
    """Replay the schedule of a program, the sweeps of values and adjoints not counted; forward rows of a cap are."""
    schedule = schedule_of(one.program, cap_active)
    n = one.point.size
    with point_at(one.program, (one.point,)) as point:

        def push() -> None:
            with schedule.weights() as weights:
                replay_arcs(point, schedule, weights, half)
                weights[schedule.addresses] = 0.0

        half = np.zeros((n, n))
        push()
        seconds = best_seconds({"push": push}, rounds)["push"]
    rows = 8 * schedule.ends.size * n if schedule.is_dense else 0
    return Pushes(schedule.pushes, schedule.peak, schedule.n_flushes, schedule.nbytes + rows, seconds)


class Choice:
    """The planner's choice against the fastest, as a ratio of times."""

    params = ["Black-Scholes, 5 inputs"] if SMALLEST else list(FUNCTIONS)
    param_names = ("function",)
    timeout = 300

    def setup(self, name: str) -> None:
        """Record once."""
        (self.shape,) = shapes([name])

    def track_choice_over_fastest(self, name: str) -> float:
        """Return 1 where the choice is the fastest."""
        found = best_seconds(contestants(self.shape), rounds=5)
        return found[choice_of(self.shape)] / min(found.values())

    def track_nanoseconds_per_push(self, name: str) -> float:
        """Return the time of edge pushing's numeric phase over its pushes."""
        phase = numeric_phase(self.shape, rounds=5)
        return 1e9 * phase.seconds / max(1, phase.pushes)

    def track_live_arcs(self, name: str) -> int:
        """Return the most arcs alive at once."""
        return numeric_phase(self.shape, rounds=1).live_arcs
