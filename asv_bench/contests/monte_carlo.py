"""All second-order Greeks of a basket call by Monte Carlo, against jax and NumPy by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks import monte_carlo as model

from contests import Settings
from contests.racing import Contestants, first_call, line, race


def run(settings: Settings) -> None:
    """Race all second-order Greeks of a basket call by Monte Carlo against jax and against NumPy by hand."""
    for n_assets in (5, 10, 20, 40):
        basket_case(n_assets, settings.rounds)
    threads_case(settings.rounds)
    one, tracked = model.Case(10, n_paths=2000), model.Case(10, 50, n_paths=2000)
    medians = race({"one step": one.sweep(), "50 tracked steps": tracked.sweep()}, settings.rounds)
    print("Ten assets, 2,000 paths, one thread, every step on the tape")
    for name, seconds in medians.items():
        line(name, seconds, "ms", 1e3, {"one step": medians["one step"]})


def in_threads(n_threads: int, run: Callable[[], object]) -> object:
    """Return what `run` does with so many threads."""
    before = os.environ.get("AADLIB_NUM_THREADS")
    os.environ["AADLIB_NUM_THREADS"] = str(n_threads)
    try:
        return run()
    finally:
        del os.environ["AADLIB_NUM_THREADS"]
        if before is not None:
            os.environ["AADLIB_NUM_THREADS"] = before


def threads_case(rounds: int) -> None:
    """Race two threads against one on a million paths, and say what processor time each took."""
    case = model.Case(10, n_paths=1_000_000)
    spent: dict[str, list[float]] = {"one thread": [], "two threads": []}

    def timed(name: str, n_threads: int) -> None:
        began = time.process_time()
        in_threads(n_threads, case.greeks)
        spent[name].append(time.process_time() - began)

    contestants: Contestants = {
        name: partial(timed, name, n_threads) for n_threads, name in enumerate(spent, start=1)
    }
    medians = race(contestants, max(3, rounds // 4))
    print("Ten assets, 1,000,000 paths")
    for name, seconds in medians.items():
        line(name, seconds, "ms", 1e3, {"one thread": medians["one thread"]})
        print(f"    processor time {1e3 * median(spent[name][1:]):.0f} ms")


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
        "expectation, given the function": case.greeks_of_function,
        "one thread, expectation": partial(in_threads, 1, case.greeks),
        "one thread, given the function": partial(in_threads, 1, case.greeks_of_function),
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
            against["the sweep alone"] = medians["one thread, sweep alone"]
        line(name, seconds, "ms", 1e3, against if name != "jax jit" else {})
    print("  largest difference from NumPy by hand, relative:", end=" ")
    print(", ".join(f"{name} {error:.1e}" for name, error in model.largest_differences(case).items()))
