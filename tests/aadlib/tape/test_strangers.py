"""Unmodified NumPy objectives record, differentiate and replay."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad

from .numpy_idioms import BRANCHING, SMOOTH
from .strangers_list import OBJECTIVES
from .strangers_statistics import garch_with_list, yield_to_maturity


@pytest.mark.parametrize(("function", "point"), OBJECTIVES, ids=[f.__name__ for f, _ in OBJECTIVES])
def test_unmodified_objective_has_right_derivatives(function, point):
    program = ad.record(function, point)
    assert program.value(point) == pytest.approx(float(function(point)), rel=1e-13)
    ad.check_grads(function, point)


@pytest.mark.parametrize(("function", "point"), OBJECTIVES, ids=[f.__name__ for f, _ in OBJECTIVES])
def test_replay_at_another_point_is_what_a_new_recording_gives(function, point):
    program = ad.record(function, point, on_branch_change="retrace")
    moved = point * 1.01 + 1e-3
    value, gradient = program.value_and_gradient(moved)
    fresh = ad.record(function, moved)
    np.testing.assert_allclose(value, float(function(moved)), rtol=1e-13)
    np.testing.assert_allclose(gradient, fresh.gradient(moved), rtol=1e-12, atol=1e-300)


POINT = np.array([0.4, 0.91, 1.3])


@pytest.mark.parametrize("name", [*SMOOTH, *BRANCHING])
def test_idiom_of_numpy(name):
    function = SMOOTH.get(name) or BRANCHING[name]
    program = ad.record(function, POINT)
    assert program.value(POINT) == pytest.approx(float(function(POINT)), rel=1e-13)
    ad.check_grads(function, POINT)
    assert (name in BRANCHING) or not program.guards


@pytest.mark.parametrize(
    ("function", "point", "advice"),
    [
        (garch_with_list, (0.05, 0.08, 0.9), "make it with aadlib.array"),
        (yield_to_maturity, (0.05, 100.0), "aadlib.zeros"),
    ],
)
def test_arrays_of_floats_that_cannot_hold_recorded_numbers_say_what_to_do(function, point, advice):
    """np.array of a mixed list and writing into np.full are out of a subclass's reach: an error, no wrong number."""
    with pytest.raises(ad.AadTypeError, match=advice):
        ad.record(function, np.array(point))
