"""Coloured directions: the pattern of a program, the colours, every entry recovered, and patterns that are wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations, product

import numpy as np
import pytest
from scipy import sparse

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from greeks2 import KinkWarning, hessian, hessian_result, plan
from greeks2.methods.forward_over_reverse.coloring import color
from greeks2.methods.forward_over_reverse.forward_over_reverse import coloring_of
from greeks2.structure.pattern import as_pattern

from ...aadlib.tape.test_composite import Softmax
from ..functions import CASES, Case


def tridiagonal(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def banded(x):
    return np.sum(np.sin(x[3:] * x[2:-1]) * np.exp(x[1:-2] - x[:-3]))


def arrow(x):
    return np.sum(np.exp(x[:-1]) * x[-1]) + x[-1] ** 4


def blocks(x):
    return sum(np.log(np.sum(np.exp(x[k : k + 4]))) for k in range(0, len(x), 4))


def ring(x):
    return sum(x[k] ** 2 * x[k - 1] for k in range(len(x)))


def diagonal(x):
    return np.sum(np.exp(np.sin(x)))


def linear(x):
    return np.sum(x) * 2.0


def bordered_blocks(x):
    """Two factors that all blocks share, as in a book of trades under common rates."""
    return sum(np.prod(x[k : k + 3]) * np.exp(x[-1] * x[-2] * k / len(x)) for k in range(0, len(x) - 2, 3))


SPARSE: list[tuple[Callable[..., object], int, int]] = [
    (tridiagonal, 40, 3),
    (banded, 40, 7),
    (arrow, 40, 2),
    (blocks, 40, 4),
    (ring, 40, 5),
    (diagonal, 40, 1),
    (linear, 40, 1),
    (bordered_blocks, 41, 6),
]
"""Function, inputs, and how many colours at most."""

shapes = pytest.mark.parametrize(("f", "n", "most"), SPARSE, ids=lambda item: getattr(item, "__name__", None))


def dense_hessian(f: Callable[..., object], x: np.ndarray) -> np.ndarray:
    return ad.record(f, x).hessian(x)


@shapes
def test_colours_recover_every_entry(f, n: int, most: int) -> None:
    x = np.linspace(0.5, 1.5, n)
    program = ad.record(f, x)
    coloring = coloring_of(program)
    assert coloring is not None and coloring.n_colors <= most
    expected = dense_hessian(f, x)
    result = hessian_result(program, x, method="forward_over_reverse", sparse=True)
    assert result.counts["directions"] == coloring.n_colors
    scale = max(1e-3, np.abs(expected).max())
    assert np.abs(result.matrix.toarray() - expected).max() <= 1e-13 * scale
    assert (result.matrix != result.matrix.T).nnz == 0
    for pattern in (expected != 0.0, sparse.coo_array(expected), np.tril(expected) != 0.0):
        given = hessian(program, x, sparsity=pattern)
        assert np.abs(given - expected).max() <= 1e-13 * scale


@pytest.fixture
def kinks_are_expected() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        yield


@pytest.mark.usefixtures("kinks_are_expected")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_list_of_functions(case: Case) -> None:
    """Small and mostly dense: what is sparse is recovered, what is not takes all directions."""
    expected = hessian(case.function, case.arguments, method="edge_pushing", passive=case.passive)
    options = {"method": "forward_over_reverse", "passive": case.passive}
    scale = max(1e-3, np.abs(expected).max())
    found = hessian(case.function, case.arguments, sparse=True, **options).toarray()
    assert np.abs(found - expected).max() <= 1e-11 * scale
    given = hessian(case.function, case.arguments, sparsity=expected != 0.0, **options)
    assert np.abs(given - expected).max() <= 1e-11 * scale


def test_dense_functions_take_all_directions() -> None:
    x = np.linspace(0.5, 1.5, 12)
    program = ad.record(lambda x: np.log(np.sum(np.exp(x))), x)
    assert coloring_of(program) is None
    result = hessian_result(program, x, method="forward_over_reverse", sparse=True)
    assert result.counts["directions"] == 12
    assert np.allclose(result.matrix.toarray(), program.hessian(x), rtol=1e-14)
    full = hessian(program, x, sparsity=np.ones((12, 12), dtype=bool))
    assert np.allclose(full, program.hessian(x), rtol=1e-13)


def test_weights_and_several_arguments() -> None:
    def f(x, y):
        return np.array([np.sum(x**2 * y), np.sum(np.exp(x))])

    x, y = np.linspace(0.5, 1.5, 10), np.linspace(1.0, 2.0, 10)
    expected = hessian(f, (x, y), method="taylor", weights=[2.0, -1.0])
    found = hessian(f, (x, y), method="forward_over_reverse", weights=[2.0, -1.0], sparse=True)
    assert np.allclose(found.toarray(), expected, rtol=1e-14, atol=1e-14)
    assert found.nnz <= 40
    half = hessian(f, (x, y), method="forward_over_reverse", passive=(1,), weights=[2.0, -1.0], sparse=True)
    assert np.allclose(half.toarray(), expected[:10, :10], rtol=1e-14, atol=1e-14)


@shapes
def test_wrong_patterns_are_errors(f, n: int, most: int) -> None:
    x = np.linspace(0.5, 1.5, n)
    program = ad.record(f, x)
    expected = np.tril(dense_hessian(f, x), -1)
    for i, j in np.argwhere(np.abs(expected) > 1e-3)[::7]:
        pattern = expected != 0.0
        pattern[i, j] = False
        with pytest.raises(
            AadValueError, match=r"sparsity is wrong: row \d+ of the Hessian has entries outside"
        ):
            hessian(program, x, sparsity=pattern)


def test_a_pattern_is_tested_at_every_point() -> None:
    """Right where the product vanishes, wrong elsewhere: the colours are kept, the test is not."""
    program = ad.record(lambda x: np.sum(x**2) + x[0] * x[1] ** 3, np.array([1.0, 0.0, 2.0]))
    pattern = np.eye(3, dtype=bool)
    assert np.allclose(hessian(program, [1.0, 0.0, 2.0], sparsity=pattern), 2.0 * np.eye(3))
    with pytest.raises(AadValueError, match="sparsity is wrong: row 0"):
        hessian(program, [1.0, 0.5, 2.0], sparsity=pattern)


def test_infinite_entries_are_let_through() -> None:
    found = hessian(
        lambda x: np.sqrt(x[0]) + x[1] ** 2 * x[2], [0.0, 2.0, 3.0], sparsity=np.tri(3, dtype=bool)
    )
    assert found.tolist() == [[-np.inf, 0.0, 0.0], [0.0, 6.0, 4.0], [0.0, 4.0, 0.0]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"sparsity": np.ones((3, 3), dtype=bool)},
            AadValueError,
            r"shape \(3, 3\): the Hessian is \(2, 2\)",
        ),
        ({"sparsity": np.ones((2, 2))}, AadTypeError, "dtype float64: give booleans"),
        ({"sparsity": "band"}, AadValueError, r"shape \(\)"),
        ({"sparsity": np.ones((2, 2), dtype=bool), "method": "taylor"}, AadValueError, "method 'taylor'"),
        ({"sparsity": np.ones((2, 2), dtype=bool), "cap_active": 9}, AadValueError, "cap_active = 9"),
    ],
)
def test_patterns_that_cannot_be(options, error, message: str) -> None:
    with pytest.raises(error, match=message):
        hessian(lambda x: x[0] * x[1] ** 2, [2.0, 3.0], **options)


def test_composites_join_all_their_operands() -> None:
    def f(x):
        each = [ad.apply_composite(Softmax(), x[k : k + 4]) for k in range(0, 32, 4)]
        return sum(w[0] * x[4 * k] + np.exp(w[1]) for k, w in enumerate(each)) + np.sum(x**3)

    x = np.linspace(0.5, 1.5, 32)
    program = ad.record(f, x)
    assert program.composites
    found = hessian_result(program, x, method="forward_over_reverse", sparse=True)
    assert found.counts["directions"] == 4 and found.matrix.nnz == 8 * 16
    assert np.allclose(found.matrix.toarray(), program.hessian(x), rtol=1e-12, atol=1e-14)


def test_random_patterns_are_star_coloured(rng: np.random.Generator) -> None:
    """Neighbours differ, no path of four vertices has two colours, and every entry of any matrix is read off."""
    for n, density in product((1, 2, 7, 25), (0.0, 0.1, 0.3, 0.8)):
        matrix = np.where(rng.random((n, n)) < density, rng.normal(size=(n, n)), 0.0)
        matrix = matrix + matrix.T
        pairs = as_pattern(matrix != 0.0, n)
        coloring = color(pairs, n)
        colors, linked = coloring.colors, (matrix != 0.0) & ~np.eye(n, dtype=bool)
        assert all(colors[i] != colors[j] for i, j in pairs)
        for b, c in combinations(range(n), 2):
            if linked[b, c]:
                beyond_b = [a for a in np.flatnonzero(linked[b]) if a != c and colors[a] == colors[c]]
                beyond_c = [d for d in np.flatnonzero(linked[c]) if d != b and colors[d] == colors[b]]
                assert not (beyond_b and beyond_c)
        entries = coloring.entries(coloring.seeds @ matrix)
        assert np.allclose(coloring.dense(entries), matrix, rtol=1e-14, atol=1e-14)
        assert np.allclose(coloring.sparse(entries).toarray(), matrix, rtol=1e-14, atol=1e-14)


def test_the_planner_counts_colours() -> None:
    """Groups of inputs in long dense recurrences: arcs by the thousand, few colours, hundreds of directions."""

    def groups(x):
        total = 0.0
        for k in range(0, len(x), 4):
            state = [x[k + m % 4] * (1.0 + 0.01 * m) for m in range(50)]
            for n in range(10):
                state = [np.sin(s + 0.1 * state[(m + n) % 50] * state[m - 1]) for m, s in enumerate(state)]
            total = total + sum(state)
        return total

    x = np.linspace(0.5, 1.5, 48)
    program = ad.record(groups, x)
    chosen = plan(program)
    assert chosen.method == "forward_over_reverse" and chosen.counts["colors"] == 4
    result = hessian_result(program, x)
    assert result.counts["directions"] == 4
    expected = program.hessian(x)
    assert np.abs(result.matrix - expected).max() < 1e-12 * np.abs(expected).max()


def test_a_long_rosenbrock_has_three_colours() -> None:
    x = np.linspace(0.5, 1.5, 2000)
    result = hessian_result(tridiagonal, x, method="forward_over_reverse", sparse=True)
    assert result.counts["directions"] == 3 and result.matrix.nnz == 3 * 2000 - 2
    again = hessian(tridiagonal, x, method="edge_pushing", sparse=True)
    assert abs(result.matrix - again).max() < 1e-12 * abs(again).max()
