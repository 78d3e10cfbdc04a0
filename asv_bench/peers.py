"""Print our figures beside those of the peers that are installed, measured in one process, warm, medians and ratios.

    python asv_bench/peers.py [recording] [pde] [--rounds N]

Install the peers with `pip install 'aadlib[bench]'`. Each round times every contestant once, in turn, so that a busy
machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
from benchmarks.bspline_pde import price, weights
from benchmarks.recording import chain

import aadlib as ad

Contestants = dict[str, Callable[[], object]]


def race(contestants: Contestants, rounds: int) -> dict[str, float]:
    """Return the median seconds of each contestant; their first calls are not counted."""
    for run in contestants.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: median(found) for name, found in seconds.items()}


def first_call(run: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def line(name: str, seconds: float, unit: str, scale: float, against: dict[str, float]) -> None:
    """Print one figure and its ratio to each of `against`."""
    ratios = ", ".join(f"{seconds / other:.3f} x {peer}" for peer, other in against.items())
    print(f"  {name:<44}{seconds * scale:10.3f} {unit:<4}{ratios}")


def recording(rounds: int) -> None:
    """Race the recording of one binary operation from a Python loop."""
    n_operations = 300_000

    def ours() -> None:
        with ad.Tape() as tape:
            chain(tape.input(0.5), n_operations)

    contestants: Contestants = {"aadlib": ours, "float": lambda: chain(0.5, n_operations)}
    try:
        from xad import adj_1st
    except ImportError:
        print("  xad is not installed")
    else:

        def xad() -> None:
            with adj_1st.Tape() as tape:
                x = adj_1st.Real(0.5)
                tape.registerInput(x)
                tape.newRecording()
                chain(x, n_operations)

        contestants["xad"] = xad
    found = race(contestants, rounds)
    print(f"Recording one binary operation, {n_operations:,} in a Python loop")
    for name, seconds in found.items():
        peers = {peer: s for peer, s in found.items() if peer != name and name == "aadlib"}
        line(name, seconds / n_operations, "ns", 1e9, {k: s / n_operations for k, s in peers.items()})


def pde(rounds: int) -> None:
    """Race price, gradient and Hessian of the B-spline PDE, 19 weights, on the plain scalar tape."""
    x = weights(19)
    began = time.perf_counter()
    program = ad.record(price, x)
    recorded = time.perf_counter() - began
    report = program.memory_report()
    print("Call under a B-spline local volatility, 201 spots, 100 Crank-Nicolson steps, 19 weights")
    print(
        f"  recorded {report['recorded']:,} operations in {1e3 * recorded:.1f} ms, {report['nodes']:,} after merging "
        f"repeats; {report['bytes_per_node']} bytes per node with one gradient replay"
    )
    contestants: Contestants = {
        "price": partial(program.value, x),
        "gradient": partial(program.gradient, x),
        "Hessian, forward over reverse": partial(program.hessian, x),
    }
    peers: dict[str, dict[str, str]] = {}
    try:
        import jax
        from benchmarks.bspline_pde_jax import jitted_price
    except ImportError:
        print("  jax is not installed")
    else:
        plain = jitted_price(19)
        functions = {"price": plain, "gradient": jax.grad(plain), "Hessian": jax.hessian(plain)}
        for name, function in functions.items():
            compiled = jax.jit(function)
            cold = first_call(lambda compiled=compiled: compiled(x).block_until_ready())  # type: ignore[misc]
            contestants[f"jax jit, {name}"] = lambda compiled=compiled: compiled(x).block_until_ready()
            print(f"  jax's first call, {name}: {cold:.2f} s")
            for ours in contestants:
                if ours.startswith(name):
                    peers[ours] = {"jax": f"jax jit, {name}"}
        worst = np.max(np.abs(np.asarray(functions["gradient"](x)) - program.gradient(x)))
        print(f"  largest difference of a gradient entry from jax's: {worst:.2e}")
    found = race(contestants, rounds)
    for name, seconds in found.items():
        against = {peer: found[key] for peer, key in peers.get(name, {}).items()}
        if not name.startswith("jax") and name != "price":
            against["our price"] = found["price"]
        line(name, seconds, "ms", 1e3, against)


CONTESTS: dict[str, Callable[[int], None]] = {"recording": recording, "pde": pde}


def main() -> None:
    """Run the contests asked for, or all."""
    parser = argparse.ArgumentParser(description="our figures beside those of the peers")
    parser.add_argument(
        "contests", nargs="*", metavar="contest", help=f"any of {', '.join(CONTESTS)}; default all"
    )
    parser.add_argument("--rounds", type=int, default=21, help="how often each contestant is timed")
    chosen = parser.parse_args()
    if unknown := set(chosen.contests) - set(CONTESTS):
        parser.error(f"unknown contest {sorted(unknown)}: choose from {', '.join(CONTESTS)}")
    for name in chosen.contests or CONTESTS:
        CONTESTS[name](chosen.rounds)


if __name__ == "__main__":
    main()
