"""What may be recorded: arguments, results, and the message each wrong one gets."""

from __future__ import annotations

import inspect
import math
import re

import numpy as np
import pytest

import aadlib as ad
from aadlib import AadTypeError, AadValueError, NotFinite


def square(x):
    return np.sum(x * x)


# ---- arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [2.0, 2, np.float32(2.0), np.int64(2), np.array(2.0), True])
def test_numbers_of_any_kind_are_inputs(given):
    assert ad.value_and_grad(lambda x: x**3)(given) == (float(given) ** 3, 3.0 * float(given) ** 2)


@pytest.mark.parametrize(
    "given", [[1.0, 2.0], (1, 2), np.array([1, 2]), np.array([1.0, 2.0], dtype=np.float32)]
)
def test_sequences_are_arrays(given):
    assert ad.grad(square)(given).tolist() == [2.0, 4.0]


def test_arrays_keep_their_shape_and_order():
    matrix = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    weights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    gradient = ad.grad(lambda m: np.sum(weights * m**2))(matrix)
    assert gradient.shape == (2, 3)
    assert gradient.tolist() == (2.0 * weights * matrix).tolist()
    assert ad.grad(lambda m: np.sum(weights * m**2))(matrix.T.T[::1]).tolist() == gradient.tolist()


def test_several_arguments_give_a_tuple():
    gradient = ad.grad(lambda a, b, c: a * np.sum(b) * c[0, 0])(2.0, [1.0, 2.0], [[5.0]])
    assert gradient[0] == 15.0
    assert gradient[1].tolist() == [10.0, 10.0]
    assert gradient[2].tolist() == [[6.0]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_inputs_must_be_finite(bad):
    with pytest.raises(AadValueError, match=rf"argument 0\[1\] = {bad!r}: inputs must be finite"):
        ad.record(square, [1.0, bad])
    with pytest.raises(AadValueError, match=rf"argument 0 = {bad!r}: inputs must be finite"):
        ad.record(square, bad)
    program = ad.record(square, [[1.0, 2.0]])
    for verb in (program.value, program.gradient, program.hessian, program.derivatives, program.jacobian):
        for given in ([[1.0, bad]], np.array([[1.0, bad]])):
            with pytest.raises(AadValueError, match=r"argument 0.*at \(0, 1\).*inputs must be finite"):
                verb(given)


@pytest.mark.parametrize("given", ["1.0", None, [1.0, "two"], [[1.0], [1.0, 2.0]], {"x": 1.0}, 1j, object()])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(AadTypeError, match="argument 0"):
        ad.record(square, given)
    program = ad.record(square, [1.0, 2.0])
    with pytest.raises((AadTypeError, AadValueError), match="argument 0"):
        program.value(given)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 2)])
def test_wrong_shapes_are_named(shape):
    program = ad.record(square, [1.0, 2.0])
    with pytest.raises(
        AadValueError, match=rf"argument 0 has shape {re.escape(str(shape))}.*recorded for \(2,\)"
    ):
        program.value(np.ones(shape))


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 2)])
def test_directions_and_adjoints_of_wrong_shape_are_named(shape):
    program = ad.record(lambda x: x * x, [1.0, 2.0])
    with pytest.raises(AadValueError, match="direction has shape"):
        program.jvp([1.0, 2.0], np.ones(shape))
    with pytest.raises(AadValueError, match="adjoints have shape"):
        program.vjp([1.0, 2.0], np.ones(shape))


