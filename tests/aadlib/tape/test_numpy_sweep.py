"""Every public function and ufunc method of NumPy gives NumPy's number on recorded numbers, or refuses."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError

VECTOR = np.array([0.71, 1.93, 0.42, 1.1])
MATRIX = np.array([[0.71, 1.93, 0.42], [1.3, 0.2, 0.9], [0.5, 0.6, 2.1]])
OTHER = np.array([0.3, -1.2, 2.4, 0.9])
KEPT = np.array([True, False, True])

PLACES = (
    lambda x: (x,),
    lambda x: (x, x + 0.5),
    lambda x: (x, OTHER[: len(x)]),
    lambda x: (OTHER[: len(x)], x),
    lambda x: (x, 2),
    lambda x: (2.0, x),
    lambda x: ([x, 2.0 * x],),
    lambda x: (x, x, x * x),
    lambda x: (x.ravel()[0], 0.5),
    lambda x: (x, np.array([0.0, 1.0, 3.0]), np.array([5.0, 2.0, 1.0])),
    lambda x: (np.stack([x, 2.0 * x + 1.0]),),
    lambda x: (np.stack([x, x + 1.0]), x),
    lambda x: ([0, 2, 0, 1][: len(x)], x),
    lambda x: (1j * x,),
    lambda x: (1j * x, x + 2j),
    lambda x: (x, 0.5 - 1j),
    lambda x: ([x, 1j * x],),
)
"""Where the recorded numbers stand among the arguments."""

UNDEFINED = {("searchsorted", 12)}
"""Functions and places that NumPy leaves open: what is searched must be sorted."""

KEYWORDS = (
    {"axis": 0}, {"axis": 1}, {"axis": None}, {"axis": (0, 1)}, {"keepdims": True}, {"dtype": int},
    {"dtype": np.float32}, {"ddof": 1}, {"initial": 5.0}, {"initial": -3.0}, {"where": KEPT},
    {"where": KEPT, "initial": 2.0}, {"weights": np.array([1.0, 2.0, 3.0])}, {"prepend": 1.0}, {"rowvar": False},
    {"ord": 1}, {"ord": 2}, {"ord": -np.inf}, {"decimals": 1}, {"left": 0.5}, {"edge_order": 2}, {"side": "right"},
    {"shift": 1}, {"dx": 0.5},
    {"n": 5}, {"norm": "ortho"}, {"norm": "forward"}, {"rcond": 0.5}, {"UPLO": "U"}, {"compute_uv": False},
    {"full_matrices": False}, {"mode": "r"}, {"minlength": 6}, {"offset": 1}, {"k": 1}, {"axes": (0,)},
)  # fmt: skip

PATH_DEPENDENT = {"arctan2", "atan2", "power", "pow"}
"""Ufuncs whose own reduction in NumPy loses the running result."""

NOT_NUMBERS = {
    "frombuffer",
    "may_share_memory",
    "shares_memory",
    "empty_like",
    "argpartition",
    "partition",
    "test",
}
"""Functions of memory, and orders that NumPy leaves open."""

PREFIXES = ("_", "save", "load", "show", "set", "get", "array2", "array_", "format", "einsum_path", "from")

FUNCTIONS = [
    (name, module)
    for module in (np, np.linalg, np.fft)
    for name in sorted(dir(module))
    if callable(getattr(module, name))
    and not isinstance(getattr(module, name), type)
    and not name.startswith(
        ("_", "save", "load", "show", "set", "get", "array2", "array_", "format", "einsum_p", "from")
    )
    and name not in NOT_NUMBERS
]


def parts(result):
    """Return a result as a list of arrays and numbers."""
    nested = isinstance(result, (tuple, list))
    return list(itertools.chain.from_iterable(map(parts, result))) if nested else [result]


def _real_parts(whole):
    """Return a real array as it is, of a complex one both parts."""
    if np.iscomplexobj(whole):
        return [np.real(whole), np.imag(whole)]
    return [whole.astype(np.float64) if isinstance(whole, np.ndarray) and whole.dtype != object else whole]


def disagrees(call, point):
    """Say whether recording gives another number than NumPy; refusals agree with everything."""
    try:
        with np.errstate(all="ignore"):
            expected = [np.asarray(part) for part in parts(call(point.copy()))]
            expected = [part for whole in expected for part in _real_parts(whole)]
    except Exception:
        return False
    shapes = []

    def flat(x):
        found = [part for whole in parts(call(x)) for part in _real_parts(whole)]
        shapes.extend(map(np.shape, found))
        return (
            ad.array([*itertools.chain.from_iterable(np.ravel(part) for part in found), 0.0 * x.flat[0]])
            + 0.0
        )

    try:
        found = ad.record(flat, point).value(point)[:-1]
    except (TypeError, ValueError, AttributeError, IndexError, NotImplementedError):
        return False
    wanted = np.concatenate([np.zeros(0), *map(np.ravel, expected)])
    same = shapes == [part.shape for part in expected]
    return not (same and np.allclose(found, wanted, rtol=1e-12, atol=1e-14, equal_nan=True))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(8))
def test_functions(number):
    wrong = []
    for name, module in FUNCTIONS[number::8]:
        function = getattr(module, name)
        for place, point in itertools.product(range(len(PLACES)), (VECTOR, MATRIX)):
            if (name, place) in UNDEFINED:
                continue
            for keywords in ({}, *(KEYWORDS if place < 2 else ())):
                call = lambda x, f=function, p=PLACES[place], k=keywords: f(*p(x), **k)  # noqa: E731 - called at once
                if disagrees(call, point):
                    wrong.append((name, place, point.ndim, keywords))
    assert not wrong


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer", "reduceat"])
def test_ufunc_methods(method):
    wrong = []
    for name, ufunc in [
        (n, getattr(np, n)) for n, m in FUNCTIONS if m is np and isinstance(getattr(np, n), np.ufunc)
    ]:
        if method == "reduce" and name in PATH_DEPENDENT:
            continue
        places = {"outer": PLACES[1:4], "reduceat": [lambda x: (x, [0, 2])]}.get(method, PLACES[:1])
        for place, point, keywords in itertools.product(places, (VECTOR, MATRIX), ({}, *KEYWORDS[:12])):
            call = lambda x, u=ufunc, p=place, k=keywords: getattr(u, method)(*p(x), **k)  # noqa: E731
            if disagrees(call, point):
                wrong.append((name, point.ndim, keywords))
    assert not wrong


@pytest.mark.parametrize(
    "name", ["divide", "power", "arctan2", "fmod", "copysign", "subtract", "floor_divide"]
)
def test_reductions_begin_with_initial_and_go_from_left_to_right(name):
    ufunc = getattr(np, name)
    expected = functools.reduce(ufunc, VECTOR.tolist(), 5.0)
    assert ad.record(lambda x: ufunc.reduce(x, initial=5.0), VECTOR).value(VECTOR) == expected


@pytest.mark.parametrize("opposite", [np.logical_not, np.invert, lambda mask: ~mask])
def test_opposites_of_known_and_recorded_conditions(opposite):
    def f(x):
        mask = ad.array([x > 0.5, True, False, np.True_, np.False_])
        return np.where(opposite(mask), [1.0, 2.0, 4.0, 8.0, 16.0], 0.0).sum() * x

    program = ad.record(f, 0.3)
    assert (program.value(0.3), program.value(2.0)) == (21.0 * 0.3, 40.0)


def test_sums_of_masks_are_masks():
    f = lambda x: np.where((x > 0.5) + (x < 1.0), x, 0.0).sum() + ((x > 0.5) + (x < 1.0)).sum()  # noqa: E731
    assert ad.record(f, VECTOR).value(VECTOR) == f(VECTOR)


@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer"])
@pytest.mark.parametrize("ufunc", [np.logical_and, np.logical_or, np.logical_xor])
def test_logical_methods_are_replayed(ufunc, method):
    more = ([VECTOR > 1.0],) if method == "outer" else ()
    f = lambda x: np.sum(getattr(ufunc, method)(x > 0.6, *more) * 1.0) * x[0]  # noqa: E731
    program = ad.record(f, VECTOR)
    for point in (VECTOR, VECTOR[::-1].copy(), VECTOR * 2.0, VECTOR * 0.1):
        assert program.value(point) == pytest.approx(f(point), rel=1e-15)


TABLES = ([1e17, 1.0, 2.0, 0.5], [1e9, 1e-6, 2e-6, 1e-6], [-1e300, 1.0, 1.0, 1.0], [0.0, 1e16, 1.0, 2.0])


@pytest.mark.parametrize("table", TABLES)
def test_interpolation_carries_no_rounding_of_far_values(table):
    knots = np.array([0.0, 1.0, 2.0, 3.0])
    program = ad.record(lambda x: np.interp(x, knots, table), 2.5)
    recorded_table = ad.record(lambda fp: np.interp(2.5, knots, fp), table)
    for x in (-1.0, 0.0, 0.3, 1.0, 1.7, 2.0, 2.5, 3.0, 99.0):
        assert program.value(x) == pytest.approx(np.interp(x, knots, table), rel=4e-16)
        assert ad.interp(x, knots, table) == np.interp(x, knots, table)
        assert ad.interp(ad.Dual(x, [1.0]), knots, table).value == program.value(x)
    assert program.gradient(2.5) == table[3] - table[2]
    assert program.gradient(2.0) == pytest.approx((table[3] - table[1]) / 2.0)
    assert recorded_table.gradient(table).tolist() == [0.0, 0.0, 0.5, 0.5]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_masked_arrays_and_matrices_are_refused_where_they_would_be_misread():
    masked = np.ma.array([1.0, 2.0, 3.0, 100.0], mask=[False, False, False, True])
    uses = (
        lambda x: (x * masked).sum(),
        lambda x: np.average(x, weights=masked),
        lambda x: np.concatenate([x, masked]).sum(),
        lambda x: (x * np.matrix(VECTOR)).sum(),
    )
    for use in uses:
        with pytest.raises(AadTypeError, match="cannot be combined with recorded numbers"):
            ad.record(use, VECTOR)
    whole = np.ma.array(VECTOR)
    assert ad.record(lambda x: (x * whole).sum(), VECTOR).value(VECTOR) == (VECTOR * VECTOR).sum()
    assert ad.exp(np.ma.array([1, 2], mask=[True, False])).mask.tolist() == [True, False]


def test_buffers_like_recorded_arrays_keep_their_type():
    f = lambda x: x[np.zeros_like(x, dtype=int) + 1].sum() + np.ones_like(x, dtype=int)[0] * x[2]  # noqa: E731
    assert ad.record(f, VECTOR).value(VECTOR) == f(VECTOR)
