"""Replays far from the recording, odd calls of NumPy, and tapes that were rewound: right or refused, never wrong."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import scipy.special

import aadlib as ad
from aadlib.rules.table import RULES


@pytest.mark.parametrize(
    ("function", "recorded", "replayed"),
    [
        (lambda x: np.where(np.signbit(x[0]), -x[0], x[0]), [1.0], [-3.0]),
        (lambda x: np.nansum(np.log(x)), [-1.0, 2.0], [2.0, 2.0]),
        (lambda x: np.nanmean(np.log(x)), [-1.0, 2.0], [2.0, 3.0]),
        (lambda x: np.nanmax(np.log(x)), [-1.0, 2.0], [5.0, 2.0]),
        (lambda x: np.fmax(np.log(x[0]), x[1]), [-1.0, 2.0], [20.0, 2.0]),
        (lambda x: np.linalg.slogdet(x)[0] * x[0, 0], [[2.0, 1.0], [1.0, 3.0]], [[3.0, 2.0], [2.0, 1.0]]),
        (lambda x: np.fmod(x[0], 0.1), [0.55], [1.0]),
        (lambda x: np.sum(x, where=x > 1.0), [0.5, 2.0], [3.0, 4.0]),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_replay_gives_what_numpy_gives(function, recorded, replayed):
    program = ad.record(function, recorded)
    for point in (np.array(recorded), np.array(replayed)):
        assert program.value(point) == pytest.approx(float(function(point)), rel=1e-13)


@pytest.mark.parametrize(
    ("function", "recorded", "replayed"),
    [
        (lambda x: x[0] if not np.isfinite(1.0 / x[0]) else 1.0 / x[0], [0.0], [2.0]),
        (lambda x: np.linalg.solve(x, [1.0, 2.0]).sum(), [[2.0, 1.0], [3.0, 1.0]], [[1.0, 1.0], [1e-20, 1.0]]),
    ],
)  # fmt: skip
def test_a_frozen_choice_is_guarded(function, recorded, replayed):
    with pytest.raises(ad.BranchChanged):
        ad.record(function, recorded).value(np.array(replayed))


@pytest.mark.parametrize("code", range(len(RULES)), ids=[rule.name for rule in RULES])
def test_every_way_to_replay_a_row_gives_the_same_bits(code, rng):
    from aadlib.tape.arrays import ELEMENTS

    element = ELEMENTS[RULES[code].name]
    points = rng.uniform(0.05, 0.95, (40, 2))

    def function(x):
        return (element(x[0]) if RULES[code].arity == 1 else element(x[0], x[1])) * 1.0

    program = ad.record(function, points[0])
    over_lanes = program.over_lanes().value(points)
    for point, lane in zip(points, over_lanes, strict=True):
        one_call, checked = program.value(point), program.value(point.tolist())
        np.testing.assert_array_equal([one_call, lane], checked)
        np.testing.assert_array_equal(program.gradient(point), program.gradient(point.tolist()))


@pytest.mark.parametrize("name", ["ndtr", "ndtri", "expit", "psi", "erf", "erfc", "gamma", "gammaln"])
def test_functions_of_scipy_are_recorded(name):
    function = getattr(scipy.special, name)
    assert ad.record(lambda x: function(x), 0.3).value(0.3) == pytest.approx(float(function(0.3)), rel=1e-13)
    ad.check_grads(lambda x: function(x).sum(), np.array([0.3, 0.6]))


def test_matrix_norms():
    matrix = np.array([[1.0, 2.0], [3.0, 4.5]])
    for order in (2, -2, 1, -1, np.inf, -np.inf, "nuc", "fro"):
        norm = lambda x, order=order: np.linalg.norm(x, order, axis=(0, 1))  # noqa: E731 - of one order
        assert ad.record(norm, matrix).value(matrix) == pytest.approx(norm(matrix), rel=1e-14)
        ad.check_grads(norm, matrix)
    with pytest.raises(ad.AadTypeError, match="choose None"):
        ad.record(lambda x: np.linalg.norm(x, 3, axis=(0, 1)), matrix)


def test_out_is_refused_and_axes_are_checked():
    with pytest.raises(ad.AadTypeError, match="out="):
        ad.record(lambda x: np.mean(x, axis=0, out=ad.zeros(2)), np.ones((2, 2)))
    with pytest.raises(np.exceptions.AxisError):
        ad.record(lambda x: np.max(x, axis=5), np.ones((2, 2)))


def test_floats_among_recorded_numbers_follow_numpy():
    program = ad.record(lambda x: np.where(x > 0, 1.0 / ad.array([x[0], 0.0]), 0.0)[0], np.array([2.0, 1.0]))
    assert program.value([4.0, 1.0]) == 0.25
    assert ad.record(lambda x: (ad.array([x[0], 1e200]) ** 2.5)[0], [4.0]).value([4.0]) == 32.0


def test_softplus_of_a_list_and_of_a_bad_sharpness():
    np.testing.assert_allclose(ad.softplus([1.0, -1.0], 2), np.logaddexp(0.0, [2.0, -2.0]) / 2.0)
    with pytest.raises(ad.AadValueError, match="sharpness"):
        ad.softplus(1.0, -2.0)


def test_inputs_must_be_different_inputs():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        u = 2.0 * x
        y = u * x
    for inputs in ([x, x], [x, u]):
        with pytest.raises(ad.AadTypeError, match="different variables"):
            ad.grads_list(tape, y, inputs)


def test_a_condition_is_recorded_again_after_a_rewind():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        positive = x > 0
        mark = tape.mark()
        _ = positive * x
        tape.rewind(mark)
        _ = x * 5.0
        y = positive * x
    assert ad.grads_list(tape, y, [x]) == [1.0]


def test_a_variable_from_before_a_rewind_is_refused():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        mark = tape.mark()
        y = x
        for _ in range(5000):
            y = y * 1.0001
        tape.rewind(mark)
        z = x + y
    with pytest.raises(ad.TapeError, match=r"before Tape\.rewind"):
        ad.grads_list(tape, z, [x])


def test_programs_travel_and_retracing_programs_do_everything():
    program = ad.record(lambda x: x[0] * x[1], [1.0, 2.0])
    point = np.array([2.0, 3.0])
    assert pickle.loads(pickle.dumps((program.value(point), program)))[1].value(point) == 6.0
    retracing = ad.record(
        lambda x: x[0] ** 2 if x[0] > 0 else x[0] ** 3, np.array([1.0]), on_branch_change="retrace"
    )
    assert retracing.derivatives(np.array([-1.0]))[2].item() == -6.0
    assert retracing.curvature(np.array([2.0])).item() == 2.0
    assert copy.copy(retracing).value(np.array([2.0])) == 4.0
