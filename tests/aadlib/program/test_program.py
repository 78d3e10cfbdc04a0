"""Programs: laid out once, replayed by many threads, the same at every instruction set."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import aadlib as ad
from aadlib.rules.table import CODES, RULES


def busy(x):
    """Touch most of the table in a few hundred nodes."""
    y = np.exp(-x) * np.sin(x[0] * x) + np.sqrt(x * x + 1.0)
    z = np.where(y > 1.0, np.log(y + 1.0), y**3) + ad.norm_cdf(y - 1.0) * np.arctan2(y, x)
    return np.sum(z * np.roll(z, 1)) / (1.0 + np.tanh(np.sum(y))) + np.maximum(z, 0.3).sum()


POINT = np.linspace(0.2, 1.7, 11)


# ---- layout --------------------------------------------------------------------------------------------------------


def test_arrays_are_read_only():
    program = ad.record(busy, POINT)
    for name in ("op", "left", "right", "activity", "constants", "outputs", "input_active"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(program, name)[...] = 0


def test_slots_are_numbered_as_documented():
    program = ad.record(lambda x: (x[0] * 2.0 + x[1]) * 2.0, [1.0, 5.0])
    assert (program.n_inputs, program.n_nodes, program.n_outputs) == (2, 3, 1)
    assert program.constants.tolist() == [2.0]
    assert program.first_node == 3
    assert [RULES[code].name for code in program.op] == ["multiply", "add", "multiply"]
    operands = [set(pair) for pair in zip(program.left.tolist(), program.right.tolist(), strict=True)]
    assert operands == [{0, 2}, {3, 1}, {4, 2}]
    assert program.outputs.tolist() == [5]


def test_unary_operations_have_their_operand_twice():
    program = ad.record(lambda x: np.exp(x), 1.0)
    assert program.left.tolist() == program.right.tolist() == [0]


def test_repeats_are_merged_and_unused_work_is_dropped():
    def wasteful(x):
        np.exp(x[0]) * 9.0
        return np.sin(x[0] * x[1]) + np.sin(x[1] * x[0])

    program = ad.record(wasteful, [1.0, 2.0])
    assert program.n_recorded == 7
    assert [RULES[code].name for code in program.op] == ["multiply", "sin", "add"]
    np.testing.assert_allclose(
        program.gradient([1.0, 2.0]), 2.0 * np.cos(2.0) * np.array([2.0, 1.0]), rtol=1e-15
    )


def test_operations_that_do_not_commute_are_not_merged():
    program = ad.record(lambda x: (x[0] - x[1]) * (x[1] - x[0]) + x[0] ** x[1] / x[1] ** x[0], [2.0, 3.0])
    ad.check_grads(lambda x: (x[0] - x[1]) * (x[1] - x[0]) + x[0] ** x[1] / x[1] ** x[0], [2.0, 3.0])
    assert program.value([2.0, 3.0]) == -1.0 + 8.0 / 9.0


def test_signed_zeros_and_nans_are_different_constants():
    program = ad.record(lambda x: [np.copysign(x, 0.0), np.copysign(x, -0.0)], 2.0)
    assert program.value(2.0).tolist() == [2.0, -2.0]


def test_a_unary_operation_is_not_confused_with_a_binary_one_on_the_same_operand():
    program = ad.record(lambda x: [np.square(x), x * x, -x, x - x, x / x, x + x], 3.0)
    assert program.value(3.0).tolist() == [9.0, 9.0, -3.0, 0.0, 1.0, 6.0]
    assert program.jacobian(3.0).tolist() == [6.0, 6.0, -1.0, 0.0, 0.0, 2.0]


def test_reports():
    program = ad.record(busy, POINT)
    report = program.memory_report()
    assert report["nodes"] == program.n_nodes
    assert report["recorded"] == program.n_recorded >= program.n_nodes
    assert 20 <= report["bytes_per_node"] <= 80
    text = repr(program)
    assert "11 inputs" in text and f"{program.n_nodes} nodes" in text and "kinks" in text


def test_dot_names_every_node_and_edge():
    text = ad.record(lambda x: x[0] * x[1] + np.exp(x[0]), [1.0, 2.0]).to_dot()
    assert text.startswith("digraph")
    assert text.count("->") == 5
    assert "exp" in text


def test_programs_are_not_pickled_but_copied():
    program = ad.record(busy, POINT)
    twin = copy.deepcopy(program)
    assert twin.value(POINT) == program.value(POINT)
    assert twin.gradient(POINT).tolist() == program.gradient(POINT).tolist()
    try:
        loaded = pickle.loads(pickle.dumps(program))
    except TypeError:
        return
    assert loaded.value(POINT) == program.value(POINT)


# ---- repeated operands, chains ---------------------------------------------------------------------------------------


def test_long_unary_chain():
    def chain(x):
        for _ in range(500):
            x = np.sin(x) + 0.0 * x
        return x

    program = ad.record(chain, 1.0)
    x, slope, curvature = 1.0, 1.0, 0.0
    for _ in range(500):
        slope, curvature = np.cos(x) * slope, np.cos(x) * curvature - np.sin(x) * slope**2
        x = np.sin(x)
    assert program.value(1.0) == x
    assert program.gradient(1.0) == pytest.approx(slope, rel=1e-12)
    assert program.hessian(1.0)[0, 0] == pytest.approx(curvature, rel=1e-12)


def test_a_very_deep_chain_does_not_recurse():
    def chain(x):
        for _ in range(100_000):
            x = x * 1.000001
        return x

    program = ad.record(chain, 1.0)
    assert program.gradient(1.0) == pytest.approx(1.000001**100_000, rel=1e-9)


@pytest.mark.parametrize(
    ("function", "derivatives"),
    [
        (lambda x: x * x, (9.0, 6.0, 2.0)),
        (lambda x: x / x, (1.0, 0.0, 0.0)),
        (lambda x: x - x, (0.0, 0.0, 0.0)),
        (lambda x: x**x, (27.0, 27.0 * (1 + np.log(3.0)), 27.0 * ((1 + np.log(3.0)) ** 2 + 1 / 3.0))),
        (lambda x: np.arctan2(x, x), (np.pi / 4, 0.0, 0.0)),
        (lambda x: np.hypot(x, x), (3.0 * np.sqrt(2.0), np.sqrt(2.0), 0.0)),
        (lambda x: np.maximum(x, x), (3.0, 1.0, 0.0)),
        (lambda x: np.logaddexp(x, x), (3.0 + np.log(2.0), 1.0, 0.0)),
        (lambda x: (x * x) * (x * x), (81.0, 108.0, 108.0)),
    ],
)
def test_repeated_operands(function, derivatives):
    program = ad.record(function, 3.0)
    found = program.value(3.0), program.gradient(3.0), program.hessian(3.0)[0, 0]
    np.testing.assert_allclose(found, derivatives, rtol=1e-14, atol=1e-15)
    assert program.jvp(3.0, 1.0) == pytest.approx(program.gradient(3.0), rel=1e-15, abs=1e-16)


# ---- threads ---------------------------------------------------------------------------------------------------------


def test_threads_share_one_program():
    program = ad.record(busy, POINT)
    points = [POINT + 0.01 * k for k in range(40)]
    expected = [(program.value(p), program.gradient(p).tolist(), program.hessian(p).tolist()) for p in points]
    barrier, failures = threading.Barrier(2), []

    def work(order):
        barrier.wait()
        for k in order:
            found = (
                program.value(points[k]),
                program.gradient(points[k]).tolist(),
                program.hessian(points[k]).tolist(),
            )
            if found != expected[k]:
                failures.append(k)

    threads = [threading.Thread(target=work, args=(order,)) for order in (range(40), range(39, -1, -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_threads_share_one_program_over_lanes():
    points = np.tile(POINT, (600, 1)) + np.linspace(0.0, 0.3, 600)[:, None]
    program = ad.record(busy, points, lanes=(0,))
    expected = program.gradient(points)
    failures = []

    def work():
        failures.extend(k for k in range(5) if not np.array_equal(program.gradient(points), expected))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# ---- subprocesses: threads and instruction sets ----------------------------------------------------------------------

SCRIPT = """
import sys
import numpy as np
import aadlib as ad

