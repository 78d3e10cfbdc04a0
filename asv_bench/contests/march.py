"""The march of a PDE as one operation, backward and forward, against jax and against every operation."""

from __future__ import annotations

import time
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from benchmarks import bspline_march as model
from benchmarks import forward_book
from benchmarks.bspline_pde import weights

from contests import Settings
from contests.racing import Contestants, apart, first_call, jax_calls, line, race


def run(settings: Settings) -> None:
    """Race the march as one operation: 19 weights, 96 in spot and time, how its cost grows, a book by one march."""
    cases = (
        ("spline in the spot, 19 weights", model.static_basis(19), weights(19)),
        ("spline in spot and time, 12 x 8 weights", model.tensor_basis(), model.tensor_weights()),
    )
    for title, basis, x in cases:
        march_case(title, basis, x, settings.rounds)
    book_case(settings.rounds)
    print("How the Hessian grows: spline in the spot, 201 spots, 100 steps")
    multiples: dict[int, float] = {}
    for n_weights in (9, 19, 50, 100, 200):
        program = model.recorded(weights(n_weights), model.static_basis(n_weights))
        x = weights(n_weights)
        medians = race(
            {"price": partial(program.value, x), "Hessian": partial(program.hessian, x)}, settings.rounds
        )
        multiple = medians["Hessian"] / medians["price"]
        print(f"  {n_weights:4d} weights: {1e3 * medians['Hessian']:8.3f} ms, {multiple:7.1f} prices, "
              f"{multiple / n_weights:.3f} a weight")  # fmt: skip
        multiples[n_weights] = multiple
    if settings.plot is not None:
        plot_growth(multiples, settings.plot)


def book_case(rounds: int) -> None:
    """Race a book by the forward march as one operation against the same march operation by operation."""
    x = forward_book.point()
    programs = {
        "one operation": forward_book.recorded(),
        "every operation": forward_book.recorded(expand=True),
    }
    ours, every = programs.values()
    print(f"Book of 42 options by one forward march, spot, rate and a surface: {x.size} inputs")
    for name, program in programs.items():
        seconds = median(
            first_call(partial(forward_book.recorded, expand=name == "every operation")) for _ in range(5)
        )
        print(f"  {name}: {program.n_nodes:,} nodes recorded in {1e3 * seconds:.1f} ms")
    contestants: Contestants = {
        f"{verb}, {name}": partial(getattr(program, verb), x)
        for verb in ("value", "gradient", "hessian")
        for name, program in programs.items()
    }
    medians = race(contestants, rounds)
    for name, seconds in medians.items():
        verb, _, kind = name.partition(", ")
        beside = {"every operation": medians[f"{verb}, every operation"]} if kind == "one operation" else {}
        line(name, seconds, "ms", 1e3, beside | {"its value": medians[f"value, {kind}"]})
    numbers = [
        {verb: getattr(program, verb)(x) for verb in ("value", "gradient", "hessian")}
        for program in (ours, every)
    ]
    print("  largest difference from every operation on the tape, relative:", apart(*numbers))


def march_case(title: str, basis: Any, x: Any, rounds: int) -> None:
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
    # In prices: a price just after jax's threads have run is a slower one.
    alone = race(dict(contestants), rounds)
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
        for name, call in jax_calls(functions, x).items():
            contestants[f"jax jit, {name}"] = call
            theirs[name] = np.asarray(call())
        print("  largest difference from jax, relative:", apart(ours, theirs))
    medians = race(contestants, rounds)
    for name, seconds in medians.items():
        beside = f"jax jit, {name}"
        line(name, seconds, "ms", 1e3, {"jax": medians[beside]} if beside in medians else {})
    for name, seconds in alone.items():
        line(f"{name}, without jax beside it", seconds, "ms", 1e3, {"our price": alone["price"]})


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
