"""The numeric phase of edge pushing per push, with and without a cap on the arcs alive."""

from __future__ import annotations

from benchmarks import planner as model

from contests import Settings
from contests.racing import apart
from greeks2 import hessian


def run(settings: Settings) -> None:
    """Time the numeric phase of edge pushing per push, and run it again with at most 200 arcs alive."""
    print("Edge pushing, numeric phase; below each, the same with cap_active=200")
    for shape in model.shapes():
        if shape.program.composites:
            continue
        for cap in (None, 200):
            phase = model.numeric_phase(shape, settings.rounds, cap)
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
