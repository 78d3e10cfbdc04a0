"""Lane sweeps on CUDA against those on the CPU: on a card, or in numba's simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.cuda import LaneSweep
from aadlib.errors import AadError, AadTypeError, AadValueError, BranchChanged, NotFinite

N_LANES = 19


def recorded(path: Any, params: Any, noise: Any) -> ad.Program:
    program = ad.record(path, params, noise, lanes=(1,), passive=(1,))
    assert isinstance(program, ad.Program)
    return program


def basket(p: Any, z: Any) -> Any:
    """A smoothed basket call: wide rows from four assets on, which meet in products of columns."""
    n = z.shape[-1]
    spots, volatilities = p[:n], p[n:]
    basket = np.sum(spots * np.exp(0.03 - 0.5 * volatilities**2 + volatilities * z)) / n
    return np.exp(-0.03) * ad.softplus(basket - 100.0, 0.3)


def many_rules(p: Any, z: Any) -> Any:
    """Operations from all over the table, and some that no lane changes."""
    a, b, c = p[0], p[1], p[2]
    uniform = np.exp(-a * b) + np.hypot(a, c)
    moved = a + 0.3 * z
    terms = (
        np.sin(moved) * np.arctan2(b, moved),
        ad.norm_cdf(moved * b) * np.log1p(moved**2),
        np.power(1.5 + np.cos(moved), c),
        np.maximum(moved, b) * np.tanh(c * moved),
        np.where(z > 0.0, np.sqrt(np.abs(moved)), np.cbrt(moved)),
        ad.erf(moved) / np.cosh(b * moved),
        np.fmod(moved, b) + ad.gammaln(2.0 + np.abs(moved)),
        np.logaddexp(moved, c) * np.expm1(0.1 * moved),
    )
    return uniform * sum(terms)


def ended_chain(p: Any, z: Any) -> Any:
    """Infinite partials behind a zero: the lanes at z < 0 take the other branch of the choice."""
    return np.where(z > 0.0, np.sqrt(np.where(z > 0.0, p[0] * z, 0.0)), p[1] * z) * p[1]


FLOORS = np.linspace(1.0, 2.0, 8)


def ended_rows(p: Any, z: Any) -> Any:
    """Wide rows that are infinite in the lanes where the branch they stand in is not taken."""
    roots = np.sum(np.sqrt(p - np.where(z > 0.0, 0.0, FLOORS)))
    return np.where(z > 0.0, roots * roots * z, z * p[0])


CASES = {
    "basket of 2": (basket, np.array([95.0, 105.0, 0.2, 0.3]), (2,)),
    "basket of 4": (basket, np.r_[np.linspace(90.0, 110.0, 4), np.linspace(0.1, 0.4, 4)], (4,)),
    "many rules": (many_rules, np.array([0.7, 0.4, 1.3]), ()),
    "ended chain": (ended_chain, np.array([0.7, 0.4]), ()),
    "ended rows": (ended_rows, FLOORS, ()),
}

on_card = [pytest.mark.cuda, pytest.mark.usefixtures("cuda_card", "few_threads")]


@pytest.fixture
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let several rounds of lanes and several blocks of tiles arise from few lanes."""
    monkeypatch.setattr("aadlib.lanes.machine_cuda.WIDTH", 8)
    monkeypatch.setattr("aadlib.lanes.machine_cuda.THREADS", 4)


@pytest.mark.parametrize("case", CASES)
class TestOnCard:
    pytestmark = on_card

    # Where rows are infinite the simulator's NumPy says so before the sweep is taken again with chains that end.
    @pytest.mark.filterwarnings("ignore:.*invalid value encountered:RuntimeWarning")
    def test_equals_the_cpu(self, case: str, rng: np.random.Generator) -> None:
        path, params, shape = CASES[case]
        noise = rng.standard_normal((N_LANES, *shape))
        program = recorded(path, params, noise)
        sweep = LaneSweep(program)
        wanted = program.derivatives(params, noise)
        values, gradient, hessian = sweep.derivatives(params, noise)
        np.testing.assert_allclose(values, wanted[0], rtol=1e-12)
        np.testing.assert_allclose(gradient, wanted[1], atol=1e-12 * np.abs(wanted[1]).max())
        np.testing.assert_allclose(hessian, wanted[2], atol=1e-12 * np.abs(wanted[2]).max())
        np.testing.assert_array_equal(sweep.derivatives(params, noise)[2], hessian)
        np.testing.assert_array_equal(sweep.value(params, noise), values)
        first_order = sweep.value_and_gradient(params, noise)
        np.testing.assert_array_equal(first_order[0], values)
        np.testing.assert_allclose(first_order[1], gradient, rtol=1e-12)


@pytest.mark.cuda
@pytest.mark.usefixtures("real_card")
@pytest.mark.parametrize("case", CASES)
def test_many_lanes_on_a_card(case: str, rng: np.random.Generator) -> None:
    path, params, shape = CASES[case]
    noise = rng.standard_normal((100_003, *shape))
    program = recorded(path, params, noise[:1])
    sweep = LaneSweep(program)
    wanted, found = (one.derivatives(params, noise) for one in (program, sweep))
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-11 * np.abs(theirs).max())
    np.testing.assert_array_equal(sweep.derivatives(params, noise)[2], found[2])


class TestErrorsOnCard:
    pytestmark = on_card

    def test_a_changed_comparison_names_its_line(self) -> None:
        def path(p: Any, z: Any) -> Any:
            return p * z if z > 0.0 else p * p

        program = recorded(path, 2.0, np.array([1.0]))
        with pytest.raises(BranchChanged, match=r"test_cuda_lanes.*in 2 of 4 lanes"):
            LaneSweep(program).value_and_gradient(2.0, np.array([1.0, -1.0, 2.0, -2.0]))

    def test_a_value_that_is_not_finite_names_its_lane(self) -> None:
        program = recorded(lambda p, z: np.log(p * z), 2.0, np.array([1.0]))
        with pytest.raises(NotFinite, match="lane 2"):
            LaneSweep(program).derivatives(2.0, np.array([1.0, 3.0, -1.0]))

    def test_what_does_not_fit_is_refused(self) -> None:
        noise = np.ones((3, 2))
        with pytest.raises(AadTypeError, match="no lane argument"):
            LaneSweep(ad.record(lambda p: p * p, 1.0))
        with pytest.raises(AadTypeError, match=r"passive=\[1\]"):
            LaneSweep(ad.record(lambda p, z: p * np.sum(z), 1.0, noise, lanes=(1,)))
        with pytest.raises(AadTypeError, match="scalar result"):
            LaneSweep(recorded(lambda p, z: p * z, 1.0, noise))
        sweep = LaneSweep(recorded(lambda p, z: p * np.sum(z), 1.0, noise))
        with pytest.raises(AadTypeError, match="2 arguments, got 1"):
            sweep.value(1.0)
        with pytest.raises(AadValueError, match=r"argument 1 has shape \(3, 4\)"):
            sweep.value(1.0, np.ones((3, 4)))
        with pytest.raises(AadValueError, match="empty"):
            sweep.value(1.0, np.ones((0, 2)))


def test_without_a_card_it_raises() -> None:
    from numba import cuda

    if cuda.is_available():
        pytest.skip("there is a CUDA card, or its simulator")
    program = recorded(lambda p, z: p * z, 1.0, np.ones(3))
    with pytest.raises(AadError, match=r"no CUDA card.*aadlib\[cuda\]"):
        LaneSweep(program)