def path(p, z):
    spot = p[0] * np.exp((p[2] - 0.5 * p[1] ** 2) + p[1] * z)
    return np.exp(-p[2]) * ad.softplus(np.mean(spot) - 100.0, sharpness=0.5) + np.maximum(spot[0] - 90.0, 0.0)

def smooth(x):
    y = np.exp(-x) * np.sin(x[0] * x) + np.sqrt(x * x + 1.0)
    return np.sum(y * np.roll(y, 1)) + ad.norm_cdf(y - 1.0).sum() + np.arctan2(y, x).sum() + (x**y).sum()

z = np.random.default_rng(5).normal(size=(20_001, 4))
p = np.array([100.0, 0.2, 0.03])
program = ad.record(path, p, z, passive=(1,), lanes=(1,))
values, gradient = program.value_and_gradient(p, z)
x = np.linspace(0.2, 1.7, 11)
single = ad.record(smooth, x)
out = np.concatenate([values, gradient, single.gradient(x), single.hessian(x).ravel(), [single.jvp(x, x)]])
sys.stdout.buffer.write(out.tobytes())
"""


def replayed(**environment):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout)


def test_the_number_of_threads_does_not_change_a_bit():
    one, two, three = (replayed(AADLIB_NUM_THREADS=n).tobytes() for n in ("1", "2", "3"))
    assert one == two == three


@pytest.mark.parametrize("wanted", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_threads_that_makes_no_sense(wanted, monkeypatch):
    from aadlib.threads import n_threads

    monkeypatch.setenv("AADLIB_NUM_THREADS", wanted)
    with pytest.raises(ad.AadValueError, match=f"AADLIB_NUM_THREADS = {wanted!r}"):
        n_threads()


def test_a_small_program_ends_with_its_last_reference():
    """Functions are recorded by the thousand: they must not wait for the garbage collector."""
    x = np.array([0.3, 0.5])
    program = ad.record(lambda x: np.exp(x[0]) * x[1], x)
    program.value(x), program.gradient(x), program.derivatives(x)
    gone = weakref.ref(program)
    gc.disable()
    try:
        del program
        assert gone() is None
    finally:
        gc.enable()


def test_codes_are_positions():
    assert [CODES[rule.name] for rule in RULES] == list(range(len(RULES)))
