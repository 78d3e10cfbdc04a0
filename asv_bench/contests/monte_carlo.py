"""All second-order Greeks of a basket call by Monte Carlo, against jax and NumPy by hand."""

from __future__ import annotations

import time
from functools import partial

from benchmarks import monte_carlo as model

from contests import Settings
from contests.racing import Contestants, first_call, line, race


def run(settings: Settings) -> None:
    """Race all second-order Greeks of a basket call by Monte Carlo against jax and against NumPy by hand."""
    for n_assets in (5, 10, 20, 40):
        basket_case(n_assets, settings.rounds)
    one, tracked = model.Case(10, n_paths=2000), model.Case(10, 50, n_paths=2000)
    medians = race({"one step": one.sweep(), "50 tracked steps": tracked.sweep()}, settings.rounds)
    print("Ten assets, 2,000 paths, one thread, every step on the tape")
    for name, seconds in medians.items():
        line(name, seconds, "ms", 1e3, {"one step": medians["one step"]})


def basket_case(n_assets: int, rounds: int) -> None:
    """Race one basket, and say how far the methods are from the formula by hand."""
    began = time.perf_counter()
    case = model.Case(n_assets)
    case.greeks()
    cold = time.perf_counter() - began
    print(
        f"Basket call, {n_assets} assets, {len(case.z):,} paths: value, gradient, Hessian of {case.p.size} inputs"
    )
    contestants: Contestants = {
        "expectation": case.greeks,
        "expectation, edge_pushing": partial(case.greeks, "edge_pushing"),
        "one thread, sweep alone": case.sweep(),
        "one thread, edge_pushing alone": case.sweep("edge_pushing"),
        "one thread, price alone": case.sweep(order=0),
        "NumPy by hand": partial(model.greeks_by_hand, case.p, case.z),
    }
    medians = race(contestants, rounds)
    try:
        run = model.jax_run(case)
    except ImportError:
        print("  jax is not installed")
    else:
        first = first_call(run)
        print(f"  first call: {1e3 * cold:.0f} ms (draw, record, plan, sweep), jax's {1e3 * first:.0f} ms")
        # By itself: its threads stay awake for a while after a call, and slow down who comes next.
        medians |= race({"jax jit": run}, rounds)
    for name, seconds in medians.items():
        against = {
            peer: medians[peer] for peer in ("jax jit", "NumPy by hand") if peer in medians and peer != name
        }
        if name.startswith("one thread"):
            against["our price"] = medians["one thread, price alone"]
        line(name, seconds, "ms", 1e3, against if name != "jax jit" else {})
    print("  largest difference from NumPy by hand, relative:", end=" ")
    print(", ".join(f"{name} {error:.1e}" for name, error in model.largest_differences(case).items()))
