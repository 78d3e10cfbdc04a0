"""Hubs: where they are found, and their forward rows."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from greeks2.point import point_at
from greeks2.structure.hubs import hub_rows, hub_slots, hubs_of, no_hubs

from ..functions import CASES


@pytest.mark.parametrize(("n_inputs", "n_hubs", "found"), [(60, 80, 80), (60, 40, 0), (60, 10, 0)])
def test_hubs_of_long_derivation_are_none(n_inputs: int, n_hubs: int, found: int) -> None:
    """Each of these depends on every input: with fewer hubs than inputs single arcs are cheaper."""

    def f(x):
        level = np.sum(x**2)
        curve = [np.sin(level * k) for k in range(n_hubs)]
        y = 0.5
        for n in range(20 * n_hubs):
            y = np.cos(y * curve[n % n_hubs])
        return y

    program = ad.record(f, np.linspace(0.1, 0.2, n_inputs))
    hubs = hubs_of(program)
    assert (hubs.end_row[program.first_node :] >= 0).sum() == found
    assert hubs.size <= 8 * program.n_nodes


def test_forward_rows_are_derivatives_in_the_inputs() -> None:
    case = next(c for c in CASES if c.name == "hubs")
    program = ad.record(case.function, case.arguments)
    hubs = hubs_of(program)
    assert hubs_of(program) is hubs and hubs.size > hubs.inputs.size
    with point_at(program, (case.arguments,)) as point:
        entries = hub_rows(point, hubs)
        tangents = point.replay.sweep_tangents(point.values, np.eye(program.n_inputs)).copy()
    directions = tangents.transpose(1, 0, 2).reshape(program.n_slots, -1)
    for slot in hub_slots(program):
        row = hubs.row_of[slot]
        low, high, start = hubs.low[row], hubs.high[row], hubs.start[row]
        expected = directions[slot, hubs.inputs[low : high + 1]]
        assert np.allclose(entries[start : start + high - low + 1], expected, rtol=1e-14, atol=0.0)


def test_programs_without_hubs_have_no_rows() -> None:
    program = ad.record(lambda x: x[0] * x[1] ** 2, np.array([2.0, 3.0]))
    assert hubs_of(program).size == 0 and (no_hubs(program).end_row == -1).all()
    assert hubs_of(program).nbytes > 0
