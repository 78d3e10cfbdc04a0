"""Created arcs: those of the bare algorithm, and addresses of forward rows that are recycled."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.extend import created_arcs_of, reached_slots
from greeks2 import hessian
from greeks2.point import as_arguments
from greeks2.structure.curvature import curvature_bits

from ..functions import CASES
from ..test_planner import recorded, recurrence, shapes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_arcs_are_created_where_an_output_is_reached(case) -> None:
    program = ad.record(case.function, *as_arguments(case.arguments), passive=case.passive)
    bits = np.where(reached_slots(program)[program.first_node :], curvature_bits(program), 0)
    arcs = created_arcs_of(program)
    assert arcs.bits.tolist() == bits.tolist()
    assert arcs.n_arcs == sum(bin(b).count("1") for b in bits.tolist())
    assert created_arcs_of(program) is arcs


@shapes
def test_rows_of_the_bottleneck_are_forgotten(f, n: int) -> None:
    program = recorded(f, n)
    arcs = created_arcs_of(program)
    assert arcs.n_addresses - arcs.n_ends <= arcs.n_rows + n
    assert (arcs.addresses < arcs.n_addresses).all()
    expected = program.hessian(np.linspace(0.2, 0.6, n))
    found = hessian(program, np.linspace(0.2, 0.6, n), method="bottleneck")
    assert np.abs(found - expected).max() <= 1e-12 * max(1e-3, np.abs(expected).max())


def test_a_recurrence_needs_few_rows() -> None:
    arcs = created_arcs_of(recorded(recurrence, 2))
    assert arcs.n_addresses - arcs.n_ends <= 5
