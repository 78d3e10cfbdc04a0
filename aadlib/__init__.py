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
    NotConverged,
    NotFinite,
    SingularMatrix,
    SingularWarning,
    TapeError,
)
from aadlib.implicit.equations import fixed_point, root
from aadlib.program.program import Program, record
from aadlib.singular.report import strict
from aadlib.tape import complex_functions as complex_functions
from aadlib.tape import decompositions as decompositions
from aadlib.tape import fourier as fourier
from aadlib.tape import linear_algebra as linear_algebra
from aadlib.tape import matrix_norms as matrix_norms
from aadlib.tape import missing_values as missing_values
from aadlib.tape import operations as _operations
from aadlib.tape.advar import ADVar, Condition
from aadlib.tape.arrays import ADArray, array, zeros
from aadlib.tape.complex_arrays import ComplexArray, complex_array
from aadlib.tape.composite import Composite, Passive, apply_composite, check_composite
from aadlib.tape.functions import clip, interp, softplus, value_of, where
from aadlib.tape.operations import *  # noqa: F403 - the rows of the table name them
from aadlib.tape.tape import Tape

softplus_ad = softplus

__version__ = "0.1.0"

__all__ = [
    "ADArray", "ADVar", "AadError", "AadTypeError", "AadValueError", "BranchChanged", "ComplexArray", "Composite",
    "Condition", "DecisionWarning", "Dual", "NotConverged", "NotFinite", "Passive", "Program", "SingularMatrix",
    "SingularWarning", "Tape", "TapeError", "apply_composite", "array", "check_composite", "check_grads", "clip",
    "complex_array", "fixed_point", "grad", "grads_list", "hvp", "interp", "jacobian", "jvp", "record", "root",
    "softplus", "softplus_ad", "strict", "value_and_grad", "value_of", "vjp", "where", "zeros",
]  # fmt: skip
__all__ += _operations.__all__
