"""Record a pricing function once, sweep the tape for its value, gradient and exact Hessian."""

from aadlib.checking import check_grads
from aadlib.derivatives import grad, grads_list, hvp, jacobian, jvp, value_and_grad, vjp
from aadlib.dual import Dual
from aadlib.errors import (
    AadError,
    AadTypeError,
    AadValueError,
    BranchChanged,
    DecisionWarning,
    NotFinite,
    SingularWarning,
    TapeError,
)
from aadlib.program.program import Program, record
from aadlib.singular.report import strict
from aadlib.tape import linear_algebra as linear_algebra
from aadlib.tape import operations as _operations
from aadlib.tape.advar import ADVar, Condition
from aadlib.tape.arrays import ADArray, array, zeros
from aadlib.tape.composite import Composite, apply_composite, check_composite
from aadlib.tape.functions import clip, interp, softplus, value_of, where
from aadlib.tape.operations import *  # noqa: F403 - the rows of the table name them
from aadlib.tape.tape import Tape

softplus_ad = softplus

__version__ = "0.1.0"

__all__ = [
    "ADArray", "ADVar", "AadError", "AadTypeError", "AadValueError", "BranchChanged", "Composite",
    "Condition", "DecisionWarning", "Dual", "NotFinite", "Program", "SingularWarning",
    "Tape", "TapeError", "apply_composite", "array",
    "check_composite", "check_grads", "clip", "grad", "grads_list", "hvp", "interp", "jacobian", "jvp",
    "record", "softplus", "softplus_ad", "strict", "value_and_grad", "value_of", "vjp", "where", "zeros",
]  # fmt: skip
__all__ += _operations.__all__
