"""The tape: who may use it, what it costs, how it forgets; recorded numbers as Python objects."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError, TapeError

STATM = Path("/proc/self/statm")


def on_another_thread(action):
    """Run `action` on a new thread and return its result, or raise what it raised."""
    outcome = []

    def run():
        try:
            outcome.append((True, action()))
        except BaseException as error:
            outcome.append((False, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    ok, result = outcome[0]
    if not ok:
        raise result
    return result


# ---- recording and derivatives straight from a tape ---------------------------------------------------------------


def test_gradient_of_a_tape():
    with ad.Tape() as tape:
        x, y = tape.input(3.0), tape.input(4.0)
        z = x * y + np.exp(x)
    assert z.value == 12.0 + math.exp(3.0)
    assert ad.grads_list(tape, z, [x, y]) == [4.0 + math.exp(3.0), 3.0]
    assert ad.grads_list(tape, z, [y]) == [3.0]


def test_inputs_may_be_declared_late():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        square = x * x
        late = tape.input(2.0)
        z = square * late + late
    assert ad.grads_list(tape, z, [x, late]) == [12.0, 10.0]
    assert ad.grads_list(tape, z, [late, x]) == [10.0, 12.0]


def test_an_intermediate_result_and_the_output_as_its_own_input():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        y = x * x
    assert ad.grads_list(tape, x, [x]) == [1.0]
    assert ad.grads_list(tape, y, [x]) == [6.0]


def test_the_output_need_not_be_last():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        y = x * x
        np.sin(y) * 7.0
    assert ad.grads_list(tape, y, [x]) == [6.0]


def test_a_tape_counts_its_nodes_and_bytes():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        for _ in range(5000):
            x = x * 1.0000001
        assert "open" in repr(tape)
    assert len(tape) == 5001
    assert "5001 nodes" in repr(tape) and "closed" in repr(tape)
    assert 9 * 5001 <= tape.nbytes <= 9 * 2 * 8192 + 8 * 8192


def test_constants_are_not_recorded():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        total = sum(np.exp(np.arange(10.0))) * 2.0
        total * x
    assert len(tape) == 2


def test_node_counts_of_known_formulas():
    assert ad.record(lambda x: np.prod(x), np.ones(10)).n_recorded == 9
    assert ad.record(lambda x: np.sum(x), np.ones(10)).n_recorded == 9
    assert ad.record(lambda x: np.dot(x, np.arange(1.0, 11.0)), np.ones(10)).n_recorded == 19
    assert ad.record(lambda x: x[0] ** 2, np.ones(10)).n_recorded == 1


# ---- who may use it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1.0,
        lambda x: 2.0 * x,
        lambda x: -x,
        lambda x: abs(x),
        np.exp,
        lambda x: x**2,
        lambda x: x > 1.0 or 1,
        lambda x: np.maximum(x, 1.0),
        lambda x: x % 2.0,
    ],
)
def test_a_closed_tape_refuses(use):
    with ad.Tape() as tape:
        x = tape.input(3.0)
    with pytest.raises(TapeError, match=r"tape is closed.*\.value"):
        use(x)


def test_the_value_outlives_the_tape():
    with ad.Tape() as tape:
        x = tape.input(3.0)
    assert x.value + 1.0 == 4.0
    assert ad.value_of(x) == 3.0
    assert f"{x:.2f}" == "3.00"


@pytest.mark.parametrize(
    "use", [lambda x, y: x + y, lambda x, y: y * x, lambda x, y: np.hypot(x, y), lambda x, y: y**x]
)
def test_mixed_tapes_refuse(use):
    with ad.Tape() as outer:
        x = outer.input(3.0)
        with ad.Tape() as inner:
            y = inner.input(4.0)
            with pytest.raises(TapeError, match="another tape"):
                use(x, y)


def test_nested_tapes_record_separately():
    with ad.Tape() as outer:
        x = outer.input(3.0)
        with ad.Tape() as inner:
            y = inner.input(x.value)
            z = y * y
        w = x * z.value
    assert ad.grads_list(inner, z, [y]) == [6.0]
    assert ad.grads_list(outer, w, [x]) == [9.0]


def test_a_recording_inside_a_recording_works_on_numbers_and_refuses_recorded_ones():
    def inner_slope(x):
        return ad.grad(lambda t: t**3)(x.value) * x

    assert ad.grad(inner_slope)(2.0) == 12.0
    with pytest.raises(AadTypeError, match=r"recorded already.*hvp, hessian"):
        ad.grad(lambda x: ad.grad(lambda t: t**3)(x))(2.0)


def test_another_thread_refuses():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        with pytest.raises(TapeError, match="another thread"):
            on_another_thread(lambda: x + 1.0)
        with pytest.raises(TapeError, match="not open in this thread"):
            on_another_thread(lambda: tape.input(1.0))
        with pytest.raises(TapeError, match="already open"):
            on_another_thread(tape.__enter__)
        assert (x + 1.0).value == 4.0


def test_a_tape_is_entered_once_and_never_again():
    with ad.Tape() as tape:
        tape.input(1.0)
        with pytest.raises(TapeError, match="already open"):
            tape.__enter__()
    with pytest.raises(TapeError, match="closed with its recording"), tape:
        pass


def test_tapes_close_in_reverse_order():
    outer, inner = ad.Tape(), ad.Tape()
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(TapeError, match="reverse order"):
        outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    outer.__exit__(None, None, None)


def test_an_error_inside_closes_the_tape():
    with pytest.raises(ZeroDivisionError), ad.Tape():
        raise ZeroDivisionError
    with ad.Tape() as fresh:
        assert fresh.input(1.0).value == 1.0


def test_an_error_in_a_recorded_function_comes_through_and_leaves_no_tape_open():
    def failing(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ad.record(failing, 1.0)
    with pytest.raises(TapeError, match="closed"):
        ad.record(lambda x: x * 1.0, 1.0)
        escaped = []
        ad.record(lambda x: escaped.append(x) or x * 1.0, 1.0)
        escaped[0] + 1.0


def test_a_foreign_variable_is_refused_as_output():
    with ad.Tape() as first:
        x = first.input(1.0)
    with ad.Tape() as second:
        y = second.input(1.0)
    with pytest.raises(AadTypeError, match="belongs to another tape"):
        ad.grads_list(second, x, [y])
    with pytest.raises(AadTypeError, match="must be ADVars"):
        ad.grads_list(second, 1.0, [y])


def test_two_threads_record_at_once():
    barrier = threading.Barrier(2)
    results = {}

    def work(name, factor):
        barrier.wait()
        found = []
        for k in range(200):
            point = np.array([1.0 + 0.001 * k, factor])
            found.append(ad.record(lambda x: np.exp(x[0]) * x[1] ** 2, point).gradient(point))
        results[name] = np.array(found)

    threads = [threading.Thread(target=work, args=(n, f)) for n, f in (("a", 2.0), ("b", 3.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, factor in (("a", 2.0), ("b", 3.0)):
        growth = np.exp(1.0 + 0.001 * np.arange(200))
        np.testing.assert_allclose(
            results[name], np.column_stack([growth * factor**2, growth * 2 * factor]), rtol=1e-15
        )


# ---- memory --------------------------------------------------------------------------------------------------------


def test_the_cap_raises_and_says_what_to_do():
    with pytest.raises(TapeError, match=r"holds 100 nodes, its max_nodes: raise the cap"):
        ad.record(lambda x: sum((x * k for k in range(1, 1000)), x), 1.0, max_nodes=100)
    assert ad.record(lambda x: x * 2.0, 1.0, max_nodes=2).value(3.0) == 6.0


@pytest.mark.parametrize("cap", [0, -1, 2**31])
def test_a_cap_that_makes_no_sense(cap):
    with pytest.raises(AadValueError, match=f"max_nodes = {cap}"):
        ad.Tape(max_nodes=cap)


def test_rewind_leaves_no_trace():
    with ad.Tape(trace_lines=True) as tape:
        x = tape.input(3.0)
        y = x * 2.0
        mark = tape.mark()
        before = [a.tolist() for a in tape.arrays()]
        if abs(np.exp(y) + 5.0) > 1.0:
            np.maximum(y, 7.0)
        assert len(tape) > mark[0] and tape.guards and tape.kinks
        tape.rewind(mark)
        assert [a.tolist() for a in tape.arrays()] == before
        assert (tape.guards, tape.kinks, len(tape.lines)) == ([], [], len(tape))
        z = y * y
    assert ad.grads_list(tape, z, [x]) == [24.0]


def test_rewind_beyond_the_end_is_refused():
    with ad.Tape() as tape:
        tape.input(1.0)
        mark = tape.mark()
        tape.rewind((0, 0, 0, 0, 0))
        with pytest.raises(TapeError, match="beyond the end"):
            tape.rewind(mark)


def test_a_thousand_rounds_on_one_tape_do_not_grow():
    with ad.Tape() as tape:
        x = tape.input(1.5)
        mark = tape.mark()
        held = 0
        for round_number in range(1000):
            y = x
            for _ in range(20):
                y = np.sin(y) * 1.5 + x
            tape.rewind(mark)
            if round_number == 10:
                held = tape.nbytes
        assert tape.nbytes == held
        assert len(tape) == 1


def test_a_thousand_recordings_and_replays_do_not_grow():
    def function(x):
        y = np.where(x > 0.0, np.log(x), x**2)
        return np.sum(y) if x[0] > 0.0 else y[0]

    def round_trip():
        program = ad.record(function, [1.0, 2.0, 3.0])
        program.value_and_gradient([1.1, 2.0, 3.0])
        program.hessian([1.1, 2.0, 3.0])

    def blocks_after(rounds):
        for _ in range(rounds):
            round_trip()
        gc.collect()
        return sys.getallocatedblocks()

    before = blocks_after(500)  # which fills the free lists
    assert blocks_after(1000) - before < 500  # a leak of one object a round would show as a thousand


@pytest.mark.skipif(not STATM.exists(), reason="the resident size is read from Linux's /proc")
def test_large_recordings_give_their_memory_back():
    def resident():
        return int(STATM.read_text().split()[1]) * 4096

    def big(x):
        y = x
        for _ in range(30_000):
            y = y * 1.0000001 + x
        return y

    for _ in range(3):
        ad.record(big, 1.0).gradient(1.0)
    gc.collect()
    before = resident()
    for _ in range(30):
        ad.record(big, 1.0).gradient(1.0)
    gc.collect()
    assert resident() - before < 20e6


# ---- recorded numbers as Python objects ----------------------------------------------------------------------------


def test_pickling_is_refused():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        for item in (x, tape, ad.array([x, 1.0])):
            with pytest.raises(AadTypeError, match="cannot be pickled"):
                pickle.dumps(item)


def test_copies_are_the_same_variable():
    with ad.Tape() as tape:
        x = tape.input(3.0)
        y = x * x
        assert copy.copy(y) is y
        assert copy.deepcopy(y) is y
        twin = copy.deepcopy(ad.array([x, y]))
        z = twin[1] * twin[0]
    assert ad.grads_list(tape, z, [x]) == [27.0]


def test_an_advar_is_not_made_by_hand():
    with pytest.raises(AadTypeError, match=r"Tape\.input"):
        ad.ADVar()


def test_variables_have_identity_as_keys():
    with ad.Tape() as tape:
        x, y = tape.input(3.0), tape.input(4.0)
        names = {x: "x", y: "y"}
        assert names[x] == "x" and names[y] == "y"
        assert len(tape.guards) == 0


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (float, r"float\(\) of an ADVar would drop its derivatives.*NumPy or aadlib"),
        (complex, r"write x \+ 0j"),
        (math.exp, r"instead of those of math"),
        (math.sqrt, r"instead of those of math"),
        (lambda x: math.pow(x, 2), r"instead of those of math"),
        (lambda x: [1, 2, 3][x], r"cannot be an index"),
        (lambda x: range(x), r"cannot be an index"),
        (lambda x: pow(x, 2, 3), r"modulus"),
        (lambda x: np.zeros(3).__setitem__(0, x), r"object array"),
        (lambda x: np.array([x, 1.0], dtype=float), r"object array"),
        (lambda x: np.float64(x), r"drop its derivatives"),
        (lambda x: np.fft.hfft(ad.array([x, 1.0])), r"cannot be recorded"),
        (lambda x: np.linalg.eig(ad.array([[x, 1.0], [1.0, x]])), r"cannot be recorded"),
        (lambda x: np.nan_to_num(x), r"np\.where"),
        (lambda x: np.add(x, 1.0, out=np.zeros(())), r"float array"),
        (lambda x: ad.array([x]).astype(int), r"value_of"),
        (lambda x: float(x > 1.0), r"condition would freeze"),
        (lambda x: x + "one", r"unsupported operand|cannot combine"),
        (lambda x: x * None, r"unsupported operand|cannot combine"),
        (lambda x: np.maximum(x, "one"), r"cannot combine|could not convert"),
        (lambda x: np.gcd(x, 2), r"np\.gcd cannot be recorded"),
        (lambda x: np.exp(ad.array([x]), where=np.array([True])), r"where="),
    ],
)  # fmt: skip
def test_misuse_is_a_type_error_that_says_what_to_do(misuse, message):
    with ad.Tape() as tape, pytest.raises(TypeError, match=message):
        misuse(tape.input(1.0))


def test_numpys_refusal_of_mixed_arrays_names_the_cure_or_records():
    def mixed(x):
        return np.sum(np.exp(np.array([x[0], 1.0])))

    try:
        assert ad.grad(mixed)([0.0]).tolist() == [1.0]
    except AadTypeError as error:
        assert "aadlib.array" in str(error)
