"""The elementary functions of the lane sweeps: accuracy, special values, and the same bits in every build."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import aadlib as ad
from aadlib.codegen.minimax import POLYNOMIALS, coefficients
from aadlib.codegen.rule_text import ELEMENTARY
from aadlib.sweeps import simd as lanes
from aadlib.tape import operations

mpmath = pytest.importorskip("mpmath")

# Largest error in units in the last place, and the intervals that are tried: ("small", k) is +-10**-uniform(0, k).
ACCURACY = {
    "exp": (0.7, [(-708.0, 709.7), (-1.0, 1.0), (-745.0, -708.0)]),
    "expm1": (1.0, [(-40.0, 709.7), (-1.5, 1.5), ("small", 300)]),
    "log": (0.8, [("positive", 308), (0.5, 2.0), (1.0 - 1e-6, 1.0 + 1e-6)]),
    "log1p": (0.9, [(-0.9999, 3.0), ("positive", 300), ("small", 300)]),
    "sinh": (2.0, [(-710.4, 710.4), (-2.0, 2.0), ("small", 300)]),
    "cosh": (1.3, [(-710.4, 710.4), (-2.0, 2.0)]),
    "tanh": (2.6, [(-22.0, 22.0), (-1.0, 1.0), ("small", 300)]),
    "erf": (2.0, [(-6.0, 6.0), (-0.6, 0.6), ("small", 300)]),
    "erfc": (4.0, [(-6.0, 0.5), (0.5, 2.0), (2.0, 8.0), (8.0, 26.5)]),
}


PEERS = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "erf": np.vectorize(math.erf), "erfc": np.vectorize(math.erfc),
}  # fmt: skip


def lane_values(name, points):
    """Return one function over lanes, NaN and infinities among them."""
    program = ad.record(getattr(operations, name), np.full(1, 0.5), lanes=(0,))
    values = np.zeros(program.n_slots * lanes.BLOCK)
    outputs = np.empty((1, len(points)))
    lane_inputs = program.lane_slots, np.ascontiguousarray(points)[None]
    lanes.evaluate_chunk(
        program.nodes, program.n_uniform, lane_inputs, program.guard_arrays, values, (0, len(points)),
        program.outputs, outputs,
    )  # fmt: skip
    return outputs[0]


def scalar_value(name, point):
    """Return the function in the sweep over one market state."""
    program = ad.record(getattr(operations, name), 0.5)
    values = np.full(program.n_slots, point)
    lanes.value_sweep(program.nodes, values, (0, 1))
    return values[program.outputs[0]]


def draw(rng, begin, end, n):
    if begin == "positive":
        return 10.0 ** rng.uniform(-end, end, n)
    if begin == "small":
        return 10.0 ** -rng.uniform(0.01, end, n) * rng.choice([-1.0, 1.0], n)
    return rng.uniform(begin, end, n)


def test_every_elementary_function_is_tried():
    assert set(ACCURACY) == set(ELEMENTARY)


@pytest.mark.parametrize("name", ACCURACY)
def test_error_in_units_in_the_last_place(name, rng):
    bound, intervals = ACCURACY[name]
    for interval in intervals:
        points = draw(rng, *interval, 400)
        with mpmath.workdps(40):
            for x, found in zip(points, lane_values(name, points), strict=True):
                truth = getattr(mpmath, name)(mpmath.mpf(float(x)))
                unit = float(np.spacing(abs(float(truth))))
                assert abs(truth - mpmath.mpf(float(found))) <= bound * unit, (name, x)


EDGES = [
    0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, 2.2250738585072014e-308, 1e-17, -1e-17,
    -1.0, 1.0, 0.5, -0.5, math.sqrt(0.5), 28.0, -28.0, 27.2, 709.782712893384, 709.7827128933841, 710.4758600739439,
    710.4758600739440, -745.1332191019411, -745.1332191019412, -746.0, 1.7976931348623157e308, -1.7976931348623157e308,
]  # fmt: skip


@pytest.mark.parametrize("name", ACCURACY)
def test_one_function_in_every_instruction_set_and_in_the_scalar_sweep(name, rng, instructions):
    points = np.concatenate([EDGES, *(draw(rng, *interval, 200) for interval in ACCURACY[name][1])])
    found = lane_values(name, points)
    single = np.array([scalar_value(name, x) for x in points])
    lanes.use("baseline")
    nan = np.isnan(found)
    for other in (single, lane_values(name, points)):
        np.testing.assert_array_equal(np.isnan(other), nan)
        np.testing.assert_array_equal(found[~nan].view(np.int64), other[~nan].view(np.int64))


@pytest.mark.parametrize("name", ACCURACY)
def test_special_values(name):
    with np.errstate(all="ignore"):
        truth = PEERS[name](np.array(EDGES))
    found = lane_values(name, np.array(EDGES))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(truth))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(truth))
    there = ~np.isnan(truth)
    np.testing.assert_array_equal(np.signbit(found)[there], np.signbit(truth)[there])
    np.testing.assert_allclose(found, truth, rtol=1e-15, atol=5e-324)


@pytest.mark.parametrize("polynomial", POLYNOMIALS, ids=lambda p: p.name)
def test_coefficients_come_from_the_script(polynomial):
    text = (Path(ad.__file__).parent / "rules" / "elementary.h").read_text(encoding="utf-8")
    found, error = coefficients(polynomial)
    assert error < 1e-15
    for number in found:
        assert repr(number) in text
