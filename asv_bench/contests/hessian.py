"""The second-order methods on the B-spline PDE, against jax, and the first call from nothing."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
from benchmarks.bspline_pde import price, weights

import aadlib as ad
from contests import Settings
from contests.racing import Contestants, apart, first_call, line, race
from greeks2 import METHODS, hessian, plan


def run(settings: Settings) -> None:
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
    medians = race(contestants, max(3, settings.rounds // 4))
    medians |= race({"bumping2": partial(hessian, program, x, method="bumping2")}, 3)
    for name, seconds in medians.items():
        line(name, seconds, "ms", 1e3, {k: v for k, v in medians.items() if k == "jax jit" != name})
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
