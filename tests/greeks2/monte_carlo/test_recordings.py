"""Paths recorded again: what does the same finds its program, what does not has one of its own."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import aadlib as ad
from greeks2 import expectation
from greeks2.monte_carlo import recordings
from greeks2.monte_carlo.recordings import path_program

Z = np.random.default_rng(3).standard_normal((500, 2))
P = np.array([100.0, 0.2])


def call(strike=95.0, bend=lambda x: ad.softplus(x, sharpness=2.0)):
    def path(p, z):
        return bend(p[0] * np.exp(p[1] * z[0] - 0.5 * p[1] ** 2) - strike)

    return path


def program(path, p=P):
    return path_program(path, (p, Z[:1]), (1,))


@pytest.fixture(autouse=True)
def _nothing_cached(monkeypatch):
    monkeypatch.setattr(recordings, "_programs", {})


def test_the_same_path_at_other_params_finds_its_program():
    first = program(call())
    assert program(call()) is first
    assert program(call(), P + 0.1) is first


@pytest.mark.parametrize(
    "other",
    [
        call(96.0),
        call(bend=np.exp),
        call(bend=lambda x: np.maximum(x, 0.0)),
        call(bend=lambda x: x + 0.0 * P[0]),
    ],
)
def test_a_path_that_does_something_else_has_a_program_of_its_own(other):
    first = program(call())
    assert program(other) is not first and program(call()) is first


@pytest.mark.parametrize("p", [[100.0, 0.2], [95.0, 95.0], [0.5, 0.2], [0.0, 1.0], [-0.0, 2.0]])
def test_a_constant_that_equals_an_input_is_still_a_constant(p):
    """As the strike of an option at the money does: the tape keeps one number for both."""
    for value in (p[0], p[1], 0.5, 2.0, 110.0, 2.5, p[0]):
        path, start = call(value), np.array([value, p[1]])
        fresh = ad.record(path, start, Z[:1], lanes=(1,), passive=(1,))
        shared = program(path, start)
        assert np.array_equal(np.sort(shared.constants), np.sort(fresh.constants))
        assert np.array_equal(shared.value([90.0, 0.3], Z[:3]), fresh.value([90.0, 0.3], Z[:3]))


def test_options_at_the_money_have_the_strikes_they_were_given():
    for strike in (90.0, 100.0, 110.0):
        recording = ad.record(call(strike), [strike, 0.2], Z[:1], lanes=(1,), passive=(1,))
        wanted = expectation(recording, [strike, 0.2], lanes=Z)
        assert expectation(call(strike), [strike, 0.2], lanes=Z).value == wanted.value


def test_kinks_on_other_lines_are_others():
    def one(x):
        return np.maximum(x, 0.0)

    def another(x):
        return np.maximum(x, 0.0)

    assert program(call(bend=one)).kinks[0].line != program(call(bend=another)).kinks[0].line


def test_what_a_comparison_decided_is_not_kept():
    def path(p, z):
        return p[0] * z[0] if p[1] > 0.0 else p[0] + z[0]

    programs = [program(path, p) for p in (P, -P, P)]
    assert len({id(one) for one in programs}) == 3
    assert [one.n_nodes for one in programs] == [1, 1, 1]


def test_results_are_those_of_a_fresh_recording():
    for strike, p in ((95.0, P), (95.0, P + 0.05), (99.0, P), (95.0, P)):
        found = expectation(call(strike), p, lanes=Z)
        recording = ad.record(call(strike), p, Z[:1], lanes=(1,), passive=(1,))
        wanted = expectation(recording, p, lanes=Z)
        assert found.hessian.tobytes() == wanted.hessian.tobytes()
        assert found.hessian_stderr.tobytes() == wanted.hessian_stderr.tobytes()


def test_few_programs_are_cached():
    for strike in range(3 * recordings.MOST_PROGRAMS):
        program(call(float(strike)))
    assert len(recordings._programs) == recordings.MOST_PROGRAMS


def test_large_recordings_are_not_cached(monkeypatch):
    monkeypatch.setattr(recordings, "MOST_NODES", 3)
    assert program(call()) is not program(call())


def test_threads_share_the_cache():
    wanted = {strike: expectation(call(strike), P, lanes=Z).value for strike in np.arange(60.0, 100.0)}
    wrong = []

    def work():
        wrong.extend(s for s, value in wanted.items() if expectation(call(s), P, lanes=Z).value != value)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


class Market:
    """Something large that a path holds."""


def test_the_cache_holds_nothing_that_a_path_holds():
    held = Market()

    def path(p, z, held=held):
        return p[0] * np.exp(p[1] * z[0])

    gone = weakref.ref(held)
    expectation(path, P, lanes=Z)
    gc.disable()
    try:
        del path, held
        assert gone() is None
    finally:
        gc.enable()


def test_a_warning_has_the_lines_of_the_present_path():
    def made():
        def path(p, z):
            return np.sqrt(p[0]) * p[0] + p[1] * z[0]

        return path

    for _ in range(2):
        with pytest.warns(ad.SingularWarning, match=r"sqrt\(0\) at .*test_recordings\.py:\d+ in path"):
            expectation(made(), [0.0, 0.2], lanes=Z)
