"""Print our figures beside those of the peers that are installed, measured in one process, warm, medians and ratios.

    python asv_bench/peers.py [CONTEST...] [--rounds N]

Install the peers with `pip install 'aadlib[bench]'`. Each round times every contestant once, in turn, so that a busy
machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from benchmarks.black_scholes import POINT, call_price, float_call_price, scenarios, ten_closed_forms
from benchmarks.bspline_pde import price, weights
from benchmarks.recording import chain

import aadlib as ad
from greeks2 import METHODS, hessian, plan

PLOT: str | None = None
"""Where to draw how the Hessian's cost grows, if anywhere."""

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


def hessian_methods(rounds: int) -> None:
    """Race the second-order methods on the plain scalar tape of the B-spline PDE, and the first call from nothing."""
    x = weights(19)
    cold = first_call(lambda: hessian(price, x))
    program = ad.record(price, x)
    began = time.perf_counter()
    explained = plan(program)
    planned = time.perf_counter() - began
    print("Hessian of the B-spline PDE, 19 weights, plain scalar tape")
    print(f"  the planner chose {explained.method} in {1e3 * planned:.1f} ms")
    exact = [method for method in METHODS if method != "bumping2"]
    contestants: Contestants = {method: partial(hessian, program, x, method=method) for method in exact}
    jax_cold = None
    try:
        import jax
        from benchmarks.bspline_pde_jax import jitted_price
    except ImportError:
        print("  jax is not installed")
    else:
        compiled = jax.jit(jax.hessian(jitted_price(19)))
        jax_cold = first_call(lambda: compiled(x).block_until_ready())
        contestants["jax jit"] = lambda: compiled(x).block_until_ready()
    found = race(contestants, max(3, rounds // 4))
    found |= race({"bumping2": partial(hessian, program, x, method="bumping2")}, 3)
    for name, seconds in found.items():
        line(name, seconds, "ms", 1e3, {k: v for k, v in found.items() if k == "jax jit" != name})
    first = {"jax's first call": jax_cold} if jax_cold else {}
    line("first call from nothing: record, plan, Hessian", cold, "ms", 1e3, first)
    truth = {"": hessian(program, x, method="forward_over_reverse")}
    others = {
        name: apart({"": hessian(program, x, method=name)}, truth)
        for name in exact
        if name != "forward_over_reverse"
    }
    if jax_cold:
        others["jax"] = apart({"": np.asarray(compiled(x))}, truth)
    print("  largest difference from forward over reverse, relative to the largest entry:")
    print("   " + ", ".join(f"{name}{difference}" for name, difference in others.items()))


def black_scholes(rounds: int) -> None:
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
    found = race(
        {
            "price in Python's math module": often(lambda: float_call_price(*market)),
            "value, gradient and Hessian (5 x 5)": often(lambda: program.derivatives(x)),
        },
        rounds,
    )
    print("Black-Scholes call, five inputs, one state")
    plain, ours = found.values()
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
    found = race(
        {"NumPy": lambda: ten_closed_forms(states), "lanes": lambda: over_lanes.derivatives(states)},
        rounds,
    )
    print("The same for 100,000 scenarios")
    line("ten closed-form numbers in NumPy", found["NumPy"], "ms", 1e3, {})
    line(
        "value, gradient and Hessian as lanes",
        found["lanes"],
        "ms",
        1e3,
        {"the closed forms": found["NumPy"]},
    )


def march(rounds: int) -> None:
    """Race the march as one operation: 19 weights, 96 in spot and time, how its cost grows, a book by one march."""
    from benchmarks import bspline_march as model

    cases = (
        ("spline in the spot, 19 weights", model.static_basis(19), weights(19)),
        ("spline in spot and time, 12 x 8 weights", model.tensor_basis(), model.tensor_weights()),
    )
    for title, basis, x in cases:
        march_case(title, model, basis, x, rounds)
    forward_march(rounds)
    print("How the Hessian grows: spline in the spot, 201 spots, 100 steps")
    multiples: dict[int, float] = {}
    for n_weights in (9, 19, 50, 100, 200):
        program = model.recorded(weights(n_weights), model.static_basis(n_weights))
        x = weights(n_weights)
        found = race({"price": partial(program.value, x), "Hessian": partial(program.hessian, x)}, rounds)
        multiple = found["Hessian"] / found["price"]
        print(f"  {n_weights:4d} weights: {1e3 * found['Hessian']:8.3f} ms, {multiple:7.1f} prices, "
              f"{multiple / n_weights:.3f} a weight")  # fmt: skip
        multiples[n_weights] = multiple
    if PLOT is not None:
        plot_growth(multiples, PLOT)


def forward_march(rounds: int) -> None:
    """Race a book by the forward march as one operation against the same march operation by operation."""
    from benchmarks import forward_book as model

    x = model.point()
    programs = {"one operation": model.recorded(), "every operation": model.recorded(expand=True)}
    ours, every = programs.values()
    print(f"Book of 42 options by one forward march, spot, rate and a surface: {x.size} inputs")
    for name, program in programs.items():
        seconds = median(
            first_call(partial(model.recorded, expand=name == "every operation")) for _ in range(5)
        )
        print(f"  {name}: {program.n_nodes:,} nodes recorded in {1e3 * seconds:.1f} ms")
    contestants: Contestants = {
        f"{verb}, {name}": partial(getattr(program, verb), x)
        for verb in ("value", "gradient", "hessian")
        for name, program in programs.items()
    }
    found = race(contestants, rounds)
    for name, seconds in found.items():
        verb, _, kind = name.partition(", ")
        beside = {"every operation": found[f"{verb}, every operation"]} if kind == "one operation" else {}
        line(name, seconds, "ms", 1e3, beside | {"its value": found[f"value, {kind}"]})
    numbers = [
        {verb: getattr(program, verb)(x) for verb in ("value", "gradient", "hessian")}
        for program in (ours, every)
    ]
    print("  largest difference from every operation on the tape, relative:", apart(*numbers))


def plot_growth(multiples: dict[int, float], path: str) -> None:
    """Draw the cost of a Hessian in prices over the number of weights, beside linear growth from the first point."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    ax = figure.subplots()
    counts = list(multiples)
    ax.plot(counts, list(multiples.values()), "o-", label="Hessian, the march as one operation")
    first = counts[0]
    ax.plot(counts, [multiples[first] * n / first for n in counts], "--", color="0.6", label="linear growth")
    ax.set_xlabel("weights of the local-volatility spline")
    ax.set_ylabel("cost of the full Hessian [prices]")
    ax.set_title("How the cost of a Hessian grows")
    ax.legend()
    figure.savefig(path, dpi=150)
    print(f"  drawn in {path}")


def march_case(title: str, model: Any, basis: Any, x: Any, rounds: int) -> None:
    """Race price, gradient and Hessian of one surface against jax, and say how far the numbers are apart."""
    began = time.perf_counter()
    program = model.recorded(x, basis)
    recorded = time.perf_counter() - began
    print(f"Call under a {title}: 201 spots, 100 Crank-Nicolson steps, the march as one operation")
    print(f"  recorded in {1e3 * recorded:.1f} ms (kernels already compiled on this machine or not)")
    contestants: Contestants = {
        "price": partial(program.value, x),
        "gradient": partial(program.gradient, x),
        "Hessian": partial(program.hessian, x),
    }
    alone = race(
        dict(contestants), rounds
    )  # in prices: a price just after jax's threads have run is a slower one
    ours = {name: run() for name, run in contestants.items()}
    every = model.recorded(x, basis, expand=True)
    theirs: dict[str, Any] = {"price": every.value(x), "gradient": every.gradient(x)}
    if x.size < 50:
        theirs["Hessian"] = every.hessian(x)
    print("  largest difference from every operation on the tape, relative:", apart(ours, theirs))
    try:
        import jax
    except ImportError:
        print("  jax is not installed")
    else:
        plain = model.jax_price(basis)
        functions = {"price": plain, "gradient": jax.grad(plain), "Hessian": jax.hessian(plain)}
        for name, function in functions.items():
            compiled = jax.jit(function)
            cold = first_call(lambda compiled=compiled: compiled(x).block_until_ready())  # type: ignore[misc]
            contestants[f"jax jit, {name}"] = lambda compiled=compiled: compiled(x).block_until_ready()
            theirs[name] = np.asarray(compiled(x))
            print(f"  jax's first call, {name}: {cold:.2f} s")
        print("  largest difference from jax, relative:", apart(ours, theirs))
    found = race(contestants, rounds)
    for name, seconds in found.items():
        beside = f"jax jit, {name}"
        line(name, seconds, "ms", 1e3, {"jax": found[beside]} if beside in found else {})
    for name, seconds in alone.items():
        line(f"{name}, without jax beside it", seconds, "ms", 1e3, {"our price": alone["price"]})


def apart(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Return the largest differences relative to the largest entry, in words."""
    return ", ".join(
        f"{name} {np.max(np.abs(ours[name] - value)) / np.max(np.abs(value)):.1e}"
        for name, value in theirs.items()
    )


def planner(rounds: int) -> None:
    """Race every exact method on functions of all shapes and say how far the planner's choice is from the fastest."""
    from benchmarks import planner as model

    print("The planner's choice against the fastest method, dense Hessians of recorded functions")
    print(
        f"  {'':<58}{'inputs':>7}{'nodes':>9}  {'planned':>9}  {'choice':<22}{'fastest':>10}  choice / fastest"
    )
    ratios = []
    for shape in model.shapes():
        began = time.perf_counter()
        choice = model.choice_of(shape)
        planned = time.perf_counter() - began
        found = model.best_seconds(model.contestants(shape), rounds)
        fastest = min(found, key=lambda name: found[name])
        ratios.append(found[choice] / found[fastest])
        other = "" if fastest == choice else f" ({fastest})"
        print(
            f"  {shape.name:<58}{shape.point.size:7d}{shape.program.n_nodes:9,d}  {1e3 * planned:6.1f} ms  {choice:<22}"
            f"{1e6 * found[fastest]:7.0f} us  {ratios[-1]:.2f}{other}"
        )
    within = sum(ratio <= 1.3 for ratio in ratios)
    print(f"  within 1.3 of the fastest: {within} of {len(ratios)}; the worst is {max(ratios):.2f}")


def edge_pushing(rounds: int) -> None:
    """Time the numeric phase of edge pushing per push, and run it again with at most 200 arcs alive."""
    from benchmarks import planner as model

    print("Edge pushing, numeric phase; below each, the same with cap_active=200")
    for shape in model.shapes():
        if shape.program.composites:
            continue
        for cap in (None, 200):
            phase = model.numeric_phase(shape, rounds, cap)
            if cap is None and phase.pushes < 10_000:
                break
            name = shape.name if cap is None else "  at most 200 arcs"
            print(
                f"  {name:<58}{phase.pushes:11,d} pushes {1e9 * phase.seconds / phase.pushes:6.2f} ns each"
                f"{1e3 * phase.seconds:9.2f} ms, most arcs alive {phase.live_arcs:6,d}, {1e-6 * phase.nbytes:7.1f} MB",
                end="\n" if cap is None else "",
            )
        else:
            truth = hessian(shape.program, shape.point, method="forward_over_reverse")
            free, capped = (
                apart(
                    {"": hessian(shape.program, shape.point, method="edge_pushing", cap_active=cap)},
                    {"": truth},
                )
                for cap in (None, 200)
            )
            print(
                f", {phase.flushes:,d} flushes; from forward over reverse{free} without a cap,{capped} with it"
            )


def monte_carlo(rounds: int) -> None:
    """Race all second-order Greeks of a basket call by Monte Carlo against jax and against NumPy by hand."""
    from benchmarks import monte_carlo as model

    for n_assets in (5, 10, 20, 40):
        monte_carlo_case(model, n_assets, rounds)
    one, tracked = model.Case(10, n_paths=2000), model.Case(10, 50, n_paths=2000)
    found = race({"one step": one.sweep(), "50 tracked steps": tracked.sweep()}, rounds)
    print("Ten assets, 2,000 paths, one thread, every step on the tape")
    for name, seconds in found.items():
        line(name, seconds, "ms", 1e3, {"one step": found["one step"]})


def monte_carlo_case(model: Any, n_assets: int, rounds: int) -> None:
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
    found = race(contestants, rounds)
    try:
        run = model.jax_run(case)
    except ImportError:
        print("  jax is not installed")
    else:
        first = first_call(run)
        print(f"  first call: {1e3 * cold:.0f} ms (draw, record, plan, sweep), jax's {1e3 * first:.0f} ms")
        # By itself: its threads stay awake for a while after a call, and slow down who comes next.
        found |= race({"jax jit": run}, rounds)
    for name, seconds in found.items():
        against = {
            peer: found[peer] for peer in ("jax jit", "NumPy by hand") if peer in found and peer != name
        }
        if name.startswith("one thread"):
            against["our price"] = found["one thread, price alone"]
        line(name, seconds, "ms", 1e3, against if name != "jax jit" else {})
    print("  largest difference from NumPy by hand, relative:", end=" ")
    print(", ".join(f"{name} {error:.1e}" for name, error in model.largest_differences(case).items()))


CONTESTS: dict[str, Callable[[int], None]] = {
    "monte_carlo": monte_carlo,
    "recording": recording,
    "pde": pde,
    "march": march,
    "hessian": hessian_methods,
    "black_scholes": black_scholes,
    "planner": planner,
    "edge_pushing": edge_pushing,
}


def main() -> None:
    """Run the contests asked for, or all."""
    parser = argparse.ArgumentParser(description="our figures beside those of the peers")
    parser.add_argument(
        "contests", nargs="*", metavar="contest", help=f"any of {', '.join(CONTESTS)}; default all"
    )
    parser.add_argument("--rounds", type=int, default=21, help="how often each contestant is timed")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw how the Hessian's cost grows (contest march) into FILE"
    )
    chosen = parser.parse_args()
    global PLOT
    PLOT = chosen.plot
    if unknown := set(chosen.contests) - set(CONTESTS):
        parser.error(f"unknown contest {sorted(unknown)}: choose from {', '.join(CONTESTS)}")
    for name in chosen.contests or CONTESTS:
        CONTESTS[name](chosen.rounds)


if __name__ == "__main__":
    main()
