"""Race contestants in one process, and print their times, their ratios and how far their numbers are apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

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
    return {name: median(runs) for name, runs in seconds.items()}


def first_call(run: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def line(name: str, seconds: float, unit: str, scale: float, against: dict[str, float]) -> None:
    """Print one figure and its ratio to each of `against`."""
    ratios = ", ".join(f"{seconds / other:.3f} x {peer}" for peer, other in against.items())
    print(f"  {name:<44}{seconds * scale:10.3f} {unit:<4}{ratios}")


def apart(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Return the largest differences relative to the largest entry, in words."""
    return ", ".join(
        f"{name} {np.max(np.abs(ours[name] - value)) / np.max(np.abs(value)):.1e}"
        for name, value in theirs.items()
    )


def jax_calls(functions: dict[str, Callable[[Any], Any]], x: Any) -> dict[str, Callable[[], Any]]:
    """Return a jitted call of each jax function at `x`, compiled now; print what the first one takes."""
    import jax

    calls = {}
    for name, function in functions.items():
        compiled = jax.jit(function)
        calls[name] = lambda compiled=compiled: compiled(x).block_until_ready()
        print(f"  jax's first call, {name}: {first_call(calls[name]):.2f} s")
    return calls
