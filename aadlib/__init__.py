"""Record a pricing function once, sweep the tape for its value, gradient and exact Hessian."""

from aadlib.checking import check_grads
from aadlib.derivatives import grad, grads_list, hvp, jacobian, jvp, value_and_grad, vjp
from aadlib.dual import Dual
from aadlib.errors import (
    AadError,
    AadTypeError,
    AadValueError,
    BranchChanged,
    NotFinite,
    TapeError,
)
from aadlib.program.program import Program, record
from aadlib.tape import linear_algebra as linear_algebra
from aadlib.tape.advar import ADVar, Condition
from aadlib.tape.arrays import ADArray, array, zeros
from aadlib.tape.composite import Composite, apply_composite, check_composite
from aadlib.tape.functions import (
    abs,
    absolute,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cbrt,
    ceil,
    clip,
    copysign,
    cos,
    cosh,
    digamma,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    gamma,
    gammaln,
    hypot,
    interp,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    maximum,
    minimum,
    norm_cdf,
    norm_pdf,
    norm_ppf,
    power,
    reciprocal,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    stop_gradient,
    tan,
    tanh,
    value_of,
    where,
)
from aadlib.tape.tape import Tape

softplus_ad = softplus

__version__ = "0.1.0"

__all__ = [
    "ADArray", "ADVar", "AadError", "AadTypeError", "AadValueError", "BranchChanged", "Composite",
    "Condition", "Dual", "NotFinite", "Program", "Tape", "TapeError", "abs", "absolute",
    "apply_composite", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "array",
    "cbrt", "ceil", "check_composite", "check_grads", "clip", "copysign", "cos", "cosh", "digamma", "erf",
    "erfc", "exp", "exp2", "expm1", "floor", "gamma", "gammaln", "grad", "grads_list", "hvp", "hypot",
    "interp", "jacobian", "jvp", "log", "log10", "log1p", "log2", "logaddexp", "maximum", "minimum",
    "norm_cdf", "norm_pdf", "norm_ppf", "power", "reciprocal", "record", "sigmoid", "sign", "sin", "sinh",
    "softplus", "softplus_ad", "sqrt", "square", "stop_gradient", "tan", "tanh", "value_and_grad", "value_of", "vjp",
    "where", "zeros",
]  # fmt: skip
