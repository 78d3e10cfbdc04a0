"""The planner: what it counts is what the methods do, and stopping early does not change its choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.program.program import Program
from greeks2 import planner
from greeks2.methods.edge_pushing import edge_pushing
from greeks2.methods.edge_pushing.edge_pushing import count_within, schedule_of
from greeks2.methods.forward_over_reverse import forward_over_reverse
from greeks2.point import as_arguments
from greeks2.structure.pattern import find_pattern
from greeks2.twins.sparsity import pattern_by_sets

from .functions import CASES
from .methods.test_coloring import SPARSE


def recurrence(x: Any) -> Any:
    y = x[0]
    for _ in range(400):
        y = x[1] * y * (1.0 - y) + 0.01
    return y


def network(x: Any) -> Any:
    layers = 0.2 * np.random.default_rng(20240229).standard_normal((3, 24, 24))
    for layer in layers:
        x = np.tanh(layer @ x)
    return np.sum(x * x)


def rates(x: Any) -> Any:
    discount, value = 1.0, 0.0
    for n in range(len(x)):
        discount = discount / (1.0 + 0.5 * x[n])
        value = value + discount * (x[n] - 0.025)
    return value


def diffusion(x: Any) -> Any:
    """Coefficients that every step uses: hubs."""
    values = [max(0.1 * i - 1.0, 0.0) for i in range(25)]
    for _ in range(40):
        inner = [
            v + x[i % len(x)] ** 2 * (a - 2.0 * v + b)
            for i, (a, v, b) in enumerate(zip(values[:-2], values[1:-1], values[2:], strict=True))
        ]
        values = [values[0], *inner, values[-1]]
    return values[12]


def groups(x: Any) -> Any:
    total = 0.0
    for k in range(0, len(x), 4):
        state = [x[k + m % 4] * (1.0 + 0.01 * m) for m in range(50)]
        for n in range(8):
            state = [np.sin(s + 0.1 * state[(m + n) % 50] * state[m - 1]) for m, s in enumerate(state)]
        total = total + sum(state)
    return total


SHAPES: list[tuple[Callable[[Any], Any], int]] = [
    *((f, n) for f, n, _ in SPARSE), (recurrence, 2), (network, 24), (rates, 40), (diffusion, 20), (groups, 48),
]  # fmt: skip

shapes = pytest.mark.parametrize(("f", "n"), SHAPES, ids=lambda item: getattr(item, "__name__", None))


def recorded(f: Callable[[Any], Any], n: int) -> Program:
    return ad.record(f, np.linspace(0.2, 0.6, n))


@shapes
def test_counted_pushes_are_those_of_the_schedule(f, n: int) -> None:
    program = recorded(f, n)
    counted = count_within(program, 10**15)
    schedule = schedule_of(program)
    assert counted is not None
    assert (counted.pushes, counted.stretched) == (schedule.pushes, schedule.stretched)
    assert (counted.nodes, counted.entries) == (schedule.nodes, schedule.entries)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_counts_and_patterns_on_the_list_of_functions(case) -> None:
    program = ad.record(case.function, *as_arguments(case.arguments), passive=case.passive)
    counted = count_within(program, 10**15)
    schedule = schedule_of(program)
    assert counted is not None
    assert (counted.pushes, counted.entries) == (schedule.pushes, schedule.entries)
    found = find_pattern(program)
    assert found is not None and found.tolist() == pattern_by_sets(program)


@shapes
def test_counting_stops_where_it_is_told(f, n: int) -> None:
    program = recorded(f, n)
    schedule = schedule_of(program)
    cost = schedule.pushes - schedule.stretched + schedule.stretched // 8
    if schedule.pushes < 1000:
        pytest.skip("too few pushes to stop")
    assert count_within(program, cost // 2) is None
    assert count_within(program, cost) is not None


@pytest.mark.parametrize("replays", [1, 1000])
@shapes
def test_stopping_early_does_not_change_the_choice(f, n: int, replays: int, monkeypatch) -> None:
    early = planner.plan(recorded(f, n), replays=replays)
    within, colored = count_within, forward_over_reverse.coloring_within
    monkeypatch.setattr(edge_pushing, "count_within", lambda p, _: within(p, 10**15))
    monkeypatch.setattr(forward_over_reverse, "coloring_within", lambda p, _: colored(p, p.n_active - 1))
    full = planner.plan(recorded(f, n), replays=replays)
    assert early.method == full.method
    assert "pushes" in full.counts or early.method != "edge_pushing"
    assert early.seconds[early.method] == full.seconds[full.method]


def test_plans_are_kept_for_their_number_of_replays() -> None:
    program = recorded(groups, 48)
    often, once = planner.plan(program), planner.plan(program, replays=1)
    assert planner.plan(program) is often and planner.plan(program, replays=1) is once
    assert "pushes" in often.counts and "pushes" not in once.counts  # counting costs more than once is worth
    with pytest.raises(AadValueError, match=r"^replays = 0: give the number of Hessians, at least 1$"):
        planner.plan(program, replays=0)


def test_losing_methods_are_not_traced() -> None:
    """Many arcs and few colours: pushes are counted, no schedule is made."""
    program = recorded(groups, 48)
    chosen = planner.plan(program)
    assert chosen.method == "forward_over_reverse" and chosen.counts["colors"] == 4
    assert "live_arcs" not in chosen.counts


def test_a_front_too_wide_to_count_is_traced() -> None:
    x = np.linspace(0.5, 1.5, 1500)
    program = ad.record(lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2), x)
    chosen = planner.plan(program)
    assert chosen.counts["front"] > edge_pushing.WIDEST_FRONT
    assert chosen.method == "edge_pushing" and chosen.counts["live_arcs"] > 0
