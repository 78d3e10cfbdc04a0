"""The door: shapes, options, errors, kinks, the plan."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from greeks2 import (
    METHODS,
    HessianResult,
    KinkWarning,
    cross_check,
    hessian,
    hessian_result,
    plan,
    taylor_backpropagate,
    taylor_series,
)


def f(x):
    return x[0] * x[1] ** 2


def test_shapes() -> None:
    assert hessian(lambda x: x**3, 2.0).tolist() == [[12.0]]
    assert hessian(lambda x: np.sum(x**3), np.ones((2, 3))).shape == (6, 6)
    assert hessian(f, [2.0, 3.0]).tolist() == [[0.0, 6.0], [6.0, 4.0]]
    two = hessian(lambda x, y: x[0] * y * x[1], ([1.0, 2.0], 3.0))
    assert two.tolist() == [[0.0, 3.0, 2.0], [3.0, 0.0, 1.0], [2.0, 1.0, 0.0]]
    one = hessian(lambda x, y: x[0] * y * x[1], ([1.0, 2.0], 3.0), passive=(1,))
    assert one.tolist() == [[0.0, 3.0], [3.0, 0.0]]


def test_result_carries_what_happened() -> None:
    result = hessian_result(f, [2.0, 3.0], method="edge_pushing")
    assert isinstance(result, HessianResult)
    assert result.value == 18.0 and result.gradient.tolist() == [9.0, 12.0]
    assert result.method == "edge_pushing" and result.plan is None and result.kinks == ()
    assert result.counts["pushes"] > 0 and "edge_pushing" in repr(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.method = "taylor"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, r"method = 'magic': choose one of edge_pushing, taylor, .* or auto"),
        ({"method": "taylor", "cap_active": 10}, "cap_active = 10"),
        ({"method": "taylor", "steps": [0.1, 0.1]}, "steps are those of bumping2"),
        ({"method": "bumping2", "steps": [0.1]}, "steps has 1 entries: the function has 2 active inputs"),
        ({"method": "bumping2", "steps": [0.1, -0.1]}, r"steps\[1\] = -0.1"),
        ({"weights": [1.0]}, r"weights has shape \(1,\)"),
        ({"weights": np.nan}, r"weights = nan: must be finite"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        hessian(f, [2.0, 3.0], **options)  # type: ignore[call-overload]


def test_functions_that_have_no_hessian() -> None:
    with pytest.raises(AadTypeError, match=r"returns shape \(2,\): give weights="):
        hessian(lambda x: x**2, [2.0, 3.0])
    with pytest.raises(AadTypeError, match="nothing was recorded"):
        hessian(lambda x: 3.0, [2.0, 3.0])
    with pytest.raises(AadValueError, match="finite"):
        hessian(f, [2.0, np.nan])
    with pytest.raises(AadTypeError, match="lanes"):
        hessian(ad.record(f, np.ones((3, 2)), lanes=(0,)), np.ones((3, 2)))
    program = ad.record(f, [2.0, 3.0])
    with pytest.raises(AadValueError, match="shape"):
        hessian(program, [2.0, 3.0, 4.0])
    with pytest.raises(AadValueError, match="passive"):
        hessian(program, [2.0, 3.0], passive=(0,))
    with pytest.raises(AadTypeError, match="tape="), ad.Tape() as tape:
        x = tape.input(1.0)
        taylor_backpropagate(x * x, [x])


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
def test_a_changed_branch_is_an_error_or_recorded_again() -> None:
    def g(x):
        return x[0] ** 2 if x[0] > 1.0 else x[0] ** 3 * x[1]

    frozen = ad.record(g, [2.0, 1.0])
    with pytest.raises(BranchChanged, match=r"test_second_order\.py"):
        hessian(frozen, [0.5, 1.0])
    again = ad.record(g, [2.0, 1.0], on_branch_change="retrace")
    for method in METHODS:
        assert hessian(again, [2.0, 1.0], method=method)[0, 0] == pytest.approx(2.0, rel=1e-5)
        assert hessian(again, [0.5, 1.0], method=method)[0, 0] == pytest.approx(3.0, rel=1e-5)
    for program in (frozen, again):
        with pytest.raises(BranchChanged):
            hessian(program, [1.0 + 1e-9, 1.0], method="bumping2")


def kinked(x):
    y = 0.0
    for k in range(3):
        y = y + np.maximum(x[0], float(k)) * x[1]
    return y + abs(x[1])


def test_kinks_are_reported_once_and_by_line() -> None:
    with pytest.warns(
        KinkWarning, match=r"4 operations .* maximum at .*test_second_order.py:\d+ in kinked \(3 times\)"
    ) as seen:
        result = hessian_result(kinked, [0.5, 1.0])
    assert len(seen) == 1 and seen[0].filename == __file__
    assert [(k.operation, k.count) for k in result.kinks] == [("maximum", 3), ("absolute", 1)]
    assert "4 kinks" in repr(result)
    with pytest.warns(KinkWarning) as seen:
        hessian(kinked, [0.5, 1.0])
    assert len(seen) == 1 and seen[0].filename == __file__
    with pytest.warns(KinkWarning) as seen:
        assert cross_check(kinked, [0.5, 1.0]).kinks == result.kinks
    assert len(seen) == 1 and seen[0].filename == __file__


def test_smooth_functions_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hessian(f, [2.0, 3.0])
        # A kink in what is not differentiated.
        hessian(lambda x, y: x[0] ** 2 * np.maximum(y, 0.0), ([2.0], 1.0), passive=(1,))


def test_explain_returns_counts_and_choice() -> None:
    point = np.linspace(0.5, 1.5, 300)
    program = ad.record(lambda x: np.sum(np.exp(2.0 * x)), point)
    matrix, chosen = hessian(program, point, explain=True)
    assert np.allclose(matrix, np.diag(4.0 * np.exp(2.0 * point)))
    assert chosen.method == min(
        (m for m in chosen.seconds if m != "bumping2"), key=chosen.seconds.__getitem__
    )
    assert chosen.counts["evaluations"] == 2 * 300 * 301 and chosen.counts["pushes"] > 0
    assert chosen.method in str(chosen)
    assert chosen.method == "edge_pushing"  # 300 arcs against 38 blocks of directions
    _, again = hessian(program, point, method="taylor", explain=True)
    assert again.method == chosen.method


def test_plan_does_not_trace_what_has_lost() -> None:
    """Where edge pushing is hopeless for a single replay its pushes are not counted to the end."""

    def f(x):
        state = [x[0] * (k + 1) for k in range(30)]
        for n in range(30):
            state = [np.sin(s) * state[(k + n) % 30] for k, s in enumerate(state)]
        return sum(state)

    assert "pushes" not in plan(ad.record(f, [0.5]), replays=1).counts


def test_taylor_series_along_a_direction(rng: np.random.Generator) -> None:
    point, direction = rng.normal(size=3), rng.normal(size=3)

    def g(x):
        return np.exp(x[0] * x[1]) * np.sin(x[2]) + x[0] ** 2 / (1.0 + x[2] ** 2)

    program = ad.record(g, point)
    v0, v1, v2 = taylor_series(program, point, direction)
    assert v0 == pytest.approx(program.value(point), rel=1e-15)
    assert v1 == pytest.approx(direction @ program.gradient(point), rel=1e-13)
    assert v2 == pytest.approx(direction @ hessian(program, point) @ direction, rel=1e-12)
    with pytest.raises(AadValueError, match="direction has 2 entries"):
        taylor_series(program, point, [1.0, 2.0])


def test_cross_check_reports_the_worst_entry() -> None:
    found = cross_check(lambda x: np.exp(x[0]) * x[1] ** 3, [0.3, 1.2])
    assert found.worst < 1e-14 and found.bumping_error < 1e-5
    assert set(found.matrices) == set(METHODS)
    assert "agree to" in repr(found)


@pytest.mark.parametrize("method", ["auto", "edge_pushing", "taylor", "forward_over_reverse", "bottleneck"])
def test_entries_near_the_largest_double_stay_finite(method):
    def function(x):
        return x[0] * np.log(x[1]) + 1.5e308 * x[0] * x[1]

    assert hessian(function, [1e-3, 1e-3], method=method).tolist() == [[0.0, 1.5e308], [1.5e308, -1e3]]
    lanes = ad.record(function, [1.0, 1.0]).over_lanes().derivatives(np.full((2, 2), 1e-3))[2]
    assert lanes[1].tolist() == [[0.0, 1.5e308], [1.5e308, -1e3]]
