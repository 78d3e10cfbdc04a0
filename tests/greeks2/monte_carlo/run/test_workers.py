"""The same bits whatever runs where, lost workers, errors of the path, Ctrl-C and progress."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from aadlib import AadValueError, BranchChanged, executors
from aadlib.extend import ExecutorWarning
from greeks2 import Normals, Sobol, expectation
from greeks2.monte_carlo.run import batches, workers
from greeks2.monte_carlo.run.progress import reporting

from ..paths import call, kinked_call, same_bits, tilted

MARKET = np.array([100.0, 0.2, 0.03, 0.75])
TILT = np.array([0.3, -0.2, 0.1])
SINGLE = Normals(n_paths=20_000, shape=(), seed=5, antithetic=True)
NOISES = {
    "normals": SINGLE,
    "sobol": Sobol(n_paths=2**13, shape=(), seed=5),
    "array": SINGLE.draw(0, 7001),
    "long": Normals(n_paths=150_000, shape=(), seed=6),
}


class Future:
    """The least a future has to be."""

    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments
        self.cancelled = False

    def result(self):
        assert not self.cancelled
        return self.function(*self.arguments)

    def cancel(self):
        self.cancelled = True


class Stub:
    """The least an executor has to be; all that is sent and comes back goes through pickle."""

    def __init__(self):
        self.futures = []

    def submit(self, function, *arguments):
        sent = pickle.loads(pickle.dumps((function, arguments)))
        self.futures.append(Future(lambda f, a: pickle.loads(pickle.dumps(f(*a))), sent))
        return self.futures[-1]


class Flaky(Stub):
    """Loses every third piece, and takes none after the fortieth."""

    def submit(self, function, *arguments):
        if len(self.futures) == 40:
            raise RuntimeError("the cluster is gone")
        future = super().submit(function, *arguments)
        if len(self.futures) % 3 == 0:
            future.function = self.lose
        return future

    @staticmethod
    def lose(*_):
        raise ConnectionError("a worker was lost")


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def in_one_thread(monkeypatch):
    """Return what a noise gives without any threads."""

    def run(noise, **options):
        with monkeypatch.context() as patch:
            patch.setenv("AADLIB_NUM_THREADS", "1")
            return expectation(call, MARKET, lanes=noise, **options)

    return run


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("threads", ["1", "2", "3", "7"])
def test_any_number_of_threads_gives_the_same_bits(noise, threads, in_one_thread, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_THREADS", 0.0)
    wanted = in_one_thread(NOISES[noise])
    monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
    assert same_bits(expectation(call, MARKET, lanes=NOISES[noise]), wanted)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("make", [Stub, lambda: ThreadPoolExecutor(3)], ids=["stub", "threads"])
def test_any_executor_gives_the_same_bits(noise, make, in_one_thread):
    executor = make()
    found = expectation(call, MARKET, lanes=NOISES[noise], executor=executor)
    assert same_bits(found, in_one_thread(NOISES[noise]))
    if isinstance(executor, ThreadPoolExecutor):
        executor.shutdown()


@pytest.mark.parametrize("noise", NOISES)
def test_processes_give_the_same_bits(noise, processes, in_one_thread):
    def path(p, z):  # workers cannot import this function: the recording is what they get
        return call(p, z)

    assert same_bits(
        expectation(path, MARKET, lanes=NOISES[noise], executor=processes), in_one_thread(NOISES[noise])
    )


def test_smoothed_kinks_through_processes(processes, in_one_thread):
    found = expectation(kinked_call, MARKET[:3], lanes=SINGLE, executor=processes, smoothing="kink")
    assert same_bits(found, expectation(kinked_call, MARKET[:3], lanes=SINGLE, smoothing="kink"))


@pytest.mark.parametrize("order", [0, 1])
def test_lower_orders_through_processes(order, processes, in_one_thread):
    found = expectation(call, MARKET, lanes=SINGLE, executor=processes, order=order)
    assert same_bits(found, in_one_thread(SINGLE, order=order))


@pytest.fixture
def one_batch_a_piece(monkeypatch):
    """Small batches are not swept together, so that there are many pieces."""
    monkeypatch.setattr(batches, "FEWEST_PIECES", 10**9)


def test_pieces_carry_their_own_rows_only():
    """What is sent to workers does not grow with the array it was cut from."""
    stub = Stub()
    expectation(call, MARKET, lanes=SINGLE.draw(0, 20_000), executor=stub)
    assert len(stub.futures) == batches.FEWEST_PIECES
    sent = [len(pickle.dumps(future.arguments)) for future in stub.futures]
    assert max(sent) < 1.3 * 8 * 20_000 / batches.FEWEST_PIECES


def test_not_all_pieces_wait_at_once(one_batch_a_piece):
    """A stub that runs a piece when its result is asked for sees how many were handed over before the first one."""
    stub, waiting = Stub(), []
    noise = Normals(n_paths=40_000, shape=(), seed=1)
    expectation(
        lambda p, z: p * z,
        1.0,
        lanes=noise,
        order=0,
        executor=stub,
        batches=1000,
        progress=lambda done, total: waiting.append(len(stub.futures) - len(waiting)),
    )
    assert len(stub.futures) > 3 * executors.WINDOW and max(waiting) == executors.WINDOW


def test_lost_pieces_are_swept_again(in_one_thread, one_batch_a_piece):
    noise = NOISES["long"]
    with pytest.warns(ExecutorWarning, match="RuntimeError: the cluster is gone") as caught:
        found = expectation(call, MARKET, lanes=noise, executor=Flaky(), batches=64)
    assert same_bits(found, in_one_thread(noise, batches=64))
    assert len(caught) == 1 and caught[0].filename == __file__
    assert str(caught[0].message).startswith("37 pieces ")  # 13 lost ones of 40, and the 24 that were refused


def test_a_worker_process_that_dies(in_one_thread):
    class Fatal:
        """Kills the worker that gets the fifth piece."""

        def __init__(self, pool):
            self.pool, self.count = pool, 0

        def submit(self, function, *arguments):
            self.count += 1
            return (
                self.pool.submit(os._exit, 1) if self.count == 5 else self.pool.submit(function, *arguments)
            )

    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.warns(ExecutorWarning, match="BrokenProcessPool"),
    ):
        found = expectation(call, MARKET, lanes=SINGLE, executor=Fatal(pool))
    assert same_bits(found, in_one_thread(SINGLE))


def test_a_closed_executor_is_replaced(in_one_thread):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.warns(ExecutorWarning, match="shutdown"):
        found = expectation(call, MARKET, lanes=SINGLE, executor=pool)
    assert same_bits(found, in_one_thread(SINGLE))


def test_memory_that_a_worker_lacks_is_not_an_error_of_the_path(in_one_thread):
    class Small(Stub):
        def submit(self, function, *arguments):
            future = super().submit(function, *arguments)
            future.function = self.exhaust
            return future

        @staticmethod
        def exhaust(*_):
            raise MemoryError("small worker")

    with pytest.warns(ExecutorWarning, match="MemoryError: small worker"):
        found = expectation(call, MARKET, lanes=SINGLE, executor=Small())
    assert same_bits(found, in_one_thread(SINGLE))


@pytest.mark.parametrize("where", ["here", "threads", "processes"])
def test_an_error_of_the_path_is_raised_as_itself(where, processes, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_THREADS", 0.0)
    executor = {"here": None, "threads": ThreadPoolExecutor(2), "processes": processes}[where]
    z = np.linspace(-1.0, 1.0, 5000)
    with pytest.raises(BranchChanged, match=r"in paths \d+ to \d+ .*test_workers.py"):
        expectation(lambda p, x: p * x if x < 0.5 else p, 1.0, lanes=z, executor=executor)
    z[1234] = np.nan
    with pytest.raises(AadValueError, match="row 1234"):
        expectation(tilted, 1.0, lanes=z, executor=executor)


class Held(ThreadPoolExecutor):
    """Two threads that take eight pieces and leave the others until the gate is opened, however fast they are."""

    def __init__(self):
        super().__init__(2)
        self.gate, self.taken = Event(), 0

    def submit(self, function, *arguments):
        self.taken += 1
        return super().submit(function if self.taken <= 8 else self._wait, *arguments)

    def _wait(self, *_):
        assert self.gate.wait(20.0)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("make", [lambda: None, Held, Stub])
def test_ctrl_c_in_the_middle(make, one_batch_a_piece):
    """The signal arrives between two pieces: it is not swallowed, and what waits is cancelled."""
    executor = make()
    handed = []
    if executor is not None:
        submit = executor.submit

        def counted(*arguments):
            handed.append(submit(*arguments))
            return handed[-1]

        executor.submit = counted
    seen = []

    def interrupt(done, total):
        seen.append(done)
        if len(seen) == 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        expectation(call, MARKET, lanes=NOISES["long"], executor=executor, progress=interrupt, batches=500)
    assert len(seen) == 5
    if isinstance(executor, Stub):
        assert all(future.cancelled for future in handed[5:])
    elif handed:
        executor.gate.set()
        executor.shutdown()
        assert sum(future.cancelled() for future in handed) > len(handed) // 2


def test_ctrl_c_in_a_result(one_batch_a_piece):
    class Interrupted(Stub):
        def submit(self, function, *arguments):
            future = super().submit(function, *arguments)
            if len(self.futures) == 4:
                future.function = self.press
            return future

        @staticmethod
        def press(*_):
            raise KeyboardInterrupt

    executor = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        expectation(call, MARKET, lanes=SINGLE, executor=executor)
    assert [future.cancelled for future in executor.futures] == [False] * 4 + [True] * 28


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_reported_in_order_up_to_the_end():
    seen = []
    expectation(call, MARKET, lanes=NOISES["long"], progress=lambda *state: seen.append(state))
    done = [state[0] for state in seen]
    assert done == sorted(done) and done[-1] == 150_000 and {total for _, total in seen} == {150_000}


def test_the_bar_is_drawn_on_a_terminal_and_taken_away():
    screen = Terminal()
    with reporting(True, screen) as report:
        report(250, 1000)
        report(251, 1000)  # too soon to be drawn
    text = screen.getvalue()
    assert " 25% [#######" in text and "250 of 1,000 paths" in text and "251" not in text
    assert text.endswith("\r\x1b[K")


def test_the_bar_is_taken_away_after_an_error():
    screen = Terminal()
    with pytest.raises(KeyboardInterrupt), reporting(True, screen):
        raise KeyboardInterrupt
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("progress", [True, False])
def test_a_pipe_stays_silent(progress, capfd):
    expectation(call, MARKET, lanes=SINGLE, progress=progress)
    assert capfd.readouterr() == ("", "")


def test_no_bar_on_a_terminal_where_none_is_wanted():
    screen = Terminal()
    with reporting(False, screen) as report:
        report(1, 2)
    assert screen.getvalue() == ""
