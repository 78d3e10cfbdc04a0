"""An ADVar among other kinds of numbers, and where it stands in for a float."""

from __future__ import annotations

import decimal
import fractions
import math
import pickle

import numpy as np
import pytest

import aadlib as ad

SCALARS = [
    2, 2.0, True, fractions.Fraction(5, 2), np.float64(2.5), np.float32(2.5), np.float16(2.5), np.longdouble(2.5),
    np.int8(2), np.int64(2), np.uint64(2), np.bool_(True), np.array(2.5), np.array(2),
]  # fmt: skip


@pytest.mark.parametrize("number", SCALARS, ids=lambda number: f"{type(number).__name__}({number})")
@pytest.mark.parametrize(
    ("operation", "slope"),
    [
        (lambda x, c: c + x, lambda x, c: 1.0),
        (lambda x, c: x - c, lambda x, c: 1.0),
        (lambda x, c: c - x, lambda x, c: -1.0),
        (lambda x, c: c * x, lambda x, c: c),
        (lambda x, c: x * c, lambda x, c: c),
        (lambda x, c: x / c, lambda x, c: 1.0 / c),
        (lambda x, c: c / x, lambda x, c: -c / x**2),
        (lambda x, c: x**c, lambda x, c: c * x ** (c - 1.0)),
        (lambda x, c: c**x, lambda x, c: c**x * math.log(c)),
        (lambda x, c: np.maximum(c, x), lambda x, c: 1.0),
    ],
)
def test_every_kind_of_number_is_an_operand(number, operation, slope):
    value, gradient = ad.value_and_grad(lambda x: operation(x, number))(3.0)
    assert value == pytest.approx(operation(3.0, float(number)), rel=1e-15)
    assert gradient == pytest.approx(slope(3.0, float(number)), rel=1e-15)


def test_what_is_no_real_number_is_no_operand():
    for other in (decimal.Decimal(2), 1j, None, "two", [1.0], {}):
        with pytest.raises(TypeError):
            ad.grad(lambda x, other=other: x * other)(3.0)


def test_an_integer_beyond_the_doubles():
    assert ad.grad(lambda x: x * 2**70)(3.0) == 2.0**70
    with pytest.raises(OverflowError):
        ad.grad(lambda x: x * 10**400)(3.0)


@pytest.mark.parametrize("other", [None, "auto", object(), [], ()])
def test_equality_with_what_is_no_number_is_that_of_a_float(other):
    def function(x):
        equal = x == other
        assert not equal
        assert x != other
        assert x not in (other,)
        return x * x

    program = ad.record(function, 3.0)
    assert program.gradient(3.0) == 6.0


@pytest.mark.parametrize("other", [None, "a", object()])
def test_order_with_what_is_no_number_is_a_type_error(other):
    with pytest.raises(TypeError, match="not supported between"):
        ad.record(lambda x: x * (x < other), 3.0)


def test_whole_number_arithmetic():
    program = ad.record(lambda x: [*divmod(x, 3.0), *divmod(26.0, x), 7 % x, 7 // x, x % 2, -x // 2], 14.0)
    for x in (14.0, 26.0, 3.5):
        assert program.value(x).tolist() == [*divmod(x, 3.0), *divmod(26.0, x), 7 % x, 7 // x, x % 2, -x // 2]


@pytest.mark.parametrize(
    "rounding", [math.floor, math.ceil, math.trunc, round, lambda x: round(x, 1), lambda x: round(x, -1)]
)
def test_rounding_is_recorded(rounding):
    program = ad.record(lambda x: rounding(x) * x, 3.25)
    for x in (3.25, -14.75, 26.0):
        assert program.value(x) == rounding(x) * x
        assert program.gradient(x) == rounding(x)


def test_it_looks_like_a_number():
    with ad.Tape() as tape:
        x = tape.input(2.5)
        assert np.isscalar(x) and np.ndim(x) == 0 and np.shape(x) == () and np.size(x) == 1
        assert x.real is x and x.imag == 0.0 and x.conjugate() is x and x.item() is x
        assert f"{x:.1f}" == "2.5" and "2.5" in repr(x)
        assert +x is x


@pytest.mark.parametrize("name", ["expp", "T", "partials", "__len__"])
def test_it_has_no_other_attributes(name):
    with ad.Tape() as tape, pytest.raises(AttributeError, match=name):
        getattr(tape.input(1.0), name)


def test_it_is_immutable():
    with ad.Tape() as tape, pytest.raises(AttributeError):
        tape.input(1.0).value = 2.0


def test_arrays_of_recorded_numbers_refuse_to_shrink():
    for dtype in ("f4", int, "S3"):
        with pytest.raises(ad.AadTypeError, match="value_of"):
            ad.grad(lambda x, dtype=dtype: x.astype(dtype).sum())([1.0, 2.0])


def test_a_float_array_does_not_take_recorded_numbers_in_place():
    def in_place(x):
        total = np.ones(2)
        total += x
        return total.sum()

    try:
        assert ad.grad(in_place)([1.0, 2.0]).tolist() == [1.0, 1.0]
    except ad.AadTypeError as error:
        assert "float array" in str(error)


def test_whole_parts_are_guarded_steps():
    """int() of a recorded number is a plain int; a replay with another one is another branch."""
    program = ad.record(lambda x: x * int(x) + [10.0, 20.0, 30.0, 40.0][int(x)], 2.5)
    assert program.value(2.9) == pytest.approx(2.9 * 2 + 30.0)
    assert program.gradient(2.9) == 2.0
    assert ad.record(lambda x: x * int(x), -2.5).value(-2.1) == pytest.approx(4.2)
    with pytest.raises(ad.BranchChanged, match="was True when recorded"):
        program.value(3.1)


def squares(x):
    return np.sum(x**2)


@pytest.mark.parametrize("verb", [ad.grad, ad.value_and_grad, ad.jacobian])
def test_verbs_of_module_functions_pickle(verb):
    derived = verb(squares, passive=())
    again = pickle.loads(pickle.dumps(derived))
    assert again.__name__ == derived.__name__ == f"{verb.__name__}(squares)"
    assert again.__doc__ == f"{verb.__name__} of squares"
    np.testing.assert_array_equal(np.hstack(again([1.0, 2.0])), np.hstack(derived([1.0, 2.0])))


def test_verbs_with_directions_pickle():
    along = pickle.loads(pickle.dumps(ad.hvp(squares)))
    np.testing.assert_array_equal(along([1.0, 2.0], [1.0, 0.5]), [2.0, 1.0])
    assert pickle.loads(pickle.dumps(ad.jvp(squares)))([1.0, 2.0], [1.0, 0.0]) == (5.0, 2.0)
