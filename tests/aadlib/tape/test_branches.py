"""Comparisons that steer a recording are guards; comparisons in arithmetic and `where` are recorded steps."""

from __future__ import annotations

import inspect
import math
import pickle
import threading

import numpy as np
import pytest

import aadlib as ad
from aadlib import BranchChanged


def two_branches(x):
    if x[0] > x[1]:
        return x[0] ** 2
    return x[1] ** 3


def line_of(function, offset):
    return f"{__file__}:{inspect.getsourcelines(function)[1] + offset} in {function.__name__}"


# ---- guards ------------------------------------------------------------------------------------------------------


def test_a_replay_on_the_same_branch_is_exact():
    program = ad.record(two_branches, [2.0, 1.0])
    assert program.value([5.0, -1.0]) == 25.0
    assert program.gradient([5.0, -1.0]).tolist() == [10.0, 0.0]
    assert len(program.guards) == 1
    assert program.guards[0].outcome is True


@pytest.mark.parametrize("kind", [list, np.array])
@pytest.mark.parametrize(
    "verb", ["value", "gradient", "value_and_gradient", "hessian", "jacobian", "curvature", "derivatives"]
)
def test_another_branch_raises_and_names_the_line(verb, kind):
    program = ad.record(two_branches, [2.0, 1.0])
    getattr(program, verb)(kind([3.0, 1.0]))
    with pytest.raises(BranchChanged) as caught:
        getattr(program, verb)(kind([1.0, 2.0]))
    message = str(caught.value)
    assert line_of(two_branches, 1) in message
    assert "was True when recorded and comes out False now" in message
    assert "retrace" in message


@pytest.mark.parametrize("verb", ["jvp", "hvp"])
def test_directions_raise_as_well(verb):
    program = ad.record(two_branches, [2.0, 1.0])
    with pytest.raises(BranchChanged, match="in two_branches"):
        getattr(program, verb)([1.0, 2.0], [1.0, 0.0])


def test_branch_changed_is_a_runtime_error_of_the_family():
    assert issubclass(BranchChanged, RuntimeError)
    assert issubclass(BranchChanged, ad.AadError)


def test_the_program_is_good_again_after_a_changed_branch():
    program = ad.record(two_branches, [2.0, 1.0])
    with pytest.raises(BranchChanged):
        program.value([1.0, 2.0])
    assert program.value([3.0, 2.0]) == 9.0


@pytest.mark.parametrize(
    ("comparison", "same", "other"),
    [
        (lambda x: x > 1.0, 1.5, 1.0),
        (lambda x: x >= 1.0, 1.0, 0.5),
        (lambda x: x < 1.0, 0.5, 1.0),
        (lambda x: x <= 1.0, 1.0, 1.5),
        (lambda x: x == 1.0, 1.0, 1.0 + 2.0**-52),
        (lambda x: x != 1.0, 2.0, 1.0),
        (lambda x: x > 1.0, 2.0, 1.0),
        (lambda x: 0.0 < x < 1.0, 0.5, 1.0),
        (lambda x: x > 1.0 and x < 3.0, 2.0, 3.0),
        (lambda x: x < 1.0 or x > 3.0, 4.0, 2.0),
        (lambda x: not x > 1.0, 1.0, 2.0),
        (lambda x: x, 2.0, 0.0),
        (lambda x: max(x, 1.0) == x, 2.0, 0.5),
        (lambda x: (x > 1.0) & (x < 3.0), 2.0, 3.5),
        (lambda x: ~(x > 1.0), 0.5, 1.5),
        (lambda x: (x > 1.0) == (x < 3.0), 2.0, 4.0),
        (lambda x: sorted([x, 1.0])[0] is x, 0.5, 2.0),
        (lambda x: np.isclose(x, 1.0), 1.0, 2.0),
        (lambda x: np.all(ad.array([x, 2.0]) > 1.0), 1.5, 0.5),
        (lambda x: np.any(ad.array([x, 0.0]) > 1.0), 1.5, 0.5),
    ],
)
def test_every_comparison_guards(comparison, same, other):
    def function(x):
        return x**2 if comparison(x) else x**3

    program = ad.record(function, same)
    assert program.value(same) == function(np.float64(same))
    with pytest.raises(BranchChanged):
        program.value(other)
    fresh = ad.record(function, other)
    assert fresh.value(other) == function(np.float64(other))
    with pytest.raises(BranchChanged):
        fresh.value(same)


