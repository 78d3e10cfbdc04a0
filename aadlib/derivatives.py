"""The verbs: derivatives of a function of numbers, recorded afresh at every call.

Each takes a function and returns a function. To differentiate many times at one branch, `aadlib.record` once and
replay the `Program`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.program.freeze import freeze
from aadlib.program.parts import Argument
from aadlib.program.program import Program, trace
from aadlib.tape.advar import ADVar
from aadlib.tape.tape import Tape


def _derived(verb: str, carry_out: Callable[..., Any], function: Callable[..., Any], **options: Any) -> Any:
    """Return a verb's function of the arguments; it pickles where `function` does."""
    derived = functools.partial(carry_out, function, **options)
    name = getattr(function, "__name__", "function")
    vars(derived).update(
        __name__=f"{verb}({name})", __qualname__=f"{verb}({name})", __doc__=f"{verb} of {name}"
    )
    return derived


def value_and_grad(
    function: Callable[..., Any], *, passive: Sequence[int] = (), strict: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives the value and the gradient: one recording, one adjoint sweep.

    Parameters
    ----------
    function : callable of floats or arrays that returns a number
    passive : positions of arguments that are not differentiated
    strict : bool, whether derivatives that are not determined are NaN: see `aadlib.strict`

    Returns
    -------
    callable with the arguments of `function`; the gradient has the shape of the argument, a tuple for several

    Raises
    ------
    AadTypeError
        When the result is an array (use `jacobian`) or does not depend on the arguments.
    """

    return cast(
        Callable[..., tuple[Any, Any]],
        _derived("value_and_grad", _both, function, passive_positions=passive, strict=strict),
    )


def _both(
    function: Callable[..., Any], *arguments: Any, passive_positions: Sequence[int], strict: bool
) -> tuple[Any, Any]:
    return trace(function, arguments, passive=passive_positions, strict=strict).value_and_gradient(*arguments)


def grad(
    function: Callable[..., Any], *, passive: Sequence[int] = (), strict: bool = False
) -> Callable[..., Any]:
    """Return the gradient as a function: see `value_and_grad`.

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> ad.grad(lambda x: np.sum(x**2))([1.0, 2.0])
    array([2., 4.])
    """
    return cast(
        Callable[..., Any], _derived("grad", _gradient, function, passive_positions=passive, strict=strict)
    )


def _gradient(
    function: Callable[..., Any], *arguments: Any, passive_positions: Sequence[int], strict: bool
) -> Any:
    return _both(function, *arguments, passive_positions=passive_positions, strict=strict)[1]


def jvp(function: Callable[..., Any], *, strict: bool = False) -> Callable[..., tuple[Any, Any]]:
    """Return a function of (*arguments, direction) that gives the value and its derivative along the direction."""

    return cast(Callable[..., tuple[Any, Any]], _derived("jvp", _along, function, strict=strict))


def _along(function: Callable[..., Any], *arguments: Any, strict: bool) -> tuple[Any, Any]:
    program = trace(function, arguments[:-1], strict=strict)
    return program.value(*arguments[:-1]), program.jvp(*arguments)


def vjp(function: Callable[..., Any], *, strict: bool = False) -> Callable[..., tuple[Any, Any]]:
    """Return a function of (*arguments, output adjoints) that gives the value and the adjoints of the arguments."""

    return cast(Callable[..., tuple[Any, Any]], _derived("vjp", _back, function, strict=strict))


def _back(function: Callable[..., Any], *arguments: Any, strict: bool) -> tuple[Any, Any]:
    program = trace(function, arguments[:-1], strict=strict)
    return program.value(*arguments[:-1]), program.vjp(*arguments)


def hvp(function: Callable[..., Any], *, strict: bool = False) -> Callable[..., Any]:
    """Return a function of (*arguments, direction) that gives the Hessian times the direction.

    Examples
    --------
    >>> import aadlib as ad
    >>> ad.hvp(lambda x: x[0] * x[1] ** 2)([1.0, 3.0], [0.0, 1.0])
    array([6., 2.])
    """

    return cast(Callable[..., Any], _derived("hvp", _curved, function, strict=strict))


def _curved(function: Callable[..., Any], *arguments: Any, strict: bool) -> Any:
    return trace(function, arguments[:-1], strict=strict).hvp(*arguments)


def jacobian(
    function: Callable[..., Any], *, passive: Sequence[int] = (), strict: bool = False
) -> Callable[..., Any]:
    """Return the derivative of every output in every input as a function, shape output + argument."""

    return cast(
        Callable[..., Any], _derived("jacobian", _rows, function, passive_positions=passive, strict=strict)
    )


def _rows(
    function: Callable[..., Any], *arguments: Any, passive_positions: Sequence[int], strict: bool
) -> Any:
    return trace(function, arguments, passive=passive_positions, strict=strict).jacobian(*arguments)


def program_of(tape: Tape, target: ADVar, inputs: Sequence[ADVar]) -> Program:
    """Freeze the part of a tape that leads from `inputs` to `target`, differentiated in `inputs`."""
    if not isinstance(target, ADVar) or not all(isinstance(x, ADVar) for x in inputs):
        raise AadTypeError("target and inputs must be ADVars of the tape")
    arguments = [Argument(shape=(), offset=k, active=True, lane=False) for k in range(len(inputs))]
    return Program(**freeze(tape, inputs=inputs, outputs=[target], arguments=arguments))


def grads_list(tape: Tape, target: ADVar, inputs: Sequence[ADVar]) -> list[float]:
    """Return the derivatives of `target` in each of `inputs`, straight from a tape."""
    program = program_of(tape, target, inputs)
    gradient = program.gradient(*(x.value for x in inputs))
    return [float(g) for g in np.atleast_1d(gradient)]
