"""The exception family: every message names the argument, shows the offending value and says what to do."""

from __future__ import annotations

from numpy.linalg import LinAlgError

Line = tuple[str, int, str]
"""Where something was recorded: file, line number, function."""


def describe_line(line: Line) -> str:
    """Return a source line the way a traceback names it."""
    return f"{line[0]}:{line[1]} in {line[2]}"


class AadError(Exception):
    """Base of every error this project raises on purpose."""


class AadValueError(AadError, ValueError):
    """An argument has the right type and a value that cannot be used."""


class AadTypeError(AadError, TypeError):
    """An argument or an operation has a type that cannot be differentiated or used."""


class TapeError(AadError, RuntimeError):
    """A tape was used after it was closed, on another thread, beyond its cap, or mixed with another."""


class BranchChanged(AadError, RuntimeError):
    """A replay would take another branch than the recording did; names the source line."""


class NotFinite(AadError, ArithmeticError):
    """A NaN or an infinity appeared in a sweep; names the operation and, when traced, the source line."""


class NotConverged(AadError, RuntimeError):
    """A search for a number, a root say, did not find it; says how far it came and what to change."""


class SingularMatrix(AadValueError, LinAlgError):
    """A matrix is singular, or not positive definite, where its inverse or its factors are wanted."""


class SingularWarning(UserWarning):
    """A derivative is not determined: an infinite partial of an operation in use met a zero. See `aadlib.strict`."""


class DecisionWarning(UserWarning):
    """A result depends on the inputs through comparisons alone, so that its derivative is lost."""