def test_the_first_changed_guard_is_named():
    def function(x):
        total = x * 1.0
        for bound in (1.0, 2.0, 3.0):
            if total > bound:
                total = total + bound
        return total

    program = ad.record(function, 5.0)
    with pytest.raises(BranchChanged) as caught:
        program.value(0.5)
    assert line_of(function, 3).partition(" in ")[0] in str(caught.value)
    assert len(program.guards) == 3


def test_a_loop_whose_length_depends_on_the_input():
    def function(x):
        total, steps = x, 0
        while total < 10.0:
            total, steps = total * 2.0, steps + 1
        return total * steps

    program = ad.record(function, 1.0)
    assert program.value(1.1) == pytest.approx(1.1 * 16 * 4)
    with pytest.raises(BranchChanged):
        program.value(3.0)
    assert ad.record(function, 1.0, on_branch_change="retrace").value(3.0) == 24.0


def test_guards_in_code_that_does_not_reach_the_output_still_guard():
    def function(x):
        unused = x[1] * 5.0
        if unused > 10.0:
            return x[0]
        return x[0] * 2.0

    program = ad.record(function, [1.0, 1.0])
    with pytest.raises(BranchChanged):
        program.value([1.0, 3.0])


@pytest.mark.parametrize("payoff", [lambda s: max(s - 100.0, 0.0), lambda s: s if s > 100.0 else 0.0])
def test_a_branch_with_a_constant_result_has_derivative_zero(payoff):
    assert ad.value_and_grad(payoff)(90.0) == (0.0, 0.0)
    program = ad.record(payoff, 90.0)
    assert program.value(80.0) == 0.0
    assert program.hessian(80.0).tolist() == [[0.0]]
    with pytest.raises(BranchChanged):
        program.value(110.0)


# ---- retrace -----------------------------------------------------------------------------------------------------


def test_retrace_follows_the_branches():
    program = ad.record(two_branches, [2.0, 1.0], on_branch_change="retrace")
    assert program.value([1.0, 2.0]) == 8.0
    assert program.gradient([1.0, 2.0]).tolist() == [0.0, 12.0]
    assert program.hessian([1.0, 2.0]).tolist() == [[0.0, 0.0], [0.0, 12.0]]
    assert program.hvp([3.0, 2.0], [1.0, 1.0]).tolist() == [2.0, 0.0]
    assert program.jvp([3.0, 2.0], [1.0, 1.0]) == 6.0
    assert program.value_and_gradient([1.0, 2.0])[0] == 8.0
    assert program.n_inputs == 2
    assert "Retracing" in repr(program)


def test_a_retracing_program_is_a_program_and_says_which_one_holds():
    program = ad.record(two_branches, [2.0, 1.0], on_branch_change="retrace")
    assert isinstance(program, ad.Program)
    assert program.at(([3.0, 1.0],)) is program
    fresh = program.at(([1.0, 2.0],))
    assert fresh is not program and fresh.value([1.0, 2.0]) == 8.0
    assert program.at(([1.0, 3.0],)) is fresh
    assert program.at(([2.0, 1.0],)).value([2.0, 1.0]) == 4.0
    with pytest.raises(ad.AadTypeError, match="recorded with 1 arguments"):
        program.at(())


def test_a_program_that_does_not_retrace_is_returned_as_it_is():
    program = ad.record(two_branches, [2.0, 1.0])
    assert program.at(([1.0, 2.0],)) is program
    with pytest.raises(BranchChanged):
        program.at(([1.0, 2.0],)).value([1.0, 2.0])


def test_retracing_programs_travel():
    program = pickle.loads(pickle.dumps(ad.record(np.abs, 2.0, on_branch_change="retrace")))
    assert program.retrace is not None and program.value(-1.0) == 1.0


def test_unknown_policy_is_named():
    with pytest.raises(ad.AadValueError, match="on_branch_change = 'ignore': choose 'raise' or 'retrace'"):
        ad.record(two_branches, [2.0, 1.0], on_branch_change="ignore")


def test_retrace_with_lanes_is_refused():
    with pytest.raises(ad.AadValueError, match="lanes may branch apart"):
        ad.record(two_branches, [[2.0, 1.0]], lanes=(0,), on_branch_change="retrace")


def test_a_lane_on_another_branch_raises_and_names_it():
    points = np.array([[2.0, 1.0]] * 20)
    program = ad.record(two_branches, points, lanes=(0,))
    assert program.value(points).tolist() == [4.0] * 20
    points[13] = [1.0, 2.0]
    for verb in (program.value, program.gradient):
        with pytest.raises(BranchChanged, match="in two_branches"):
            verb(points)


