"""The functions of `aadlib` under the module that they first stood in; new code takes them from `aadlib`."""

from aadlib.tape import operations as _operations
from aadlib.tape.functions import clip, interp, softplus, value_of, where
from aadlib.tape.operations import *  # noqa: F403 - the rows of the table name them

__all__ = ["clip", "interp", "softplus", "value_of", "where"]
__all__ += _operations.__all__
