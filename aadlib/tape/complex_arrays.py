"""Complex numbers and arrays of them as pairs of recorded parts: what `1j * x` of a recorded x is.

A characteristic function written in NumPy's complex arithmetic records as it stands. The parts are real numbers of
the tape, so a complex value never reaches it, and what is differentiated in the end is a real part, a modulus or a
phase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from aadlib.errors import AadTypeError
from aadlib.rules.complex_pairs import PAIRS, REALS, Pair, carried, minus, plus
from aadlib.tape.arrays import ADArray, array, is_complex, values


class ComplexArray(NDArrayOperatorsMixin):
    """A complex number, or an array of them, whose parts are recorded.

    It comes from arithmetic of recorded numbers with complex ones, from `aadlib.complex_array`, or from an FFT; NumPy's
    functions accept it. Branches (of log, sqrt, powers) are NumPy's: angles in (-pi, pi], cut along the negative axis.

    Attributes
    ----------
    real, imag : the parts, numbers or arrays
    shape, ndim, size : as of an array
    """

    __slots__ = ("_imag", "_real", "shape")
    dtype = np.dtype(np.complex128)

    def __init__(self, real: Any, imag: Any) -> None:
        self._real, self._imag = real, imag
        self.shape: tuple[int, ...] = np.broadcast_shapes(np.shape(real), np.shape(imag))

    @property
    def real(self) -> Any:
        """The real part."""
        return self._full(self._real)

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return self._full(self._imag)

    def _full(self, part: Any) -> Any:
        return part if np.shape(part) == self.shape else np.broadcast_to(part, self.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.prod(self.shape))

    @property
    def T(self) -> ComplexArray:
        """The transpose."""
        return ComplexArray(self.real.T, self.imag.T) if self.ndim else self

    @property
    def flat(self) -> Iterator[Any]:
        """The entries one after another."""
        return iter(self.ravel())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a complex number")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if not self.shape:
            if key == () or key is Ellipsis:
                return self
            raise TypeError("a complex number has no entries")
        return ComplexArray(self.real[key], self.imag[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        real, imag = pair(value)
        parts = []
        for part, entry in ((self._real, real), (self._imag, imag)):
            owned = array(np.array(self._full(part), dtype=object))
            owned[key] = entry
            parts.append(owned)
        self._real, self._imag = parts

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from_ufunc = COMPLEX_UFUNC[0]
        return from_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from_function = COMPLEX_FUNCTION[0]
        return from_function(function, args, kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise AadTypeError(
            "complex recorded numbers cannot stand in a plain array, whose real and imaginary parts would be wrong: "
            "join them with np.stack or np.concatenate, or make the array with aadlib.array"
        )

    def __complex__(self) -> complex:
        raise AadTypeError(
            "complex() of a recorded number would drop its derivatives: collect them in a list and call np.array, or "
            "use "
            "aadlib.complex_array"
        )

    def __float__(self) -> float:
        raise AadTypeError("float() of a complex number: use its .real, its .imag or abs()")

    def __bool__(self) -> bool:
        return bool(self._real != 0.0) or bool(self._imag != 0.0)

    def __hash__(self) -> int:
        return id(self) >> 4

    def __copy__(self) -> ComplexArray:
        return self.copy()

    def __getattr__(self, name: str) -> Any:
        """Return a function of NumPy as a method, as arrays have them: sum, mean, reshape, conj, dot, exp, ..."""
        function = getattr(np, name, None) if name in METHODS else None
        if function is None:
            raise AttributeError(f"'ComplexArray' object has no attribute {name!r}")
        return lambda *args, **kwargs: function(self, *args, **kwargs)

    def reshape(self, *shape: Any) -> ComplexArray:
        """Return the same entries in another shape."""
        return ComplexArray(self.real.reshape(*shape), self.imag.reshape(*shape))

    def copy(self) -> ComplexArray:
        """Return a copy that can be written to."""
        return ComplexArray(np.copy(self.real), np.copy(self.imag)) if self.shape else self

    def flatten(self) -> ComplexArray:
        """Return the entries in one row."""
        return self.reshape(-1)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> ComplexArray:
        """Return the array itself for complex dtypes; nothing else holds it."""
        if np.dtype(dtype).kind not in "cO":
            raise AadTypeError(f"complex numbers cannot become {np.dtype(dtype)}: use .real or .imag")
        return self

    def item(self) -> ComplexArray:
        """Return the only entry."""
        return self.reshape(())

    def __repr__(self) -> str:
        real, imag = self.real, self.imag
        if any(hasattr(x, "partials") for part in (real, imag) for x in np.asarray(part, dtype=object).flat):
            return f"ComplexArray({real!r}, {imag!r})"
        return f"ComplexArray({values(real) + 1j * values(imag)!r})"


COMPLEX_UFUNC: list[Callable[..., Any]] = []
COMPLEX_FUNCTION: list[Callable[..., Any]] = []
"""What carries out NumPy's functions; put here by `aadlib.tape.complex_functions`."""

METHODS = {
    "sum", "mean", "prod", "cumsum", "dot", "ravel", "squeeze", "swapaxes", "transpose", "conj", "take", "repeat",
    "trace", "diagonal", *PAIRS, *REALS,
}  # fmt: skip
"""Functions of NumPy that are methods: those of arrays, and ufuncs, which NumPy calls so for plain object arrays."""


def complex_array(real: Any, imag: Any = 0.0) -> Any:
    """Return complex numbers with the given parts, recorded or not.

    Parameters
    ----------
    real, imag : floats, recorded numbers or arrays that broadcast; or `real` alone, complex or a list of complex
    numbers

    Returns
    -------
    ComplexArray, or a complex number or array where nothing is recorded

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> modulus = lambda x: abs(np.exp(ad.complex_array(x[0], x[1])))
    >>> ad.grad(modulus)([0.0, 2.0]).round(12) + 0.0
    array([1., 0.])
    """
    (a, b), (c, d) = pair(real), pair(imag)
    return joined(minus(a, d), plus(b, c))


def recorded_complex(x: Any) -> ComplexArray:
    """Return complex numbers of any kind as an array that recorded ones can be written into."""
    parts = pair(x)
    shape = np.broadcast_shapes(*map(np.shape, parts))
    real, imag = (array(np.broadcast_to(part, shape)) for part in parts)
    return ComplexArray(real, imag)


def joined(real: Any, imag: Any) -> Any:
    """Return the complex number or array with these parts: NumPy's own where neither is recorded."""
    if carried(real) or carried(imag):
        return ComplexArray(real, imag)
    return np.asarray(real) + 1j * np.asarray(imag)


def pair(x: Any) -> Pair:
    """Return the parts of a number or array of any kind; a real one has the imaginary part 0.0."""
    if isinstance(x, ComplexArray):
        return x._real, x._imag
    if isinstance(x, (list, tuple)):
        parts = [pair(item) for item in x]
        shape = np.broadcast_shapes(*(np.shape(part) for both in parts for part in both))
        real, imag = ([np.broadcast_to(part, shape) for part in one] for one in zip(*parts, strict=True))
        made = array if any(carried(part) for both in parts for part in both) else np.array
        return made(real), made(imag)
    if isinstance(x, np.ndarray) and x.dtype == object and any(is_complex(item) for item in x.flat):
        return tuple(part.reshape(x.shape) for part in pair(x.ravel().tolist()))
    if is_complex(x):
        x = np.asarray(x)
        return x.real[()], x.imag[()]
    return (x.view(ADArray) if isinstance(x, np.ndarray) and x.dtype == object else x), 0.0
