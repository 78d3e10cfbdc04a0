"""Price, gradient and Hessian of the B-spline PDE on the plain scalar tape, against jax."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
from benchmarks.bspline_pde import price, weights

import aadlib as ad
from contests import Settings
from contests.racing import Contestants, jax_calls, line, race


def run(settings: Settings) -> None:
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
        for name, call in jax_calls(functions, x).items():
            contestants[f"jax jit, {name}"] = call
            for ours in contestants:
                if ours.startswith(name):
                    peers[ours] = {"jax": f"jax jit, {name}"}
        worst = np.max(np.abs(np.asarray(functions["gradient"](x)) - program.gradient(x)))
        print(f"  largest difference of a gradient entry from jax's: {worst:.2e}")
    medians = race(contestants, settings.rounds)
    for name, seconds in medians.items():
        against = {peer: medians[key] for peer, key in peers.get(name, {}).items()}
        if not name.startswith("jax") and name != "price":
            against["our price"] = medians["price"]
        line(name, seconds, "ms", 1e3, against)
