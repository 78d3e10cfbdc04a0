"""Pieces of work over threads: order, errors, nesting."""

from __future__ import annotations

import os
import threading
import time

import pytest

from aadlib import threads

MUCH = 1e9


@pytest.fixture(autouse=True, params=["1", "2", "5"])
def n_threads(request, monkeypatch):
    monkeypatch.setenv("AADLIB_NUM_THREADS", request.param)
    return int(request.param)


def test_results_come_in_order_of_the_pieces():
    def slow_first(k):
        time.sleep(0.02 if k == 0 else 0.0)
        return k * k

    assert threads.map_pieces(slow_first, range(40), work=MUCH) == [k * k for k in range(40)]


def test_the_earliest_error_is_raised():
    def fail(k):
        time.sleep(0.01 if k == 3 else 0.0)
        if k in (3, 4, 7):
            raise ValueError(f"piece {k}")
        return k

    with pytest.raises(ValueError, match="piece 3"):
        threads.map_pieces(fail, range(20), work=MUCH)


def test_a_piece_may_spread_work_of_its_own():
    def inner(k):
        return sum(threads.map_pieces(lambda j: j * k, range(10), work=MUCH))

    assert threads.map_pieces(inner, range(20), work=MUCH) == [45 * k for k in range(20)]


def test_threads_are_kept(n_threads):
    names = set()
    for _ in range(10):
        for n_pieces in (2, 3, 30):
            threads.map_pieces(
                lambda k: names.add(threading.current_thread().name), range(n_pieces), work=MUCH
            )
    assert len(names) <= n_threads


def test_an_interrupt_ends_the_work_wherever_it_strikes(n_threads):
    done = []

    def piece(k):
        if k == 3:
            raise KeyboardInterrupt
        time.sleep(0.01)
        done.append(k)

    with pytest.raises(KeyboardInterrupt):
        threads.map_pieces(piece, range(1000), work=MUCH)
    assert len(done) <= 3 + n_threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_a_forked_process_has_threads_of_its_own():
    assert threads.map_pieces(abs, range(40), work=MUCH) == list(range(40))
    child = os.fork()
    if child == 0:
        found = threads.map_pieces(abs, range(40), work=MUCH)
        os._exit(0 if found == list(range(40)) else 1)
    assert os.waitpid(child, 0)[1] == 0
