"""Fourier transforms of recorded numbers: NumPy's `fft` functions as one linear composite on the parts.

A transform over any axes is one node with as many operands and results as there are parts, swept by NumPy's own
transform: its adjoint is the transform of the conjugate. Like other composites it does not run over lanes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.tape.complex_arrays import ComplexArray, joined, pair
from aadlib.tape.complex_functions import FUNCTIONS
from aadlib.tape.composite import Composite, apply_composite
from aadlib.tape.implementations import implements
from aadlib.types import Floats


class FourierTransform(Composite):
    """The discrete Fourier transform over some axes, from 2 n real numbers to as many: all real parts, then the others.

    Parameters
    ----------
    shape : of the complex array
    axes : those that are transformed
    """

    def __init__(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.shape, self.axes = shape, axes

    def _transformed(self, columns: Floats, *, conjugate: bool) -> Floats:
        """Transform columns (2 n, d), or conjugate, transform and conjugate them, which is the transpose."""
        half, sign = len(columns) // 2, -1.0 if conjugate else 1.0
        z = (columns[:half] + 1j * sign * columns[half:]).reshape(*self.shape, -1)
        w = np.fft.fftn(z, axes=self.axes).reshape(half, -1)
        return np.concatenate([w.real, sign * w.imag])

    def forward(self, operands: Floats) -> tuple[Floats, Any]:
        """Return the transform; there is nothing to remember."""
        return self._transformed(operands[:, None], conjugate=False)[:, 0], None

    def tangents(self, state: Any, directions: Floats) -> Floats:
        """Return the transforms of the directions."""
        return self._transformed(directions, conjugate=False)

    def adjoint(self, state: Any, seeds: Floats) -> Floats:
        """Return the transposed transform of the seeds."""
        return self._transformed(seeds[:, None], conjugate=True)[:, 0]

    def adjoints(self, state: Any, seeds: Floats) -> Floats:
        """Return that of many at once."""
        return self._transformed(seeds, conjugate=True)

    def second_order(self, state: Any, seeds: Floats, tangents: Floats) -> Floats:
        """Return zeros: it is linear."""
        return np.zeros(tangents.shape)

    def curvature(self, state: Any, seeds: Floats, tangents: Floats) -> Floats:
        """Return zeros."""
        return np.zeros((tangents.shape[1], tangents.shape[1]))


def transform(z: Any, axes: tuple[int, ...]) -> Any:
    """Return the unscaled forward transform of a complex array over some axes."""
    real, imag = (np.broadcast_to(part, np.shape(z)) for part in pair(z))
    operands = np.concatenate([np.ravel(np.asarray(part, dtype=object)) for part in (real, imag)])
    results = apply_composite(FourierTransform(np.shape(z), axes), operands)
    half = len(results) // 2
    return joined(results[:half].reshape(np.shape(z)), results[half:].reshape(np.shape(z)))


def _resized(z: Any, n: int, axis: int) -> Any:
    """Cut an axis to length n, or pad it with zeros."""
    length = z.shape[axis]
    if n < length:
        return np.take(z, range(n), axis=axis)
    if n == length:
        return z
    widths = [(0, n - length if k == axis else 0) for k in range(z.ndim)]
    return np.pad(z, widths)


def _scale(norm: str | None, count: int, *, inverse: bool) -> float:
    norms = {None: 1.0 if not inverse else 1.0 / count, "backward": 1.0 if not inverse else 1.0 / count}
    norms |= {"ortho": count**-0.5, "forward": 1.0 / count if not inverse else 1.0}
    if norm not in norms:
        raise ValueError(f'norm = {norm!r}: choose "backward", "ortho" or "forward"')
    return norms[norm]


def _over_axes(
    a: Any, s: Sequence[int] | None, axes: Sequence[int] | None, norm: str | None, *, inverse: bool
) -> Any:
    z = ComplexArray(*pair(a))
    if axes is None:
        axes = range(z.ndim) if s is None else range(z.ndim - len(s), z.ndim)
    chosen = tuple(axis % z.ndim for axis in axes)
    for n, axis in zip(s if s is not None else [z.shape[axis] for axis in chosen], chosen, strict=True):
        z = _resized(z, n, axis)
    scale = _scale(norm, int(np.prod([z.shape[axis] for axis in chosen])), inverse=inverse)
    result = np.conjugate(transform(np.conjugate(z), chosen)) if inverse else transform(z, chosen)
    return result if scale == 1.0 else result * scale


def _along_one(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, *, inverse: bool
) -> Any:
    return _over_axes(a, None if n is None else [n], [axis], norm, inverse=inverse)


def _over_many(
    a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: Any = None, *, inverse: bool
) -> Any:
    return _over_axes(a, s, axes, norm, inverse=inverse)


def _over_two(
    a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: Any = None, *, inverse: bool
) -> Any:
    return _over_axes(a, s, axes, norm, inverse=inverse)


def _of_real(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """Return the half of the transform that the other half repeats."""
    whole = _along_one(a, n, axis, norm, inverse=False)
    return np.take(whole, range(whole.shape[axis] // 2 + 1), axis=axis)


def _to_real(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """Return the inverse of `_of_real`: the half that is given stands for its mirror image too."""
    z = ComplexArray(*pair(a))
    n = 2 * (z.shape[axis] - 1) if n is None else n
    half = _resized(z, n // 2 + 1, axis % z.ndim)
    mirrored = np.conjugate(np.take(half, range((n - 1) // 2, 0, -1), axis=axis))
    first = np.take(half, [0], axis=axis).real + 0j
    rest = np.take(half, range(1, n // 2 + 1), axis=axis)
    if n % 2 == 0:
        middle = np.take(half, [n // 2], axis=axis).real + 0j
        rest = np.concatenate([np.take(half, range(1, n // 2), axis=axis), middle], axis=axis)
    return _along_one(np.concatenate([first, rest, mirrored], axis=axis), None, axis, norm, inverse=True).real


def _registered(function: Any, implementation: Callable[..., Any]) -> None:
    implements(function)(implementation)
    FUNCTIONS[function] = implementation


for _inverse, _one, _two, _many in (
    (False, np.fft.fft, np.fft.fft2, np.fft.fftn),
    (True, np.fft.ifft, np.fft.ifft2, np.fft.ifftn),
):
    _registered(_one, functools.partial(_along_one, inverse=_inverse))
    _registered(_two, functools.partial(_over_two, inverse=_inverse))
    _registered(_many, functools.partial(_over_many, inverse=_inverse))
_registered(np.fft.rfft, _of_real)
_registered(np.fft.irfft, _to_real)
for _name in ("fftshift", "ifftshift"):
    implements(getattr(np.fft, _name))(getattr(np.fft, _name)._implementation)
