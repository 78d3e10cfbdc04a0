"""Value, gradient and Hessian of Black-Scholes in five inputs, against plain floats and NumPy by hand."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.black_scholes import POINT, call_price, float_call_price, scenarios, ten_closed_forms

import aadlib as ad
from contests import Settings
from contests.racing import line, race


def run(settings: Settings) -> None:
    """Race value, gradient and Hessian of Black-Scholes in five inputs, for one state and for 100,000 scenarios."""
    x = POINT
    program = ad.record(call_price, x)
    repeats = 1000

    def often(run: Callable[[], object]) -> Callable[[], object]:
        def repeated() -> None:
            for _ in range(repeats):
                run()

        return repeated

    market = x.tolist()
    medians = race(
        {
            "price in Python's math module": often(lambda: float_call_price(*market)),
            "value, gradient and Hessian (5 x 5)": often(lambda: program.derivatives(x)),
        },
        settings.rounds,
    )
    print("Black-Scholes call, five inputs, one state")
    plain, ours = medians.values()
    line("price in Python's math module", plain / repeats, "us", 1e6, {})
    line(
        "value, gradient and Hessian, one replay",
        ours / repeats,
        "us",
        1e6,
        {"the float price": plain / repeats},
    )
    states = scenarios(100_000)
    over_lanes = program.over_lanes()
    medians = race(
        {"NumPy": lambda: ten_closed_forms(states), "lanes": lambda: over_lanes.derivatives(states)},
        settings.rounds,
    )
    print("The same for 100,000 scenarios")
    line("ten closed-form numbers in NumPy", medians["NumPy"], "ms", 1e3, {})
    line(
        "value, gradient and Hessian as lanes",
        medians["lanes"],
        "ms",
        1e3,
        {"the closed forms": medians["NumPy"]},
    )
