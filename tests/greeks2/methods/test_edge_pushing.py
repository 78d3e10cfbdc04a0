"""Edge pushing: caps, the schedule and its reuse, the trace of the bare algorithm."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadError, AadValueError
from greeks2 import Step, algo4_adjlist, hessian, hessian_result
from greeks2.methods.edge_pushing.edge_pushing import replay_arcs, schedule_of, schedule_within, smallest_cap
from greeks2.point import point_at
from greeks2.structure.hubs import hub_slots, no_hubs
from greeks2.twins.algo4 import push_arcs

from ..functions import CASES, Case

SMOOTH = [case for case in CASES if not case.kinks and isinstance(case.arguments, np.ndarray)]


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: case.name)
def test_cap_changes_nothing_but_round_off(case: Case) -> None:
    program = ad.record(case.function, case.arguments)
    free = hessian_result(program, case.arguments, method="edge_pushing")
    scale = max(1e-3, np.abs(free.matrix).max())
    smallest = max(1, smallest_cap(program))
    for cap in (smallest, smallest + 1, 7, 20, 10**6):
        capped = hessian_result(program, case.arguments, method="edge_pushing", cap_active=max(cap, smallest))
        assert np.abs(capped.matrix - free.matrix).max() <= 1e-12 * scale
        assert capped.counts["live_arcs"] <= max(cap, smallest)
    assert capped.counts["flushes"] == 0


def test_a_small_cap_flushes_and_auto_honours_it() -> None:
    case = next(c for c in CASES if c.name == "network")
    result = hessian_result(case.function, case.arguments, cap_active=5)
    assert result.method == "edge_pushing"
    assert result.counts["flushes"] > 0 and result.counts["live_arcs"] <= 5
    sparse = hessian(case.function, case.arguments, method="edge_pushing", cap_active=5, sparse=True)
    assert np.allclose(sparse.toarray(), result.matrix, rtol=1e-14, atol=1e-14)


def test_cap_too_small_for_one_operation_is_an_error() -> None:
    with pytest.raises(AadValueError, match=r"cap_active = 2: .* at least 3"):
        hessian(lambda x: x[0] ** x[1], [1.2, 0.3], method="edge_pushing", cap_active=2)
    for cap in (0, -1, 2.5, True):
        with pytest.raises(AadError, match="cap_active"):
            hessian(lambda x: x[0] ** x[1], [1.2, 0.3], method="edge_pushing", cap_active=cap)
    assert np.isfinite(hessian(lambda x: x[0] ** x[1], [1.2, 0.3], method="edge_pushing", cap_active=3)).all()


def test_schedule_is_made_once_and_goes_with_its_program() -> None:
    program = ad.record(lambda x: x[0] ** 3 * x[1], [1.0, 2.0])
    assert schedule_of(program) is schedule_of(program)
    kept = weakref.ref(schedule_of(program))
    hessian(program, [1.0, 2.0])
    del program
    gc.collect()
    assert kept() is None


def test_arena_is_all_zeros_after_a_replay() -> None:
    for case in SMOOTH:
        program = ad.record(case.function, case.arguments)
        schedule = schedule_of(program)
        with point_at(program, (case.arguments,)) as point, schedule.weights() as arena:
            replay_arcs(point, schedule, arena, np.zeros((0, 0)))
            assert not arena.any(), case.name
        with schedule.weights() as again:
            assert again is arena


def test_an_interrupt_between_pushes_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    program, x = ad.record(lambda x: np.exp(x[0] * x[1]) / x[2], np.ones(3)), np.array([0.3, 0.7, 1.1])
    expected = hessian(program, x, method="edge_pushing")
    with monkeypatch.context() as patch:
        patch.setattr("greeks2.methods.edge_pushing.arc_sweep.collect", interrupt)
        with pytest.raises(KeyboardInterrupt):
            hessian(program, x, method="edge_pushing")
    assert (hessian(program, x, method="edge_pushing") == expected).all()


def test_blocks_are_recycled() -> None:
    def march(x, n_steps):
        state = [x[k % 3] * (1.0 + 0.1 * k) for k in range(6)]
        for _ in range(n_steps):
            state = [0.5 * state[k] * state[(k + 1) % 6] + 0.3 for k in range(6)]
        return sum(state)

    sizes = [schedule_of(ad.record(lambda x, n=n: march(x, n), np.ones(3))).arena for n in (20, 40, 80)]
    assert sizes[2] <= 1.1 * sizes[1] <= 1.21 * sizes[0]


def test_hubs_save_pushes_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(c for c in CASES if c.name == "hubs")
    program = ad.record(case.function, case.arguments)
    assert hub_slots(program).size >= 60
    with_hubs = hessian_result(program, case.arguments, method="edge_pushing")
    schedule = schedule_of(program)
    assert schedule.hubs.nodes.size >= 60 and schedule.stretched > 0
    monkeypatch.setattr("greeks2.methods.edge_pushing.edge_pushing.hubs_of", no_hubs)
    plain = ad.record(case.function, case.arguments)
    without = hessian_result(plain, case.arguments, method="edge_pushing")
    assert schedule_of(plain).stretched == 0
    assert schedule.pushes < 0.5 * schedule_of(plain).pushes
    assert np.allclose(with_hubs.matrix, without.matrix, rtol=1e-12)


def test_tracing_stops_at_its_limit() -> None:
    program = ad.record(lambda x: np.prod(x) ** 2, np.linspace(0.8, 1.2, 30))
    assert schedule_within(program, 10) is None
    assert schedule_within(program, 10**6) is schedule_of(program)


def test_threads_share_a_program() -> None:
    program = ad.record(lambda x: np.prod(x) ** 2 / np.sum(x * x), np.linspace(0.8, 1.2, 12))
    points = [np.linspace(0.8, 1.2 + 0.01 * k, 12) for k in range(40)]
    alone = [hessian(program, point, method="edge_pushing") for point in points]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda point: hessian(program, point, method="edge_pushing"), points))
    for one, other in zip(alone, together, strict=True):
        assert (one == other).all()


def test_steps_of_the_report_example() -> None:
    """Figure 2: what sweeping f = (x_-2 + e^x_-1)(3 x_-1 + x_0^2) creates, and that weights add up."""
    steps: list[Step] = []
    point = np.array([0.5, 0.25, 2.0])
    program = ad.record(lambda x: (x[0] + ad.exp(x[1])) * (3.0 * x[1] + x[2] ** 2), point)
    matrix = algo4_adjlist(program, None, [point], on_step=steps.append)
    assert steps[0].kind == "create" and steps[0].amount == 1.0
    finished = [step.node for step in steps if step.kind == "finish"]
    assert finished == sorted(finished, reverse=True) and len(finished) == program.n_nodes
    weights: dict[tuple[int, int], float] = {}
    for step in steps:
        if step.kind in ("push", "create"):
            assert step.target is not None
            weights[step.target] = weights.get(step.target, 0.0) + step.amount
    for (i, j), weight in weights.items():
        if j < 3:
            assert weight == pytest.approx(matrix[i, j], rel=1e-15)
    assert steps[-1].adjoints.keys() == {0, 1, 2}


def test_push_counts_agree_with_the_bare_algorithm() -> None:
    """The schedule counts a push per arc and operand, as the algorithm does it (structural zeros aside)."""
    for case in SMOOTH:
        program = ad.record(case.function, case.arguments)
        if schedule_of(program).stretched:
            continue
        pushes = []
        with point_at(program, (case.arguments,)) as point:
            push_arcs(point, lambda step, pushes=pushes: pushes.append(step) if step.kind == "push" else None)
        assert len(pushes) <= schedule_of(program).pushes


def chained(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def arrow(x):
    return np.sum(x[0] * x[1:] ** 2) + np.exp(x[0])


def crossed(x):
    return np.sum(np.sin(x[1:] * x[:-1]) * x[::-1][1:]) + np.exp(x[0] * x[-1])


@pytest.mark.parametrize("function", [chained, arrow, crossed])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_cap_costs_no_more_memory_than_none(function, sparse: bool) -> None:
    """Forward rows of what arcs are flushed to are sparse: the bound holds, and entries differ by round-off."""
    x = np.linspace(0.5, 1.5, 400)
    program = ad.record(function, x)
    peaks, matrices = [], []
    for cap in (None, 40):
        options = {"method": "edge_pushing", "sparse": sparse, "cap_active": cap}
        hessian(program, x, **options)
        tracemalloc.start()
        matrix = hessian(program, x, **options)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        matrices.append(matrix.toarray() if sparse else matrix)
    assert schedule_of(program, 40).peak <= 40 and schedule_of(program, 40).n_flushes > 0
    assert peaks[1] < 2.5 * peaks[0]
    np.testing.assert_allclose(matrices[1], matrices[0], rtol=0, atol=1e-12 * np.abs(matrices[0]).max())
