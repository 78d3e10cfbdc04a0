"""The engine's own list of test functions by every second-order method, and against jax."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest

import aadlib as ad
from greeks2 import METHODS, KinkWarning, hessian

from ..aadlib.functions_list import CASES

EXACT = tuple(method for method in METHODS if method != "bumping2")


@pytest.fixture(autouse=True)
def kinks_are_expected() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        yield


def scale_of(matrix: np.ndarray, value: float) -> float:
    """Return what an error is measured against: the largest entry, or the value where the matrix is small."""
    return max(1e-3, float(np.abs(matrix).max()), abs(value))


def by_every_method(case) -> tuple[dict[str, np.ndarray], float]:
    program = ad.record(lambda x: case.function(x, np), case.point)
    weights = None if not program.output_shape else np.linspace(0.5, 1.5, program.n_outputs)
    if weights is not None:
        weights = weights.reshape(program.output_shape)
    found = {method: hessian(program, case.point, method=method, weights=weights) for method in METHODS}
    return found, float(np.max(np.abs(program.value(case.point))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_methods_agree(case) -> None:
    found, value = by_every_method(case)
    scale = scale_of(found["forward_over_reverse"], value)
    for one, other in combinations(EXACT, 2):
        assert np.abs(found[one] - found[other]).max() < 1e-11 * scale, (one, other)
    if np.isfinite(found["bumping2"]).all():
        assert np.abs(found["bumping2"] - found["taylor"]).max() < 1e-3 * scale


def test_the_list_is_long_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.peers
@pytest.mark.parametrize("case", [case for case in CASES if case.jax], ids=lambda case: case.name)
def test_methods_agree_with_jax(case) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    found, value = by_every_method(case)
    if np.shape(case.function(case.point, np)):
        pytest.skip("an array as result")
    expected = np.asarray(jax.hessian(lambda x: case.function(x, jax.numpy))(case.point))
    if not np.isfinite(expected).all():
        pytest.skip("not a number under jax")
    scale = scale_of(expected, value)
    for method in EXACT:
        assert np.abs(found[method] - expected).max() < 1e-12 * scale, method
