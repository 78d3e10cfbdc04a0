"""The functions a pricer calls: one name for floats, float arrays, `ADVar`s, `ADArray`s and `Dual`s.

Floats and float arrays go to NumPy and SciPy; recorded numbers go to the tape; duals to their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.rules.numpy_names import plain_function
from aadlib.rules.table import CODES, RULES
from aadlib.tape.advar import ADVar, Condition, record_binary, record_unary
from aadlib.tape.arrays import ADArray, _result, _vectorized, is_recorded, values
from aadlib.tape.numpy_functions import clip as _clip_recorded
from aadlib.tape.numpy_functions import interp
from aadlib.tape.numpy_functions import where as _where_recorded
from aadlib.validation import require_positive

_RECORDED = (ADVar, Condition)


def apply(name: str, *arguments: Any) -> Any:
    """Apply operation `name` of the rule table to numbers of any kind."""
    for x in arguments:
        if isinstance(x, _RECORDED):
            if any(isinstance(other, np.ndarray) for other in arguments):
                break
            if len(arguments) == 2:
                return record_binary(CODES[name], *arguments)
            return record_unary(CODES[name], x if isinstance(x, ADVar) else x + 0.0)
        if hasattr(x, "partials"):
            return x.chain_rule(RULES[CODES[name]], *arguments)
    if any(is_recorded(x) for x in arguments):
        vectorized = _vectorized(name)
        assert vectorized is not None
        plain = (x.view(np.ndarray) if isinstance(x, ADArray) else x for x in arguments)
        return _result(vectorized(*plain))
    return plain_function(name)(*arguments)


def _domain(name: str) -> str:
    domain = RULES[CODES[name]].domain
    return f" Finite where {domain}." if domain else ""


def _unary(name: str, formula: str) -> Callable[[Any], Any]:
    code = CODES[name]

    def function(x: Any) -> Any:
        if type(x) is ADVar:
            return record_unary(code, x)
        return apply(name, x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {formula}, elementwise.{_domain(name)}"
    return function


def _binary(name: str, formula: str) -> Callable[[Any, Any], Any]:
    def function(x: Any, y: Any) -> Any:
        return apply(name, x, y)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {formula}, elementwise.{_domain(name)}"
    return function


exp = _unary("exp", "e to the x")
exp2 = _unary("exp2", "2 to the x")
expm1 = _unary("expm1", "e to the x, less 1, without cancellation")
log = _unary("log", "the natural logarithm")
log1p = _unary("log1p", "log(1 + x) without cancellation")
log2 = _unary("log2", "the logarithm to base 2")
log10 = _unary("log10", "the logarithm to base 10")
sqrt = _unary("sqrt", "the square root; its derivatives at 0 are infinite")
cbrt = _unary("cbrt", "the real cube root; its derivatives at 0 are infinite")
square = _unary("square", "x squared")
reciprocal = _unary("reciprocal", "1 / x")
sin = _unary("sin", "the sine")
cos = _unary("cos", "the cosine")
tan = _unary("tan", "the tangent")
arcsin = _unary("arcsin", "the inverse sine")
arccos = _unary("arccos", "the inverse cosine")
arctan = _unary("arctan", "the inverse tangent")
sinh = _unary("sinh", "the hyperbolic sine")
cosh = _unary("cosh", "the hyperbolic cosine")
tanh = _unary("tanh", "the hyperbolic tangent")
arcsinh = _unary("arcsinh", "the inverse hyperbolic sine")
arccosh = _unary("arccosh", "the inverse hyperbolic cosine")
arctanh = _unary("arctanh", "the inverse hyperbolic tangent")
norm_cdf = _unary("norm_cdf", "the standard normal distribution function")
norm_pdf = _unary("norm_pdf", "the standard normal density")
norm_ppf = _unary("norm_ppf", "the standard normal quantile")
erf = _unary("erf", "the error function")
erfc = _unary("erfc", "1 - erf(x) without cancellation")
gamma = _unary("gamma", "the gamma function")
gammaln = _unary("gammaln", "log |gamma(x)|")
digamma = _unary("digamma", "the logarithmic derivative of the gamma function")
sigmoid = _unary("sigmoid", "1 / (1 + exp(-x))")
absolute = _unary("absolute", "|x|; a kink with derivative 0 at 0")
sign = _unary("sign", "-1, 0 or 1; a step")
floor = _unary("floor", "the largest integer not above x; a step")
ceil = _unary("ceil", "the smallest integer not below x; a step")
stop_gradient = _unary("stop_gradient", "x as it is, with derivative zero")
arctan2 = _binary("arctan2", "the angle of the point (y, x)")
hypot = _binary("hypot", "sqrt(x**2 + y**2)")
logaddexp = _binary("logaddexp", "log(exp(x) + exp(y)) without overflow")
maximum = _binary("maximum", "the larger one; at a tie the derivative is shared half and half")
minimum = _binary("minimum", "the smaller one; at a tie the derivative is shared half and half")
copysign = _binary("copysign", "|x| with the sign of y")
power = _binary("power", "x to the y; 0**0 is 1")
abs = absolute


def softplus(x: Any, sharpness: Any = 1.0) -> Any:
    """Return log(1 + exp(sharpness x)) / sharpness: `maximum(x, 0)` with a rounded corner, overflow-safe.

    Parameters
    ----------
    x : number or array
    sharpness : float, default 1.0, > 0
        Curvature at 0 is sharpness / 4; the value there exceeds the corner's by log(2) / sharpness.
    """
    require_positive("sharpness", sharpness)
    if not (is_recorded(x) or hasattr(x, "partials")):
        x = np.asarray(x, dtype=np.float64)[()]
    if isinstance(sharpness, (int, float)) and sharpness == 1.0:
        return apply("softplus", x)
    return apply("softplus", x * sharpness) / sharpness


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where the condition holds, else y.

    Nothing of the branch that was not taken enters a derivative, not even a NaN. A condition made from recorded
    numbers is recorded: a replay chooses afresh.
    """
    if hasattr(x, "partials") or hasattr(y, "partials"):
        return x if condition else y
    if any(is_recorded(v) for v in (condition, x, y)):
        return _where_recorded(condition, x, y)
    return np.where(condition, x, y)


def clip(x: Any, low: Any, high: Any) -> Any:
    """Limit x to [low, high]; a kink at each end."""
    if hasattr(x, "partials"):
        return minimum(maximum(x, low), high)
    if any(is_recorded(v) for v in (x, low, high)):
        return _clip_recorded(x, low, high)
    return np.clip(x, low, high)


def value_of(x: Any) -> float | npt.NDArray[np.float64]:
    """Strip a number or an array of any kind to plain floats; nothing of it is recorded or differentiated."""
    while hasattr(x, "partials"):
        x = x.value
    stripped: float | npt.NDArray[np.float64] = values(x)
    return stripped


__all__ = [
    "abs", "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "ceil", "clip",
    "copysign", "cos", "cosh", "digamma", "erf", "erfc", "exp", "exp2", "expm1", "floor", "gamma", "gammaln",
    "hypot", "interp", "log", "log10", "log1p", "log2", "logaddexp", "maximum", "minimum", "norm_cdf",
    "norm_pdf", "norm_ppf", "power", "reciprocal", "sigmoid", "sign", "sin", "sinh", "softplus", "sqrt", "square",
    "stop_gradient", "tan", "tanh", "value_of", "where",
]  # fmt: skip
