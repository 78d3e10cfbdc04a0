"""Gradient and Hessian of a call in 25 SVI parameters, the march as one operation or every operation recorded."""

from __future__ import annotations

from functools import partial
from typing import Any

import aadlib as ad
from apps.reproduce.contracts.svi_call import EXPIRIES, POINT
from greeks2 import hessian
from pricers.pde.backward import svi_pde
from pricers.pde.grids import uniform_grid

from .sizes import SMALLEST, median_seconds

N_NODES, N_STEPS = (41, 10) if SMALLEST else (201, 100)


def price(parameters: Any, *, expand: bool) -> Any:
    """Return the price of a one-year call, five parameters for each of five slices."""
    return svi_pde.price(
        parameters=parameters,
        expiries=EXPIRIES,
        spot=100.0,
        strike=100.0,
        expiry=1.0,
        rate=0.05,
        grid=uniform_grid(lowest=0.0, highest=300.0, n_nodes=N_NODES),
        n_steps=N_STEPS,
        expand=expand,
    )


class SVI:
    """Replays of one recording."""

    params = ["one operation"] if SMALLEST else ["one operation", "every operation"]
    param_names = ("march",)
    timeout = 300

    def setup(self, march: str) -> None:
        """Record once, and plan."""
        self.program = ad.record(partial(price, expand=march == "every operation"), POINT)
        hessian(self.program, POINT)

    def time_gradient(self, march: str) -> None:
        """Replay the gradient."""
        self.program.gradient(POINT)

    def time_hessian(self, march: str) -> None:
        """Replay the whole matrix."""
        hessian(self.program, POINT)

    def track_hessian_over_price(self, march: str) -> float:
        """Return the cost of a Hessian in prices."""
        matrix = median_seconds(lambda: hessian(self.program, POINT), rounds=3)
        return matrix / median_seconds(lambda: self.program.value(POINT))

    def track_bumping_over_hessian(self, march: str) -> float:
        """Return how many times the Hessian's time 1,300 prices take, evaluated one by one."""
        matrix = median_seconds(lambda: hessian(self.program, POINT), rounds=3)
        return 1300.0 * median_seconds(lambda: self.program.value(POINT)) / matrix