# ---- conditions as numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "indicator",
    [
        lambda x: (x > 1.0) * x,
        lambda x: x * (x > 1.0),
        lambda x: 1.0 - (x > 1.0),
        lambda x: (x > 1.0) + (x > 2.0) * 3.0,
        lambda x: 0.0 - (x >= 1.0) * x,
        lambda x: ((x > 1.0) & (x < 3.0)) * x**2,
        lambda x: ((x < 1.0) | (x > 3.0)) * x**2,
        lambda x: (x > 1.0) ^ (x > 2.0),
        lambda x: (x > 1.0) / 4.0 + (x == 2.5) * x,
        lambda x: (x != 2.5) * x,
        lambda x: ~(x > 1.0) * x,
        lambda x: np.where(np.logical_not(x > 1.0), x, 2.0),
        lambda x: np.where(np.logical_and(x > 1.0, x < 3.0), x**2, x),
        lambda x: np.where(np.logical_or(x < 1.0, x > 3.0), x**2, x),
        lambda x: np.where(np.logical_xor(x < 1.0, x < 3.0), x**2, x),
        lambda x: np.heaviside(x - 1.0, 0.5) * x,
    ],
)
def test_conditions_in_arithmetic_are_recorded_not_frozen(indicator):
    def plain(x):
        with np.errstate(all="ignore"):
            return float(indicator(np.float64(x)))

    program = ad.record(lambda x: indicator(x) + 0.0 * x, 2.0)
    assert len(program.guards) == 0
    for x in (0.5, 1.0, 2.0, 2.5, 4.0):
        assert program.value(x) == plain(x)
        h = 1e-6
        if x not in (1.0, 2.0, 2.5):
            assert program.gradient(x) == pytest.approx((plain(x + h) - plain(x - h)) / (2 * h), abs=1e-6)


def test_negated_conditions():
    program = ad.record(lambda x: ~(x > 1.0) * x + (1.0 - (x > 2.0)) + -(x > 9.0), 0.5)
    assert [program.value(x) for x in (0.5, 1.5, 2.5)] == [1.5, 1.0, 0.0]
    assert len(program.guards) == 0


def test_counting_conditions_of_an_array():
    program = ad.record(lambda x: x[0] * np.sum(x > 1.0) + np.mean(x > 1.0), [1.0, 2.0, 3.0])
    assert program.value([0.5, 0.5, 4.0]) == pytest.approx(0.5 + 1.0 / 3.0)
    assert program.gradient([0.5, 0.5, 4.0]).tolist() == [1.0, 0.0, 0.0]
    assert len(program.guards) == 0


def test_boolean_indexing_guards_every_element():
    program = ad.record(lambda x: (x[x > 1.0] ** 2).sum(), [0.0, 2.0, 3.0])
    assert program.value([0.5, 3.0, 4.0]) == 25.0
    with pytest.raises(BranchChanged, match=r"test_branches\.py"):
        program.value([1.5, 3.0, 4.0])


def test_boolean_assignment():
    def function(x):
        y = x.copy()
        y[y < 0.0] = 0.0
        return (y**2).sum()

    assert ad.grad(function)([-1.0, 2.0]).tolist() == [0.0, 4.0]


def test_maximum_where_and_clip_leave_no_guard():
    def function(x):
        return np.sum(
            np.maximum(x, 0.0) + np.where(x > 1.0, x, 2.0) + np.clip(x, -1.0, 1.0) + abs(x) + np.sign(x)
        )

    program = ad.record(function, [0.5, -2.0, 3.0])
    assert len(program.guards) == 0
    assert program.value([-0.5, 2.0, -3.0]) == function(np.array([-0.5, 2.0, -3.0]))


@pytest.mark.parametrize("extreme", [np.max, np.min, np.amax, np.ptp, lambda x: x.max(), lambda x: x.min()])
def test_extremes_of_arrays_leave_no_guard(extreme):
    program = ad.record(lambda x: extreme(x) ** 2, [0.5, -2.0, 3.0])
    assert len(program.guards) == 0
    moved = np.array([4.0, 1.0, -7.0])
    assert program.value(moved) == extreme(moved) ** 2


# ---- where: the branch not taken leaves no trace ----------------------------------------------------------------