def test_wrong_counts_are_named():
    program = ad.record(lambda x, y: x * y, 1.0, 2.0)
    for arguments in ((), (1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(AadTypeError, match=f"recorded with 2 arguments, got {len(arguments)}"):
            program.value(*arguments)
    with pytest.raises(AadTypeError, match="one array per active argument"):
        program.jvp(1.0, 2.0, (1.0,))
    with pytest.raises(AadTypeError, match="at least one argument"):
        ad.record(square)
    with pytest.raises(AadTypeError, match="is not a function"):
        ad.record(3.0, 1.0)


def test_no_elements_at_all():
    with pytest.raises(AadTypeError, match="does not depend on its arguments"):
        ad.record(lambda x: np.sum(x**2), np.zeros(0))
    program = ad.record(lambda x, y: np.sum(x**2) + y, np.zeros(0), 3.0)
    gradient = program.gradient(np.zeros(0), 2.0)
    assert gradient[0].shape == (0,) and gradient[1] == 1.0


def test_an_empty_reduction_is_named():
    with pytest.raises(ValueError, match="empty"):
        ad.record(lambda x: np.max(x[:0]), [1.0, 2.0])


def test_many_inputs():
    x = np.linspace(0.0, 1.0, 20_000)
    program = ad.record(square, x)
    assert program.value(x) == pytest.approx(float(np.sum(x * x)), rel=1e-12)
    assert np.array_equal(program.gradient(x), 2.0 * x)


def test_inputs_are_copied():
    x = np.array([1.0, 2.0])
    program = ad.record(square, x)
    gradient = program.gradient(x)
    x[:] = 100.0
    assert gradient.tolist() == [2.0, 4.0]
    assert program.value([1.0, 2.0]) == 5.0
    again = program.gradient([3.0, 4.0])
    assert gradient.tolist() == [2.0, 4.0] and again.tolist() == [6.0, 8.0]


# ---- results -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["price", None, object(), {"price": 1.0}, 1j, [1.0, "two"], lambda: 1.0])
def test_a_result_that_is_no_number_is_refused(result):
    with pytest.raises(AadTypeError, match=r"the function returned.*must return a number or an array"):
        ad.record(lambda x: result, 1.0)


@pytest.mark.parametrize("result", [3.0, [1.0, 2.0], np.zeros(3), 7])
def test_a_result_that_does_not_depend_on_the_inputs_is_refused(result):
    with pytest.raises(AadTypeError, match=r"does not depend on its arguments.*float\(\), math"):
        ad.record(lambda x: result, 1.0)


def test_dropping_the_derivatives_by_hand_is_refused():
    with pytest.raises(AadTypeError, match="does not depend"):
        ad.record(lambda x: ad.value_of(x) ** 2, 1.0)


@pytest.mark.parametrize("verb", ["gradient", "value_and_gradient", "hessian"])
def test_an_array_where_a_number_is_needed(verb):
    program = ad.record(lambda x: x**2, [1.0, 2.0])
    with pytest.raises(
        AadTypeError, match=r"needs a scalar result, this program returns shape \(2,\): use jacobian"
    ):
        getattr(program, verb)([1.0, 2.0])
    with pytest.raises(AadTypeError, match="hvp needs a scalar"):
        program.hvp([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(AadTypeError, match="use jacobian"):
        ad.grad(lambda x: x**2)([1.0, 2.0])


def test_an_array_of_one_element_is_an_array():
    program = ad.record(lambda x: x[:1] ** 2, [3.0, 2.0])
    assert program.value([3.0, 2.0]).tolist() == [9.0]
    with pytest.raises(AadTypeError, match=r"shape \(1,\)"):
        program.gradient([3.0, 2.0])
    assert program.jacobian([3.0, 2.0]).tolist() == [[6.0, 0.0]]


@pytest.mark.parametrize("box", [tuple, list, np.array, ad.array])
def test_several_results(box):
    program = ad.record(lambda x: box([x[0] * x[1], x[1], 5.0, x[0] + 0.0]), [2.0, 3.0])
    assert program.value([4.0, 5.0]).tolist() == [20.0, 5.0, 5.0, 4.0]
    assert program.jacobian([4.0, 5.0]).tolist() == [[5.0, 4.0], [0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    assert program.vjp([4.0, 5.0], [1.0, 2.0, 3.0, 4.0]).tolist() == [9.0, 6.0]
    assert program.jvp([4.0, 5.0], [1.0, -1.0]).tolist() == [1.0, -1.0, 0.0, 1.0]


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(3, 40), (40, 3), (9, 17), (1, 1), (8, 2)])
def test_jacobians_tall_and_wide(n_inputs, n_outputs, rng):
    matrix = rng.normal(size=(n_outputs, n_inputs))
    x = rng.normal(size=n_inputs)
    program = ad.record(lambda x: np.sin(matrix @ x), x)
    expected = np.cos(matrix @ x)[:, None] * matrix
    np.testing.assert_allclose(program.jacobian(x), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(ad.jacobian(lambda x: np.sin(matrix @ x))(x), expected, rtol=1e-12, atol=1e-13)


def test_jacobian_of_a_matrix_in_two_arguments():
    program = ad.record(lambda a, b: np.outer(a, a) * b, [1.0, 2.0], 3.0)
    in_a, in_b = program.jacobian([1.0, 2.0], 3.0)
    assert in_a.shape == (2, 2, 2) and in_b.shape == (2, 2)
    assert in_b.tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert in_a[0, 1].tolist() == [6.0, 3.0]


def test_inputs_as_results():
    program = ad.record(lambda x: x, [2.0, 3.0])
    assert program.n_nodes == 0
    assert program.value([4.0, 5.0]).tolist() == [4.0, 5.0]
    assert program.jacobian([4.0, 5.0]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    single = ad.record(lambda x: x[1], [2.0, 3.0])
    assert single.value_and_gradient([4.0, 5.0])[0] == 5.0
    assert single.gradient([4.0, 5.0]).tolist() == [0.0, 1.0]
    assert single.hessian([4.0, 5.0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert single.hvp([4.0, 5.0], [1.0, 1.0]).tolist() == [0.0, 0.0]
    assert single.jvp([4.0, 5.0], [1.0, 7.0]) == 7.0


def test_a_condition_as_result():
    program = ad.record(lambda x: x > 1.0, 2.0)
    assert [program.value(x) for x in (0.5, 1.5)] == [0.0, 1.0]
    assert program.gradient(1.5) == 0.0


def test_a_result_used_twice():
    program = ad.record(lambda x: [x * x] * 3, 2.0)
    assert program.value(3.0).tolist() == [9.0] * 3
    assert program.vjp(3.0, [1.0, 1.0, 1.0]) == 18.0


# ---- passive arguments ---------------------------------------------------------------------------------------------


def test_passive_arguments_are_inputs_that_are_not_differentiated():
    program = ad.record(lambda x, k: np.sum(np.maximum(x * k, 1.0) * k), [1.0, 2.0], [2.0, 3.0], passive=(1,))
    assert program.n_inputs == 4 and program.n_active == 2
    assert program.value([1.0, 2.0], [5.0, 6.0]) == 25.0 + 72.0
    assert program.gradient([1.0, 2.0], [5.0, 6.0]).tolist() == [25.0, 36.0]
    assert program.hessian([1.0, 2.0], [5.0, 6.0]).shape == (2, 2)
    assert program.jvp([1.0, 2.0], [5.0, 6.0], [1.0, 0.0]) == 25.0
    assert program.hvp([1.0, 2.0], [5.0, 6.0], [1.0, 0.0]).tolist() == [0.0, 0.0]
    assert ad.grad(lambda x, k: x * k, passive=(1,))(2.0, 3.0) == 3.0
    assert ad.jacobian(lambda k, x: [x * k, x], passive=(0,))(2.0, 3.0).tolist() == [2.0, 1.0]


def test_passive_in_the_middle():
    program = ad.record(lambda a, b, c: a * b * c, 2.0, 3.0, 4.0, passive=(1,))
    assert program.gradient(2.0, 3.0, 4.0) == (12.0, 6.0)
    assert program.hessian(2.0, 3.0, 4.0).tolist() == [[0.0, 3.0], [3.0, 0.0]]
    assert program.hvp(2.0, 3.0, 4.0, (1.0, 0.0)) == (0.0, 3.0)


@pytest.mark.parametrize("passive", [(0, 1), (2,), (-1,)])
def test_passive_positions_that_make_no_sense(passive):
    with pytest.raises(AadValueError, match="passive ="):
        ad.record(lambda a, b: a * b, 2.0, 3.0, passive=passive)


def test_a_single_position_needs_no_tuple():
    assert ad.record(lambda a, b: a * b, 2.0, 3.0, passive=1).gradient(2.0, 3.0) == 3.0


# ---- NaN, with the line that made it -------------------------------------------------------------------------------


def makes_a_nan(x):
    y = x[0] - 5.0
    z = np.log(y) * x[1]
    return z + x[0]


def test_the_line_that_made_a_nan_is_named():
    program = ad.record(makes_a_nan, [6.0, 1.0], trace_lines=True)
    assert program.value([7.0, 1.0]) == math.log(2.0) + 7.0
    with pytest.raises(NotFinite) as caught:
        program.value([2.0, 1.0])
    line = inspect.getsourcelines(makes_a_nan)[1] + 2
    assert f"log(-3) at {__file__}:{line} in makes_a_nan made a NaN" in str(caught.value)
    assert "finite where x > 0.0" in str(caught.value)
    assert issubclass(NotFinite, ArithmeticError)


def test_without_trace_lines_a_nan_is_a_value():
    assert math.isnan(ad.record(makes_a_nan, [6.0, 1.0]).value([2.0, 1.0]))


def test_a_nan_that_reaches_no_result_is_no_error():
    program = ad.record(lambda x: np.where(x > 5.0, np.log(x - 5.0), x), 6.0, trace_lines=True)
    assert program.value(2.0) == 2.0


def test_a_nan_elsewhere_does_not_take_the_blame():
    program = ad.record(
        lambda x: np.where(x[0] > 5.0, np.log(x[0] - 5.0), 0.0) + np.arcsin(x[1]),
        [6.0, 0.5],
        trace_lines=True,
    )
    with pytest.raises(NotFinite, match=r"arcsin\(2\)"):
        program.value([2.0, 2.0])


def test_a_nan_among_the_constants_is_no_operation():
    program = ad.record(lambda x: np.where(x > 5.0, x * math.nan, x), 4.0, trace_lines=True)
    with pytest.raises(NotFinite, match=r"multiply\(nan, 6\) at .* made a NaN"):
        program.value(6.0)
    alone = ad.record(lambda x: np.array([x, math.nan], dtype=object), 4.0, trace_lines=True)
    np.testing.assert_array_equal(alone.value(6.0), [6.0, math.nan])


# ---- kinks ---------------------------------------------------------------------------------------------------------


def kinked(x):
    y = np.maximum(x[0], 1.0)
    return y + abs(x[1]) + np.exp(x[0])


def test_kinks_carry_their_source_lines():
    program = ad.record(kinked, [2.0, 3.0])
    first = inspect.getsourcelines(kinked)[1]
    found = [(kink.operation, kink.line[1] - first, kink.line[2]) for kink in program.kinks]
    assert found == [("maximum", 1, "kinked"), ("absolute", 2, "kinked")]
    assert all(kink.line[0] == __file__ for kink in program.kinks)


def test_kinks_of_passive_inputs_and_of_unused_results_do_not_count():
    program = ad.record(lambda x, k: x * abs(k), 2.0, -3.0, passive=(1,))
    assert program.kinks == ()

    def unused(x):
        abs(x)
        return x * x

    assert ad.record(unused, 2.0).kinks == ()


# ---- verbs ---------------------------------------------------------------------------------------------------------


def test_verbs_agree():
    def f(x):
        return np.exp(x[0]) * x[1] ** 2

    x, v = np.array([0.5, 2.0]), np.array([1.0, -1.0])
    gradient, hessian = ad.grad(f)(x), ad.record(f, x).hessian(x)
    assert ad.jvp(f)(x, v) == (f(x), pytest.approx(gradient @ v))
    value, back = ad.vjp(f)(x, 3.0)
    assert value == f(x) and back.tolist() == (3.0 * gradient).tolist()
    np.testing.assert_allclose(ad.hvp(f)(x, v), hessian @ v, rtol=1e-14)
    assert ad.jacobian(f)(x).tolist() == gradient.tolist()
    assert ad.grad(f).__name__ == "grad(f)"


def test_check_grads_finds_a_wrong_derivative():
    ad.check_grads(square, [1.0, 2.0])

    def frozen(x):
        return np.sum(x * x) * ad.value_of(x[0])

    with pytest.raises(AssertionError, match=r"the gradient at \(0,\)"):
        ad.check_grads(frozen, [1.0, 2.0])
