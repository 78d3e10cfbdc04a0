"""The planner's choice against the fastest method, on functions of all shapes."""

from __future__ import annotations

import time

from benchmarks import planner as model

from contests import Settings


def run(settings: Settings) -> None:
    """Race every exact method on functions of all shapes and say how far the planner's choice is from the fastest."""
    print("The planner's choice against the fastest method, dense Hessians of recorded functions")
    print(
        f"  {'':<58}{'inputs':>7}{'nodes':>9}  {'planned':>9}  {'choice':<22}{'fastest':>10}  choice / fastest"
    )
    ratios = []
    for shape in model.shapes():
        began = time.perf_counter()
        choice = model.choice_of(shape)
        planned = time.perf_counter() - began
        times = model.best_seconds(model.contestants(shape), settings.rounds)
        fastest = min(times, key=lambda name: times[name])
        ratios.append(times[choice] / times[fastest])
        other = "" if fastest == choice else f" ({fastest})"
        print(
            f"  {shape.name:<58}{shape.point.size:7d}{shape.program.n_nodes:9,d}  {1e3 * planned:6.1f} ms  {choice:<22}"
            f"{1e6 * times[fastest]:7.0f} us  {ratios[-1]:.2f}{other}"
        )
    within = sum(ratio <= 1.3 for ratio in ratios)
    print(f"  within 1.3 of the fastest: {within} of {len(ratios)}; the worst is {max(ratios):.2f}")