UNTAKEN = {
    "log of a negative": lambda x: np.log(x - 5.0),
    "log of zero": lambda x: np.log(x - 2.0),
    "root of a negative": lambda x: np.sqrt(x - 5.0),
    "root of zero": lambda x: np.sqrt(x - 2.0),
    "one over zero": lambda x: 1.0 / (x - 2.0),
    "zero over zero": lambda x: (x - 2.0) / (x - 2.0),
    "overflow": lambda x: np.exp(1000.0 * x) * x,
    "infinity less infinity": lambda x: np.exp(1000.0 * x) - np.exp(999.0 * x),
    "power of a negative": lambda x: (x - 5.0) ** 1.5,
    "recorded power of zero": lambda x: (x - 2.0) ** (x - 4.0),
    "NaN constant": lambda x: x * math.nan,
    "infinite constant": lambda x: x * math.inf - x * math.inf,
    "outside arcsin": lambda x: np.arcsin(x + 1.0),
    "chain": lambda x: np.exp(np.sqrt(np.log(x - 5.0)) * np.log(x - 2.0)) ** 2,
}


@pytest.mark.parametrize("bad", UNTAKEN.values(), ids=UNTAKEN.keys())
@pytest.mark.parametrize("side", ["true", "false"])
def test_the_branch_not_taken_leaves_no_trace(bad, side):
    def function(x):
        good, condition = x[0] ** 3 * x[1], x[0] > 1.0
        untaken = bad(x[0]) * x[1]
        return np.where(condition, good, untaken) if side == "true" else np.where(~condition, untaken, good)

    x, direction = np.array([2.0, 3.0]), np.array([1.0, -1.0])
    program = ad.record(function, x)
    assert program.value(x) == 24.0
    assert program.gradient(x).tolist() == [36.0, 8.0]
    assert program.jvp(x, direction) == 28.0
    assert program.hvp(x, direction).tolist() == [24.0, 12.0]
    assert program.hessian(x).tolist() == [[36.0, 12.0], [12.0, 0.0]]
    assert program.jacobian(x).tolist() == [36.0, 8.0]
    assert program.curvature(x).tolist() == [[36.0, 12.0], [12.0, 0.0]]
    assert [np.asarray(d).tolist() for d in program.derivatives(x)] == [
        24.0,
        [36.0, 8.0],
        [[36.0, 12.0], [12.0, 0.0]],
    ]
    many = np.tile(x, (9, 1))
    over_lanes = ad.record(function, many, lanes=(0,))
    values, gradient = over_lanes.value_and_gradient(many)
    assert values.tolist() == [24.0] * 9
    assert gradient.tolist() == [[36.0, 8.0]] * 9
    assert over_lanes.derivatives(many)[2].tolist() == [[[36.0, 12.0], [12.0, 0.0]]] * 9


@pytest.mark.parametrize("bad", UNTAKEN.values(), ids=UNTAKEN.keys())
def test_the_branch_not_taken_leaves_no_trace_in_arrays(bad):
    def function(x):
        return np.sum(
            np.where(x > 1.0, x**3, ad.where(x > 1.0, 0.0, 1.0) * x + ad.where(x > 9.0, bad(x), 0.0))
        )

    x = np.array([2.0, 3.0])
    program = ad.record(function, x)
    assert program.value(x) == 35.0
    assert program.gradient(x).tolist() == [12.0, 27.0]
    assert program.hessian(x).tolist() == [[12.0, 0.0], [0.0, 18.0]]


def test_maximum_does_not_leak_the_smaller_side():
    program = ad.record(lambda x: np.maximum(x[0] ** 2, np.log(x[1])), [2.0, 1.0])
    assert program.value([2.0, 0.0]) == 4.0
    assert program.gradient([2.0, 0.0]).tolist() == [4.0, 0.0]
    assert program.hessian([2.0, 0.0]).tolist() == [[2.0, 0.0], [0.0, 0.0]]


def test_where_replays_to_the_other_side():
    program = ad.record(lambda x: np.where(x > 1.0, np.log(x), x**2), 2.0)
    assert program.value(0.5) == 0.25
    assert program.gradient(0.5) == 1.0
    assert program.value(4.0) == math.log(4.0)


def test_where_with_a_plain_condition_and_shapes():
    mask = np.array([[True, False], [False, True]])

    def function(x):
        return np.sum(np.where(mask, x, x**2) * np.array([[1.0, 2.0], [3.0, 4.0]]))

    assert ad.grad(function)([2.0, 3.0]).tolist() == [1.0 + 12.0, 12.0 + 4.0]


def test_where_with_one_argument_finds_positions():
    assert ad.grad(lambda x: x[np.where(x > 1.0)].sum())([0.5, 2.0, 3.0]).tolist() == [0.0, 1.0, 1.0]


def test_threads_share_a_retracing_program():
    program = ad.record(two_branches, [2.0, 1.0], on_branch_change="retrace")
    wrong = []

    def work(offset):
        for k in range(200):
            x, expected = ([2.0, 1.0], 4.0) if (k + offset) % 2 else ([1.0, 2.0], 8.0)
            if program.value(x) != expected:
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
