"""No public door lets Python code read or write memory that is not there."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import random

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError
from aadlib.extend import LaneSums, record_unary
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.machine import BlockMachine
from aadlib.program.nodes import Nodes
from aadlib.rules.table import CODES

POINT = np.linspace(0.1, 1.0, 5)


def busy(x):
    return np.sum(np.where(x > 0.3, np.sin(x) * x, x)) * 3.0


# ---- conditions ------------------------------------------------------------------------------------------------------


def test_conditions_are_not_made_from_nothing():
    with pytest.raises(AadTypeError, match="comes from comparing"):
        ad.Condition()


@pytest.mark.parametrize(
    "use", [lambda x, c: x * c, lambda x, c: np.where(c, x, 2.0 * x), lambda x, c: x if c else -x]
)
def test_an_empty_condition_is_refused_where_it_is_used(use):
    empty = ad.Condition.__new__(ad.Condition)
    with pytest.raises(AadTypeError, match="made without a comparison"):
        ad.record(lambda x: use(x, empty), 1.0)


@pytest.mark.parametrize("used", [True, False])
def test_conditions_combined_by_the_hundred_thousand(used):
    def f(x):
        condition = x > 0.0
        for _ in range(300_000):
            condition = condition & (x > -1.0)
        return np.where(condition, 3.0 * x, x) if used else 3.0 * x

    assert ad.record(f, 1.0).value(2.0) == 6.0


def test_a_condition_used_twice_is_one_step():
    def f(x):
        inside = (x > 0.0) & (x < 2.0)
        return x * (inside & inside) + x * (inside | inside)

    assert [ad.record(f, 1.0).value(x) for x in (1.0, 3.0)] == [2.0, 0.0]


def test_nothing_in_the_place_of_a_number():
    with ad.Tape(), pytest.raises(TypeError):
        record_unary(0, None)


# ---- columns of a tape -----------------------------------------------------------------------------------------------


def test_columns_outlive_growth_and_the_tape():
    with ad.Tape() as tape:
        x = tape.input(2.0)
        y = x
        for k in range(500):
            y = y * (1.5 + k) + x
        columns = tape.columns()
        copies = tape.arrays()
        for k in range(100_000):
            y = y * (1.5 + k) + x
    del tape, x, y
    junk = [bytearray(400_000) for _ in range(20)]
    for column, its_copy in zip(columns, copies, strict=True):
        np.testing.assert_array_equal(column, its_copy)
        with pytest.raises(ValueError, match="read-only"):
            column[:] = 7
        with pytest.raises(ValueError, match="WRITEABLE"):
            column.setflags(write=True)
    assert len(junk) == 20


def test_columns_do_not_change_what_is_recorded():
    with ad.Tape() as tape:
        x = y = tape.input(1.0)
        views = []
        for k in range(5_000):
            y = y * 1.001 + x
            if k % 100 == 0:
                views.append(tape.columns())
    assert ad.grads_list(tape, y, [x]) == [ad.grad(_long)(1.0)]
    assert [column.size for column in views[0]] == [3, 3, 3, 2]


def _long(x):
    y = x
    for _ in range(5_000):
        y = y * 1.001 + x
    return y


# ---- programs --------------------------------------------------------------------------------------------------------


def test_layouts_stay_read_only():
    program = ad.record(busy, POINT)
    for name in ("op", "left", "right", "activity", "constants", "outputs", "input_active", "lane_slots"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(program, name, np.full(program.n_nodes, 10**8, dtype=np.int32))
        with pytest.raises(ValueError, match="WRITEABLE"):
            getattr(program, name).setflags(write=True)
    with pytest.raises(AttributeError):
        program.nodes.left = np.full(program.n_nodes, 10**8, dtype=np.int32)


def test_nodes_are_not_made_empty():
    with pytest.raises(TypeError):
        Nodes.__new__(Nodes)


@pytest.mark.parametrize(("op", "activity"), [(200, 3), (255, 3), (CODES["add"], 4)])
def test_operations_and_activities_that_there_are_not(op, activity):
    with pytest.raises(AadValueError, match=f"operation {op}, activity {activity}"):
        Nodes([op], [0], [0], [activity], 1)


def test_misaligned_inputs():
    program = ad.record(busy, POINT)
    shifted = np.frombuffer(b"\0" + POINT.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    assert not shifted.flags.aligned
    assert program.value(shifted) == program.value(POINT)
    assert program.value_and_gradient(shifted)[1].tolist() == program.value_and_gradient(POINT)[1].tolist()


# ---- pickles ---------------------------------------------------------------------------------------------------------


def pair(x):
    return np.where(x[0] > 0.3, np.sin(x[0]) * x[1], x[1])


def guarded(x):
    return busy(x) if x[0] < x[1] else x[0]


@pytest.mark.parametrize("function", [busy, pair, guarded])
def test_a_flipped_bit_is_refused_or_harmless(function):
    program = ad.record(function, POINT)
    whole = pickle.dumps(program)
    for seed in range(150):
        choose = random.Random(seed)
        damaged = bytearray(whole)
        damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
        try:
            loaded = pickle.loads(bytes(damaged))
            loaded.value(POINT)
            loaded.derivatives(POINT)
        except Exception:
            continue


def damaged(program, **fields):
    """Return a program with other fields, by the way a pickle takes."""
    twin = object.__new__(type(program))
    twin.__setstate__({**program.__getstate__(), **fields})
    return twin


DAMAGES = {
    "nodes": lambda p: {"nodes": None},
    "constants": lambda p: {"constants": np.zeros(10**4)},
    "constants of ints": lambda p: {"constants": p.constants.astype(np.int64)},
    "outputs": lambda p: {"outputs": p.outputs + 10**6},
    "outputs before": lambda p: {"outputs": p.outputs - 10**6},
    "output_shape": lambda p: {"output_shape": (2,)},
    "arguments": lambda p: {"arguments": (dataclasses.replace(p.arguments[0], shape=(10**4,)),)},
    "arguments apart": lambda p: {"arguments": (dataclasses.replace(p.arguments[0], offset=3),)},
    "n_uniform": lambda p: {"n_uniform": p.n_nodes + 1},
    "guards": lambda p: {"guards": p.guards * 2},
    "guard_arrays": lambda p: {
        "guard_arrays": (p.guard_arrays[0], p.guard_arrays[1] + 10**6, *p.guard_arrays[2:])
    },
    "kinks": lambda p: {"kinks": tuple(dataclasses.replace(kink, slot=10**7) for kink in p.kinks)},
    "lines": lambda p: {"lines": ()},
    "composites": lambda p: {"composites": (ad.program.parts.PlacedComposite(None, 0, 1, p.outputs),)},
}


@pytest.mark.parametrize("name", DAMAGES)
def test_parts_that_do_not_fit_are_refused(name):
    program = ad.record(guarded, POINT)
    with pytest.raises(AadValueError, match="damaged"):
        damaged(program, **DAMAGES[name](program))


def test_whole_programs_still_travel():
    for program in (
        ad.record(guarded, POINT),
        ad.record(lambda x: np.linalg.solve(np.eye(5) + x, x)[0], POINT),
    ):
        for travel in (copy.copy, copy.deepcopy):
            assert travel(program).value(POINT) == program.value(POINT)


def test_a_damaged_sweep_over_lanes_is_refused():
    program = ad.record(lambda p, z: np.exp(p * z), 1.0, np.ones(3), passive=[1], lanes=[1])
    sums = LaneSums(program, bottleneck_code(program), BlockMachine)
    arguments = (np.float64(1.0), np.ones(3))
    assert pickle.loads(pickle.dumps(sums)).over_all(arguments)[0].tolist() == [np.e] * 3
    path = dataclasses.replace(
        sums.path, code=dataclasses.replace(sums.path.code, output=sums.path.code.output + 10**6)
    )
    owner = object.__new__(LaneSums)
    with pytest.raises(AadValueError, match="damaged"):
        owner.__setstate__((program, path, *sums.__getstate__()[2:]))


def test_a_condition_takes_no_state_from_outside():
    """Operands that are no recorded numbers once crashed the interpreter."""

    def function(x):
        condition = x > 1.0
        assert copy.copy(condition) is condition and copy.deepcopy(condition) is condition
        with pytest.raises(AadTypeError, match="cannot be pickled"):
            pickle.dumps(condition)
        assert not hasattr(condition, "__setstate_cython__")
        return x * condition

    assert ad.grad(function)(2.0) == 1.0
